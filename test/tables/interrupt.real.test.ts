/** Ctrl-C in the middle of a command over files leaves nothing half done, in a real S3 server and on this machine. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ObjectStore } from '../../src/store/store.ts';
import { keysOf } from '../store/conformance.ts';
import { openBucket } from '../store/open-bucket.ts';
import { runCli, startCli } from '../support/cli.ts';
import { type Minio, minioBinary, startMinio } from '../support/minio.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

describe('Ctrl-C', { skip: !minioBinary() }, () => {
  let minio: Minio;
  let store: ObjectStore;
  let env: NodeJS.ProcessEnv;
  const folder = tempFolder({ after: (run) => after(run as () => void) });
  const file = (name: string) => join(folder, name);

  before(async () => {
    minio = await startMinio();
    store = await openBucket(minio, 'stops');
    env = {
      ...process.env,
      AWS_ACCESS_KEY_ID: minio.accessKey,
      AWS_SECRET_ACCESS_KEY: minio.secretKey,
      AWS_ENDPOINT_URL_S3: minio.endpoint,
      AWS_REGION: 'us-east-1',
    };
    mkdirSync(file('in'));
    writeFileSync(file('in/small.csv'), 'a,b\n1,x\n');
    // Text that hardly compresses: outputs are large enough to go by parts.
    const rows = Array.from(
      { length: 12 },
      () =>
        randomBytes(4 * 1024 * 1024)
          .toString('hex')
          .match(/.{64}/g)!,
    ).flat();
    writeFileSync(file('in/large.csv'), `a,b\n${rows.map((text, i) => `${i},${text}\n`).join('')}`);
    const made = await runCli(['convert', file('in/large.csv'), '--to', file('lake/')]);
    assert.equal(made.code, 0, made.stderr);
    const manifest = await runCli(['manifest', 'write', `${file('lake')}/`]);
    assert.equal(manifest.code, 0, manifest.stderr);
  });
  after(async () => {
    store?.close();
    await minio?.close();
  });

  async function interrupt(args: readonly string[], isUnderWay: () => boolean | Promise<boolean>): Promise<void> {
    const { process: child, done } = startCli(args, env);
    await until(isUnderWay, () => `${args[0]} is not under way`);
    child.kill('SIGINT');
    const { code, stderr } = await done;
    assert.deepEqual([code, stderr], [1, '']);
  }

  test('a conversion in a bucket leaves what was done before, and is gone on with', async () => {
    const args = ['convert', `${file('in')}/`, '--to', 's3://stops/out/', '--formats', 'parquet,avro', '--json'];
    // One worker: the large file is the first, so small.csv must not have been begun.
    await interrupt([...args, '--max-workers', '1'], async () => (await store.listUploads('out/')).length > 0);
    assert.deepEqual(await store.listUploads('out/'), []);
    assert.deepEqual(await keysOf(store, 'out/'), []);
    const again = await runCli(args, env);
    assert.equal(again.code, 0, again.stderr);
    assert.equal(JSON.parse(again.stdout).totals.converted, 2);
  });

  test('rows of a manifest and of a scan that were to go into a file leave none, and the one before stays', async () => {
    for (const words of [
      ['manifest', 'read', file('lake/manifest.json')],
      ['scan', file('lake')],
    ]) {
      const out = file('rows.ndjson');
      writeFileSync(out, 'before');
      const names = () => readdirSync(folder).filter((name) => name.includes('rows.ndjson'));
      await interrupt([...words, '--format', 'ndjson', '--out', out], () => names().length > 1);
      assert.deepEqual(names(), ['rows.ndjson']);
    }
  });

  test('an import to a local file leaves neither the file nor a folder of it', async () => {
    writeFileSync(
      file('schema.toml'),
      '[[fields]]\nname = "a"\ntype = "int64"\n\n[[fields]]\nname = "b"\ntype = "string"\n',
    );
    const to = file('new/rows.parquet');
    const args = ['import', '--schema', file('schema.toml'), '--to', to, file('in/large.csv')];
    await interrupt(args, () => existsSync(file('new/_lake/tmp')));
    assert.equal(existsSync(file('new')), false);
  });

  test('an upload of a folder in the middle of a file leaves no upload open', async () => {
    writeFileSync(file('in/huge.bin'), Buffer.alloc(300 * 1024 * 1024, 'x'));
    const isUnderWay = async () => (await store.listUploads('up/')).length > 0;
    await interrupt(['upload', file('in/huge.bin'), '--to', 's3://stops/up/'], isUnderWay);
    assert.deepEqual([await store.listUploads('up/'), await keysOf(store, 'up/')], [[], []]);
  });
});
