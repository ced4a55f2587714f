/** Manifests in a real S3 server: files of several writers and generations, and everything that may be wrong with one. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { recordsOf } from '../../../src/records/to-records.ts';
import type { ObjectStore } from '../../../src/store/store.ts';
import type { Connection } from '../../../src/tables/location.ts';
import { type ManifestProgress, readManifest } from '../../../src/tables/manifest/read.ts';
import { writeManifest } from '../../../src/tables/manifest/write.ts';
import { openBucket } from '../../store/open-bucket.ts';
import { runCli } from '../../support/cli.ts';
import { type Minio, minioBinary, startMinio } from '../../support/minio.ts';
import { python } from '../../support/python.ts';
import { tempFolder } from '../../support/temp.ts';

/** Five files of 1000 rows, each in another version, codec and generation. */
const WRITE = `
import pyarrow as pa, pyarrow.parquet as pq, duckdb, sys, decimal
folder, = sys.argv[1:]
def ids(f, type): return pa.array(range(f * 1000, (f + 1) * 1000), type)
def prices(f, digits, scale): return pa.array([decimal.Decimal(i % 100) / 4 for i in range(1000)], pa.decimal128(digits, scale))
pq.write_table(pa.table({'id': ids(0, pa.int32()), 'price': prices(0, 9, 2)}), folder + '/a.parquet', version='1.0', compression='snappy')
pq.write_table(pa.table({'price': prices(1, 12, 2), 'id': ids(1, pa.int32())}), folder + '/b.parquet', version='2.4', compression='gzip')
pq.write_table(pa.table({'id': ids(2, pa.int64()), 'price': prices(2, 20, 4), 'note': ['new'] * 1000}), folder + '/c.parquet', version='2.6', compression='zstd', data_page_version='2.0')
pq.write_table(pa.table({'id': ids(3, pa.int64()), 'price': prices(3, 20, 4), 'note': ['old'] * 1000}), folder + '/d.parquet', compression='brotli', use_dictionary=False)
t = pa.table({'id': ids(4, pa.int64()), 'note': ['duck'] * 1000})
duckdb.sql("SELECT * FROM t").write_parquet(folder + '/e.parquet', compression='lz4')
pq.write_table(pa.table({'id': ['text'] * 3}), folder + '/other.parquet')
`;
const NAMES = ['a', 'b', 'c', 'd', 'e'];

