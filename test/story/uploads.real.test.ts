/** Uploads that were left open on MinIO, seen and aborted by command, route and start. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { listSegments, segmentCommitId } from '../../src/journal/journal.ts';
import { systemFiles } from '../../src/platform/files.ts';
import { createS3Client } from '../../src/store/s3-client.ts';
import { OPERATIONS, s3Config } from '../store/s3-config.ts';
import { runCli } from '../support/cli.ts';
import { startBridge } from '../support/daemon.ts';
import { minioBinary, startMinio } from '../support/minio.ts';
import { s3Toml } from '../support/s3-toml.ts';
import { exportHttp } from '../support/send.ts';
import { uniqueSpans } from '../support/unique-spans.ts';

interface Upload {
  readonly key: string;
  readonly isLive: boolean;
}

test('uploads left open are listed and aborted, but never that of a commit in the journal', {
  skip: !minioBinary(),
}, async (t) => {
  const minio = await startMinio();
  t.after(() => minio.close());
  const bridge = await startBridge(t, s3Toml(minio, 'lake', 'prefix = "a/prefix"', 'create_bucket = true'));
  const client = createS3Client(s3Config(minio.endpoint), OPERATIONS);
  t.after(() => client.destroy());
  const begin = async (Key: string) => {
    const target = { Bucket: 'lake', Key };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
    await client.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: new Uint8Array(1000) }));
  };
  assert.equal((await exportHttp(bridge.otlp, uniqueSpans('a', 0, 5), 'json')).status, 200);
  const [segment] = listSegments(systemFiles, `${bridge.folder}/journal`);
  const live = `traces/date=2026-11-21/${segmentCommitId(segment!)}.parquet`;
  const dead = 'traces/date=2026-11-20/20261120T085523123Z-00000000-0001.parquet';
  for (const key of [live, dead, 'logs/other.parquet']) await begin(`a/prefix/${key}`);
  await begin('elsewhere/of-others.parquet');

  const get = async () => {
    const response = await fetch(`${bridge.api}/admin/v1/uploads`);
    return ((await response.json()) as { uploads: Upload[] }).uploads;
  };
  const list = await get();
  assert.deepEqual(list.map(({ key, isLive }) => [key, isLive]).sort(), [
    ['logs/other.parquet', false],
    [dead, false],
    [live, true],
  ]);
  const command = (...args: string[]) => runCli(['uploads', ...args, '--config', bridge.configFile]);
  for (const more of [[], ['--direct']]) {
    const { stdout, code } = await command('list', '--json', '--prefix', 'logs/', ...more);
    assert.equal(code, 0);
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as Upload).key),
      ['logs/other.parquet'],
    );
  }
  assert.match((await command('abort')).stdout, /Nothing to abort/, 'all of them are young');
  assert.match((await command('abort', '--older-than', '1h')).stdout, /Nothing to abort/);

  const direct = await command('abort', '--older-than', '0s', '--prefix', 'logs/', '--direct');
  assert.match(direct.stdout, /logs\/other\.parquet[\s\S]*Aborted 1 upload\./);
  const url = `${bridge.api}/admin/v1/uploads?older_than_seconds=0`;
  const answer = (await (await fetch(url, { method: 'DELETE' })).json()) as { aborted: Upload[] };
  assert.deepEqual(
    answer.aborted.map(({ key }) => key),
    [dead],
  );
  assert.deepEqual(
    (await get()).map(({ key }) => key),
    [live],
  );
  await bridge.flush();
  assert.equal((await bridge.rows({ limit: '10' })).length, 5);
  const again = await command('abort', '--older-than', '0s', '--json');
  assert.equal((JSON.parse(again.stdout) as Upload).key, live, 'its commit is done, and nobody needs it');
  assert.deepEqual(await get(), []);

  const wrong = await command('abort', '--older-than', 'yesterday');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /a number with a unit is expected/);
});
