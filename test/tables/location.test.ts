import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseConfig } from '../../src/config/load.ts';
import { openPlaces, parseLocation, urlOf } from '../../src/tables/location.ts';
import { faultyServer, type Seen, succeed } from '../store/faulty-server.ts';
import { tempFolder } from '../support/temp.ts';

for (const [text, expected] of [
  ['s3://bucket/a/b.parquet', { bucket: 'bucket', path: 'a/b.parquet', isFolder: false }],
  ['s3a://bucket/a', { bucket: 'bucket', path: 'a', isFolder: false }],
  ['s3://bucket/a/', { bucket: 'bucket', path: 'a', isFolder: true }],
  ['s3://bucket', { bucket: 'bucket', path: '', isFolder: true }],
  ['s3://bucket/', { bucket: 'bucket', path: '', isFolder: true }],
  ['s3://bucket/with space/%20/ü?x#y', { bucket: 'bucket', path: 'with space/%20/ü?x#y', isFolder: false }],
  ['/tmp/x/../a.csv', { bucket: undefined, path: '/tmp/a.csv', isFolder: false }],
  ['file:///tmp/a%20b.csv', { bucket: undefined, path: '/tmp/a b.csv', isFolder: false }],
  ['/tmp/folder/', { bucket: undefined, path: '/tmp/folder', isFolder: true }],
] as const) {
  test(`${text} is a location`, () => assert.deepEqual(parseLocation(text), expected));
}

for (const [text, message] of [
  ['', /is empty/],
  ['https://bucket.s3.amazonaws.com/key', /begins with https:/],
  ['s3:///key', /names no bucket/],
] as const) {
  test(`${JSON.stringify(text)} is no location`, () => {
    assert.throws(() => parseLocation(text), { code: 'invalid_argument', message });
  });
}

test('a local path is an object of its folder, and a folder is a store of its own', async (t) => {
  const folder = tempFolder(t);
  const places = openPlaces();
  t.after(() => places.close());
  const place = await places.object(join(folder, 'new/a.txt'));
  await place.store.put(place.key, Buffer.from('text'));
  assert.equal(urlOf(place), join(folder, 'new/a.txt'));
  const { store, key } = await places.folder(join(folder, 'new/'));
  const keys = await Array.fromAsync(store.list(key), (info) => info.key);
  assert.deepEqual([key, keys], ['', ['a.txt']]);
});

test('where an object is expected a folder is refused', async () => {
  await assert.rejects(openPlaces().object('s3://bucket/folder/'), {
    code: 'invalid_argument',
    message: /is a folder/,
  });
});

/** A profile file of this test alone, and no credentials in the environment. */
function profiles(t: TestContext): (text: string) => void {
  const file = join(tempFolder(t), 'credentials');
  const before = { ...process.env };
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, { AWS_SHARED_CREDENTIALS_FILE: file, AWS_CONFIG_FILE: join(file, 'none') });
  t.after(() => {
    process.env = before;
  });
  return (text) => writeFileSync(file, text);
}

const authorization = ({ headers }: Seen) => String(headers.authorization);

test('the credentials and the region of a profile are resolved once, and stay while a command runs', async (t) => {
  const write = profiles(t);
  write('[lake]\naws_access_key_id=FIRST\naws_secret_access_key=s\nregion=eu-central-2\n');
  const { url, seen } = await faultyServer(t, succeed);
  const places = openPlaces({ profile: 'lake', endpoint: url });
  t.after(() => places.close());
  const { store, key } = await places.object('s3://bucket/a/key');
  await store.put(key, Buffer.from('x'));
  write('[lake]\naws_access_key_id=SECOND\naws_secret_access_key=s\nregion=eu-central-2\n');
  const again = await places.object('s3://bucket/another');
  await again.store.put(again.key, Buffer.from('x'));
  assert.equal(seen.length, 2);
  for (const one of seen) assert.match(authorization(one), /Credential=FIRST\/\d+\/eu-central-2\/s3\//);
  assert.match(seen[0]!.url, /^\/bucket\/a\/key/);
});

test('a profile that is not there is named, with what to do', async (t) => {
  profiles(t)('[lake]\naws_access_key_id=FIRST\naws_secret_access_key=s\n');
  await assert.rejects(openPlaces({ profile: 'lak' }).object('s3://bucket/key'), {
    code: 'unauthenticated',
    message: /no credentials for bucket bucket in profile "lak"/,
  });
});

test("for the configuration's bucket its section [s3] holds, without the lake's prefix; other buckets know nothing of it", async (t) => {
  profiles(t)('');
  const { url, seen } = await faultyServer(t, succeed);
  const s3 = `[s3]\nbucket = "mine"\nregion = "eu-west-3"\nprefix = "lake"\nendpoint = "${url}"`;
  const config = parseConfig(
    `${s3}\n[s3.credentials]\naccess_key_id = "OWN"\nsecret_access_key = "s"\n`,
    'test.toml',
    {},
  );
  const places = openPlaces({ config });
  t.after(() => places.close());
  const { store, key } = await places.object('s3://mine/exports/a');
  await store.put(key, Buffer.from('x'));
  assert.match(authorization(seen[0]!), /Credential=OWN\/\d+\/eu-west-3\//);
  assert.match(seen[0]!.url, /^\/mine\/exports\/a/);
  process.env.AWS_EC2_METADATA_DISABLED = 'true';
  await assert.rejects(places.object('s3://other/a'), { code: 'unauthenticated' });
});
