/** The short form of `npm run bench read -- --lake s3`: what a needle asks of an S3 server, and that the bench would tell. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { ReadOutcome } from '../../bench/read-child.ts';
import { startReader } from '../../bench/read-reader.ts';
import { measureRequests } from '../../bench/read-requests.ts';
import { emptyStats } from '../../src/read/types.ts';
import { minioBinary, startMinio } from '../support/minio.ts';
import { s3Client } from '../support/s3-client.ts';
import { s3Toml } from '../support/s3-toml.ts';
import { tempFolder } from '../support/temp.ts';
import { lakeFile } from './lake-file.ts';
import { span } from './rows.ts';

const GROUP_ROWS = 30_000;
const FILES = 4;
/** Ids without an order, so that statistics say nothing of them. */
const idOf = (i: number) => Math.imul(i, 0x9e3779b1).toString(16).replace('-', 'f').padStart(32, 'a');

function file(n: number): Uint8Array {
  const group = (g: number) =>
    Array.from({ length: GROUP_ROWS }, (_, i) => span(i, { trace_id: idOf((2 * n + g) * GROUP_ROWS + i) }));
  return lakeFile([group(0), group(1)]);
}

function needle(traceId: string) {
  return {
    name: `needle ${traceId}`,
    isNeedle: true,
    countOnly: false,
    parameters: { filter: `trace_id = '${traceId}'` },
  };
}

test('a needle takes at most three requests of each file that may hold it, whichever file does', {
  skip: !minioBinary(),
}, async (t) => {
  const minio = await startMinio();
  t.after(() => minio.close());
  const client = s3Client(minio);
  t.after(() => client.destroy());
  await client.send(new CreateBucketCommand({ Bucket: 'lake' }));
  for (let n = 0; n < FILES; n++) {
    const Key = `traces/date=2026-11-2${n}/a.parquet`;
    await client.send(new PutObjectCommand({ Bucket: 'lake', Key, Body: file(n) }));
  }
  const scratch = tempFolder(t);
  const toml = `${s3Toml(minio, 'lake')}\n[journal]\npath = "${join(scratch, 'journal')}"\n`;
  const lines: string[] = [];
  const asked = [0, 3 * GROUP_ROWS + 7, 2 * FILES * GROUP_ROWS - 1].map((i) => needle(idOf(i)));
  const broken = await measureRequests(
    asked,
    () => startReader(scratch, toml),
    (line) => lines.push(line),
  );
  assert.deepEqual(broken, []);
  assert.equal(lines.length, 2 * asked.length);
  for (const line of lines)
    assert.match(line, /: 1 rows in .* 4 opened, 1 of them read; 87\.5 % of 8 row groups pruned/);
  // There is no commit record: all that is asked for is one list and the files.
  assert.match(lines[0]!, /on files (\d+) requests, .* in all 1 ListObjectsV2, \1 GetObject, /);
});

test('the bench tells where a needle took more requests, or left too little out', async () => {
  const stats = { ...emptyStats(), rows: 1, rowGroupsPruned: 197, rowGroupsScanned: 3 };
  const fileRequests = { most: 4, key: 'traces/a.parquet' };
  const outcome: ReadOutcome = { ms: 1, cpuMs: 1, bytesOut: 1, peakBytes: 1, stats, fileRequests, http: {} };
  const reader = { ask: async () => outcome, stop() {} };
  const broken = await measureRequests(
    [needle('x'), { ...needle('y'), isNeedle: false }],
    () => reader,
    () => {},
  );
  assert.deepEqual(broken.slice(0, 2), [
    'needle x, first: 4 requests of traces/a.parquet, at most 3 are promised',
    'needle x, first: 98.5 % of the row groups pruned, 99 % are promised',
  ]);
  assert.equal(broken.length, 4);
});