describe('manifests', { skip: !minioBinary() }, () => {
  let minio: Minio;
  let store: ObjectStore;
  let given: Connection;
  const folder = tempFolder({ after: (run) => after(run as () => void) });
  const bodies = new Map<string, Buffer>();

  before(async () => {
    minio = await startMinio();
    await python(WRITE, folder);
    store = await openBucket(minio, 'inventory');
    for (const name of readdirSync(folder)) {
      const body = readFileSync(join(folder, name));
      bodies.set(name, body);
      await store.put(`data/${name}`, body);
    }
    await store.put('data/damaged.parquet', bodies.get('a.parquet')!.subarray(100));
    given = { endpoint: minio.endpoint, region: 'us-east-1' };
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: minio.accessKey, AWS_SECRET_ACCESS_KEY: minio.secretKey });
  });
  after(async () => {
    store?.close();
    await minio?.close();
  });

  const fileOf = (name: string, body = bodies.get(`${name}.parquet`)!, changes = {}) => {
    const md5 = createHash('md5').update(body).digest('hex');
    return { key: `data/${name}.parquet`, size: body.length, MD5checksum: md5, ...changes };
  };

  async function put(files: readonly object[], changes: object = {}): Promise<string> {
    const manifest = { sourceBucket: 's', destinationBucket: 'arn:aws:s3:::inventory', version: '2016-11-30' };
    const text = JSON.stringify({ ...manifest, fileFormat: 'Parquet', fileSchema: '', files, ...changes });
    await store.put('manifest.json', Buffer.from(text));
    return 's3://inventory/manifest.json';
  }

  async function rowsOf(location: string, options: Parameters<typeof readManifest>[1] = {}) {
    const read = await readManifest(location, { ...given, ...options });
    const rows: Record<string, unknown>[] = [];
    for await (const batch of read) rows.push(...recordsOf(batch));
    return { rows, summary: read.summary };
  }

  test('files of every version, codec and generation are one table', async () => {
    const steps: ManifestProgress[] = [];
    const location = await put(NAMES.map((name) => fileOf(name)));
    const { rows, summary } = await rowsOf(location, { onProgress: (step) => steps.push(step) });
    assert.deepEqual(
      summary.columns.map(({ name, type }) => `${name} ${type}`),
      ['id int64', 'price decimal(20,4)', 'note string'],
    );
    assert.equal(rows.length, 5000);
    assert.deepEqual(rows[1003], { id: 1003n, price: '0.7500', note: null });
    assert.deepEqual(rows[4999], { id: 4999n, price: null, note: 'duck' });
    assert.deepEqual([summary.files, summary.filesRead, summary.rows, summary.failures], [5, 5, 5000, []]);
    const last = steps.at(-1)!;
    assert.deepEqual([last.step, last.file, last.files, last.rows], ['reading', 5, 5, 5000]);
    assert.deepEqual(
      steps.filter(({ step }) => step === 'checking').map(({ file }) => file),
      [1, 2, 3, 4, 5],
    );
  });

  test('filter, selection and limit hold, and only what they need is read', async () => {
    const location = await put(
      NAMES.map((name) => fileOf(name)),
      { destinationBucket: 'inventory' },
    );
    const { rows } = await rowsOf(location, { filter: 'price = 0.25 AND id >= 1000', select: ['id'], limit: 3 });
    assert.deepEqual(
      rows.map(({ id }) => id),
      [1001n, 1101n, 1201n],
    );
  });

  test('a file that fails is named and left out, whatever is wrong with it', async () => {
    const location = await put([
      fileOf('a'),
      fileOf('gone', bodies.get('a.parquet')!),
      fileOf('b', bodies.get('b.parquet')!, { size: 7 }),
      fileOf('c', bodies.get('c.parquet')!, { MD5checksum: '0'.repeat(32) }),
      fileOf('damaged', bodies.get('a.parquet')!.subarray(100)),
      fileOf('other'),
      fileOf('e'),
    ]);
    const { rows, summary } = await rowsOf(location);
    assert.equal(rows.length, 2000);
    assert.deepEqual(summary.filesRead, 2);
    const failures = Object.fromEntries(summary.failures.map(({ key, message }) => [key, message]));
    assert.deepEqual(
      Object.keys(failures).sort(),
      ['b', 'c', 'damaged', 'gone', 'other'].map((name) => `data/${name}.parquet`),
    );
    assert.match(failures['data/gone.parquet']!, /there is no object s3:\/\/inventory\/data\/gone\.parquet/);
    assert.match(
      failures['data/b.parquet']!,
      /s3:\/\/inventory\/data\/b\.parquet: it has \d+ bytes, the manifest says 7/,
    );
    assert.match(failures['data/c.parquet']!, /its MD5 is [0-9a-f]{32}, the manifest says 0{32}/);
    assert.match(failures['data/damaged.parquet']!, /cannot be read as Parquet|lies outside/);
    assert.match(failures['data/other.parquet']!, /column id is string in data\/other\.parquet/);
  });

  test('when all files fail that is an error; without --verify md5 a wrong digest is none', async () => {
    const wrong = NAMES.map((name) => fileOf(name, undefined, { MD5checksum: '0'.repeat(32) }));
    const location = await put(wrong);
    await assert.rejects(rowsOf(location), {
      code: 'corrupt',
      message: /all 5 files of the manifest .* failed; the first: .*MD5/,
    });
    assert.equal((await rowsOf(location, { verify: 'size' })).rows.length, 5000);
    assert.equal((await rowsOf(location, { verify: 'none' })).rows.length, 5000);
    await assert.rejects(
      rowsOf(await put([fileOf('damaged', Buffer.alloc(5))]), { verify: 'none' }),
      /none of the files can be read/,
    );
  });

  test('objects that were uploaded in parts are read for their MD5', async () => {
    const body = Buffer.alloc(13 * 1024 * 1024, 'x');
    await store.put('data/large.bin', bodies.get('a.parquet')!);
    await store.uploadStream(
      'data/large.bin',
      (async function* () {
        yield body;
      })(),
    );
    const md5 = createHash('md5').update(body).digest('hex');
    const entry = { key: 'data/large.bin', size: body.length, MD5checksum: md5 };
    const { summary } = await rowsOf(await put([fileOf('a'), entry]));
    assert.ok(summary.bytesRead > body.length);
    assert.match(summary.failures[0]!.message, /large\.bin cannot be read as Parquet/);
  });

  test('denied access is named with bucket and key, and the others are read', async () => {
    const deny = { Effect: 'Deny', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::inventory/data/b.parquet'] };
    const allow = { Effect: 'Allow', Action: ['s3:*'], Resource: ['arn:aws:s3:::*'] };
    const assumed = await fromTemporaryCredentials({
      masterCredentials: { accessKeyId: minio.accessKey, secretAccessKey: minio.secretKey },
      params: {
        RoleArn: 'arn:aws:iam::123456789012:role/reader',
        RoleSessionName: 'reader',
        Policy: JSON.stringify({ Version: '2012-10-17', Statement: [allow, deny] }),
      },
      clientConfig: { endpoint: minio.endpoint, region: 'us-east-1' },
    })();
    const keys = [assumed.accessKeyId, assumed.secretAccessKey, assumed.sessionToken!];
    const file = join(folder, 'credentials');
    writeFileSync(
      file,
      ['aws_access_key_id', 'aws_secret_access_key', 'aws_session_token']
        .map((name, i) => `${name}=${keys[i]}`)
        .join('\n')
        .replace(/^/, '[reader]\n'),
    );
    const location = await put([fileOf('a'), fileOf('b'), fileOf('c')]);
    const env = { ...process.env, AWS_SHARED_CREDENTIALS_FILE: file, AWS_CONFIG_FILE: join(folder, 'none') };
    const command = ['manifest', 'read', location, '--endpoint', minio.endpoint, '--profile', 'reader'];
    for (const verify of ['md5', 'none']) {
      const { code, stdout, stderr } = await runCli([...command, '--verify', verify], env);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /left out: access denied to s3:\/\/inventory\/data\/b\.parquet: /);
      assert.match(stderr, /s3:GetObject on arn:aws:s3:::inventory\/data\/b\.parquet/);
      assert.match(stdout, /^2 of 3 files, 2,000 rows, 3 columns, /m);
      assert.match(stdout, /│ price +│ decimal\(20,4\)/);
      assert.match(stdout, /│ 0 +│ 0\.0000 +│/);
    }
    const { stderr } = await runCli(['manifest', 'read', 's3://inventory/data/b.parquet', ...command.slice(3)], env);
    assert.match(stderr, /access denied to s3:\/\/inventory\/data\/b\.parquet/);
  });

  test('CSV files of an inventory are read, gzip or not, with the types that S3 documents', async () => {
    const csv =
      '"source","a%20b.txt","12","2026-11-21T08:00:00.000Z","true",""\n"source","c ""x""","7","","false","STANDARD"\n';
    const packed = gzipSync(csv);
    await store.put('data/1.csv.gz', packed);
    await store.put('data/2.csv', Buffer.from('"source","bad","many","","",""\n'));
    const entry = (key: string, body: Uint8Array) => ({
      key,
      size: body.length,
      MD5checksum: createHash('md5').update(body).digest('hex'),
    });
    const files = [
      entry('data/1.csv.gz', packed),
      entry('data/2.csv', Buffer.from('"source","bad","many","","",""\n')),
    ];
    const fileSchema = 'Bucket, Key, Size, LastModifiedDate, IsLatest, StorageClass';
    const location = await put(files, { fileFormat: 'CSV', fileSchema });
    const { rows, summary } = await rowsOf(location, {
      filter: 'Size > 7 OR IsLatest = FALSE',
      select: ['Key', 'Size', 'LastModifiedDate', 'StorageClass'],
    });
    assert.deepEqual(rows, [
      { Key: 'a%20b.txt', Size: 12n, LastModifiedDate: '2026-11-21T08:00:00.000Z', StorageClass: null },
      { Key: 'c "x"', Size: 7n, LastModifiedDate: null, StorageClass: 'STANDARD' },
    ]);
    assert.match(summary.failures[0]!.message, /2\.csv.*Size.*many/s);
    await assert.rejects(rowsOf(await put(files, { fileFormat: 'CSV' })), /its fileSchema names no columns/);
  });

  test('a manifest that was written is read again, also of local files', async (t) => {
    const written = await writeManifest('s3://inventory/data/[a-e].parquet', {
      ...given,
      to: 's3://inventory/written.json',
    });
    assert.deepEqual([written.files, written.rows, written.manifest], [5, 5000, 's3://inventory/written.json']);
    assert.equal((await rowsOf('s3://inventory/written.json')).rows.length, 5000);
    const local = tempFolder(t);
    for (const name of NAMES) writeFileSync(join(local, `${name}.parquet`), bodies.get(`${name}.parquet`)!);
    const { code, stdout } = await runCli(['manifest', 'write', `${local}/`]);
    assert.deepEqual([code, stdout.startsWith(`${local}/manifest.json: 5 files, 5,000 rows, `)], [0, true]);
    const out = join(local, 'rows.csv');
    const read = await runCli([
      'manifest',
      'read',
      `${local}/manifest.json`,
      '--filter',
      "note = 'duck'",
      '--select',
      'id',
      '--format',
      'csv',
      '--out',
      out,
    ]);
    assert.equal(read.code, 0, read.stderr);
    assert.equal(readFileSync(out, 'utf8').split('\n').length, 1002);
    assert.match(read.stderr, /^5 of 5 files, 1,000 rows, /m);
    const moved = tempFolder(t);
    writeFileSync(
      join(moved, 'm.json'),
      readFileSync(join(local, 'manifest.json'), 'utf8').replace(/file:[^"]*/, 'elsewhere'),
    );
    const elsewhere = await runCli([
      'manifest',
      'read',
      join(moved, 'm.json'),
      '--files-in',
      local,
      '--json',
      '--limit',
      '1',
    ]);
    assert.equal(elsewhere.stdout, '{"id":0,"price":"0.0000","note":null}\n');
    await assert.rejects(writeManifest(`${local}/nothing/`), { code: 'not_found' });
    await assert.rejects(writeManifest(`${local}/*.parquet`), { code: 'invalid_argument', message: /is no folder/ });
    await assert.rejects(rowsOf(`${local}/missing.json`), { code: 'not_found', message: /there is no manifest/ });
  });
});
