/** Scans over a real S3 server: few bytes, few requests, and the rows that pyarrow wrote. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { scan } from '../../src/tables/scan.ts';
import { openBucket } from '../store/open-bucket.ts';
import { runCli } from '../support/cli.ts';
import { type Minio, minioBinary, startMinio } from '../support/minio.ts';
import { python } from '../support/python.ts';
import { tempFolder } from '../support/temp.ts';

/** Three files of 150 000 rows in order, some 8 MB each; the last one of a newer generation. */
const WRITE = `
import pyarrow as pa, pyarrow.parquet as pq, random, sys, decimal
folder, = sys.argv[1:]
random.seed(3)
n = 150_000
for f in range(3):
    ids = range(f * n, (f + 1) * n)
    table = {'id': pa.array(ids, pa.int64() if f == 2 else pa.int32()),
             'price': pa.array([decimal.Decimal(i % 10_000) / 100 for i in ids], pa.decimal128(9, 2)),
             'text': [random.randbytes(24).hex() for _ in ids]}
    if f == 2: table['note'] = pa.array(['new'] * n)
    pq.write_table(pa.table(table), f'{folder}/part-{f}.parquet', row_group_size=25_000, write_page_index=True, data_page_size=64 * 1024, use_dictionary=False)
`;

describe('a scan over a bucket', { skip: !minioBinary() }, () => {
  let minio: Minio;
  const folder = tempFolder({ after: (run) => after(run as () => void) });
  const location = 's3://scans/exports/2026-*/*.parquet';
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    AWS_CONFIG_FILE: join(folder, 'none'),
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE', 'AWS_REGION']) delete env[name];
  let bytes = 0;

  before(async () => {
    minio = await startMinio();
    await python(WRITE, folder);
    const store = await openBucket(minio, 'scans');
    for (const name of readdirSync(folder)) {
      const body = readFileSync(join(folder, name));
      bytes += body.length;
      await store.put(`exports/2026-11/${name}`, body);
    }
    store.close();
    const file = join(folder, 'credentials');
    writeFileSync(file, `[lake]\naws_access_key_id=${minio.accessKey}\naws_secret_access_key=${minio.secretKey}\n`);
    env.AWS_SHARED_CREDENTIALS_FILE = file;
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: minio.accessKey, AWS_SECRET_ACCESS_KEY: minio.secretKey });
  });
  after(() => minio?.close());

  const open = () => scan(location, { endpoint: minio.endpoint });

  test('a cache on disk is asked instead of the bucket, by other scans too', async () => {
    const cache = { folder: join(folder, 'cache') };
    const some = () => scan(location, { endpoint: minio.endpoint, cache }).filter('id > 440000').select('price');
    const first = some();
    const rows = await first.collect();
    const second = some();
    assert.deepEqual(await second.collect(), rows);
    assert.ok(first.usage.requests > 3 && first.usage.bytesRead > 0);
    assert.deepEqual(second.usage, { requests: 0, bytesRead: 0 });
  });

  test('reads a small part of the bytes where the filter is selective', async () => {
    const some = open().filter('id BETWEEN 200000 AND 200002').select('id', 'price', 'text');
    const rows = await some.collect();
    assert.deepEqual(
      rows.map(({ id, price }) => [id, price]),
      [
        [200_000n, '0.00'],
        [200_001n, '0.01'],
        [200_002n, '0.02'],
      ],
    );
    assert.ok(some.usage.bytesRead < 0.05 * bytes, `${some.usage.bytesRead} of ${bytes} bytes`);
    assert.ok(some.usage.requests <= 8, `${some.usage.requests} requests`);
  });

  test('is lazy: nothing is asked of the bucket before rows are', async () => {
    const narrowed = scan('s3://no-such-bucket/x/*.parquet', { endpoint: minio.endpoint }).filter('id > 1').limit(3);
    assert.equal(narrowed.usage.requests, 0);
    await assert.rejects(narrowed.collect(), { code: 'config', message: /NoSuchBucket/ });
  });

  test('counts and extremes take the footers alone, and conditions and limits add up', async () => {
    const all = open();
    assert.equal(await all.count(), 450_000);
    assert.deepEqual(await all.aggregate('min(id), max(id)', 'count(note)'), {
      'min(id)': 0,
      'max(id)': 449_999,
      'count(note)': 150_000,
    });
    assert.equal(all.usage.requests, 3, 'footers are read once');
    assert.equal(await all.filter('id < 100').filter('price >= 0.50').count(), 50);
    assert.equal(await all.limit(7).count(), 7);
    assert.equal((await all.filter("note = 'new'").select('id').limit(7).limit(3).collect()).length, 3);
    const { fields } = await all.schema();
    assert.deepEqual(
      fields.map(({ name }) => name),
      ['id', 'price', 'text', 'note'],
    );
    const plan = await all.filter('id = 5').explain();
    assert.deepEqual([plan.files.read, plan.rowGroups.prunedByStatistics], [1, 17]);
  });

  test('gives up what it fetched ahead when the loop over its batches is left', async () => {
    const rows: number[] = [];
    for await (const batch of open().batches()) {
      rows.push(batch.numRows);
      break;
    }
    assert.deepEqual(rows, [10_000]);
  });

  test('as a command takes a profile, says what it read, and writes what pyarrow reads', async () => {
    const out = join(folder, 'out.parquet');
    const given = ['scan', location, '--endpoint', minio.endpoint, '--profile', 'lake'];
    const filter = ['--filter', 'price = 99.99'];
    const { code, stderr } = await runCli([...given, ...filter, '--format', 'parquet', '--out', out], env);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^3 files, [\d.]+ MiB read \([\d.]+ % of [\d.]+ MiB\) in \d+ requests, [\d.]+ s$/m);
    const found = await python(
      'import pyarrow.parquet as pq, sys; t = pq.read_table(sys.argv[1]); print(t.num_rows, t.schema.field("price").type)',
      out,
    );
    assert.equal(found.trim(), '45 decimal128(9, 2)');
    const counted = await runCli([...given, '--count', '--min', 'id', '--max', 'price', '--json'], env);
    assert.equal(counted.stdout, '{"count(*)":450000,"min(id)":0,"max(price)":"99.99"}\n');
    const { requests, files } = JSON.parse(counted.stderr);
    assert.deepEqual([requests, files], [3, 3]);
  });

  test('names a profile without credentials, and a pattern without files', async () => {
    const none = await runCli(['scan', location, '--endpoint', minio.endpoint, '--profile', 'nobody'], env);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /no credentials for bucket scans in profile "nobody"/);
    const empty = await runCli(
      ['scan', 's3://scans/none/*.parquet', '--endpoint', minio.endpoint, '--profile', 'lake'],
      env,
    );
    assert.match(empty.stderr, /nothing matches s3:\/\/scans\/none\/\*\.parquet/);
  });
});
