/** Uploads to a real S3 server, by a profile of AWS's shared files. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { ObjectStore } from '../../../src/store/store.ts';
import { keysOf } from '../../store/conformance.ts';
import { openBucket } from '../../store/open-bucket.ts';
import { runCli } from '../../support/cli.ts';
import { MAIN } from '../../support/daemon.ts';
import { type Minio, minioBinary, startMinio } from '../../support/minio.ts';
import { python } from '../../support/python.ts';
import { tempFolder } from '../../support/temp.ts';
import { until } from '../../support/until.ts';
import { realCsv } from '../real-csv.ts';

describe('uploads by a profile', { skip: !minioBinary() }, () => {
  let minio: Minio;
  let store: ObjectStore;
  let env: NodeJS.ProcessEnv;
  const folder = tempFolder({ after: (run) => after(run as () => void) });
  const file = (name: string) => join(folder, name);

  before(async () => {
    minio = await startMinio();
    store = await openBucket(minio, 'uploads');
    const keys = `aws_access_key_id=${minio.accessKey}\naws_secret_access_key=${minio.secretKey}\n`;
    writeFileSync(file('credentials'), `[analytics]\n${keys}`);
    writeFileSync(file('config'), `[profile analytics]\nregion = us-east-1\nendpoint_url = ${minio.endpoint}\n`);
    env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_')));
    const files = { AWS_SHARED_CREDENTIALS_FILE: file('credentials'), AWS_CONFIG_FILE: file('config') };
    Object.assign(env, { ...files, AWS_EC2_METADATA_DISABLED: 'true', TMPDIR: folder });
    mkdirSync(file('data/sub'), { recursive: true });
    copyFileSync(realCsv('stocks.csv'), file('data/stocks.csv'));
    copyFileSync(realCsv('airports.csv'), file('data/sub/airports.csv'));
    const write =
      'import pyarrow.csv, pyarrow.parquet as pq, sys; pq.write_table(pyarrow.csv.read_csv(sys.argv[1]), sys.argv[2])';
    await python(write, realCsv('stocks.csv'), file('data/made.parquet'));
  });
  after(async () => {
    store?.close();
    await minio?.close();
  });

  const upload = (...args: string[]) => runCli(['upload', ...args, '--profile', 'analytics'], env);

  test('files, folders and converted CSV arrive, and their URLs are printed', async () => {
    const one = await upload(file('data/made.parquet'), '--to', 's3://uploads/key/');
    assert.deepEqual([one.code, one.stdout], [0, 's3://uploads/key/made.parquet\n'], one.stderr);
    assert.deepEqual(Buffer.from(await store.get('key/made.parquet')), readFileSync(file('data/made.parquet')));
    const all = await upload(file('data'), '--to', 's3://uploads/all/', '--convert', 'parquet', '--json');
    assert.equal(all.code, 0, all.stderr);
    const reports = all.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { url: string; rows: number });
    assert.deepEqual(
      reports.map(({ url, rows }) => [url, rows]),
      [
        ['s3://uploads/all/made.parquet', 560],
        ['s3://uploads/all/stocks.parquet', 560],
        ['s3://uploads/all/sub/airports.parquet', 3376],
      ],
    );
    const read = ['scan', 's3://uploads/all/stocks.parquet', '--count', '--json', '--profile', 'analytics'];
    assert.equal((await runCli(read, env)).stdout, '{"count(*)":560}\n');
  });

  test('a profile that is not there, and one file of several that is no Parquet, are named', async () => {
    const nobody = await runCli(
      ['upload', file('data/stocks.csv'), '--to', 's3://uploads/x', '--profile', 'nobody'],
      env,
    );
    assert.equal(nobody.code, 1);
    assert.match(nobody.stderr, /no credentials for bucket uploads in profile "nobody"/);
    writeFileSync(file('cut.parquet'), readFileSync(file('data/made.parquet')).subarray(0, -3));
    const some = await upload(file('cut.parquet'), file('data/stocks.csv'), '--to', 's3://uploads/some/');
    assert.deepEqual([some.code, some.stdout], [1, 's3://uploads/some/stocks.csv\n']);
    assert.match(some.stderr, /cut\.parquet cannot be read as Parquet: it ends in/);
  });

  test('pipes and named pipes are sources', async () => {
    const script = `cat "${file('data/made.parquet')}" | "${process.execPath}" "${MAIN}" upload - --to s3://uploads/piped/ --profile analytics`;
    const piped = await promisify(execFile)('sh', ['-c', script], { env });
    assert.equal(piped.stdout, 's3://uploads/piped/data.parquet\n');
    assert.deepEqual(Buffer.from(await store.get('piped/data.parquet')), readFileSync(file('data/made.parquet')));
    const fifo = file('fifo');
    await promisify(execFile)('mkfifo', [fifo]);
    const writer = spawn('sh', ['-c', `cat "${realCsv('stocks.csv')}" > "${fifo}"`]);
    const named = await upload(fifo, '--to', 's3://uploads/named/stocks.csv');
    assert.equal(named.code, 0, named.stderr);
    await (writer.exitCode ?? once(writer, 'exit'));
    assert.deepEqual(Buffer.from(await store.get('named/stocks.csv')), readFileSync(realCsv('stocks.csv')));
  });

  for (const [what, begins, to] of [
    ['Parquet that is spilled', 'PAR1', 's3://uploads/broken/a.parquet'],
    ['a stream that goes by parts', 'text', 's3://uploads/broken/a.bin'],
  ] as const) {
    test(`Ctrl-C in the middle of ${what} leaves neither an object, an upload nor a file`, async (t) => {
      const child = spawn(process.execPath, [MAIN, 'upload', '-', '--to', to, '--profile', 'analytics'], {
        stdio: ['pipe', 'ignore', 'inherit'],
        env,
      });
      t.after(() => child.kill('SIGKILL'));
      const ended = once(child, 'exit');
      child.stdin.on('error', () => {}); // it stops reading
      child.stdin.write(begins);
      for (let mebibytes = 0; mebibytes < 64; mebibytes += 4) {
        if (!child.stdin.write(Buffer.alloc(4 * 1024 * 1024))) await Promise.race([once(child.stdin, 'drain'), ended]);
      }
      const isUnderWay = async () => begins === 'PAR1' || (await store.listUploads('broken/')).length > 0;
      await until(isUnderWay, () => 'no upload was begun');
      child.kill('SIGINT');
      assert.deepEqual(await ended, [1, null]);
      assert.deepEqual([await keysOf(store, 'broken/'), await store.listUploads('broken/')], [[], []]);
      assert.ok(readdirSync(folder).every((name) => !name.includes('spill')));
    });
  }
});
