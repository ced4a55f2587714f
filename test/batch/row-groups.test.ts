import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toArrow } from '../../src/batch/arrow.ts';
import { batchBytes } from '../../src/batch/batch-bytes.ts';
import { createTableBuilder } from '../../src/batch/builder.ts';
import { cutRows, rowGroups } from '../../src/batch/row-groups.ts';
import { parseConfig } from '../../src/config/load.ts';
import { toProtobuf } from '../../src/decode/body.ts';
import { createDecoder } from '../../src/decode/decoder.ts';
import { createParquetEncoder } from '../../src/encode/encoder.ts';
import type { Batch } from '../../src/model/batch.ts';
import { arrowSchema } from '../../src/model/table.ts';
import { TABLES } from '../../src/model/tables.ts';
import { type Body, randomBodies, sharedText } from '../torture/memory-bodies.ts';

const LIMITS = { maxAttributeCount: 1024, maxNesting: 64, maxPastSeconds: undefined, maxFutureSeconds: undefined };

function batchOf({ bytes, encoding }: Body): Batch {
  const builder = createTableBuilder(TABLES.logs);
  const options = { signal: 'logs', contentType: 'protobuf', maxBytes: 1 << 28, limits: LIMITS } as const;
  createDecoder('logs', builder, { limits: LIMITS, promote: [] }).decode(
    toProtobuf(bytes, { ...options, contentEncoding: encoding }),
  );
  return builder.finish();
}

function groupsOf(batch: Batch, maxRows: number, maxBytes: number): Batch[] {
  const rows = Int32Array.from({ length: batch.rows }, (_, row) => row);
  return [...rowGroups(batch, rows, { maxRows, maxBytes })];
}

const rowsOf = (groups: readonly Batch[]) => groups.reduce((sum, group) => sum + group.rows, 0);

test('rows are cut by number where they are small', () => {
  const groups = groupsOf(batchOf(randomBodies(1000, 20)), 300, 1 << 30);
  assert.deepEqual(
    groups.map((group) => group.rows),
    [300, 300, 300, 100],
  );
});

test('rows that are large together are cut by bytes, none is lost, and a single one may be over the bound', () => {
  const batch = batchOf(randomBodies(200, 10_000));
  const groups = groupsOf(batch, 1000, 100_000);
  assert.equal(rowsOf(groups), 200);
  assert.ok(groups.length >= 20);
  for (const group of groups) assert.ok(batchBytes(group) <= 100_000 || group.rows === 1);
  assert.equal(groupsOf(batch, 1000, 1).length, 200);
});

test('nothing larger is gathered to find out what fits than the first rows that were said to', () => {
  const rows = Int32Array.from({ length: 1000 }, (_, row) => row);
  const taken: number[] = [];
  const taker = {
    take(part: Int32Array) {
      taken.push(part.length);
      return part;
    },
    fill: (part: Int32Array) => part.length / 100,
    buffers: () => [],
  };
  const groups = [...cutRows(rows, 1000, 120, taker)];
  assert.equal(Math.max(...taken), 120);
  assert.equal(
    groups.reduce((sum, group) => sum + group.length, 0),
    1000,
  );
  assert.ok(groups.every((group) => group.length <= 100));
});

test('a large text that stands beside every row is counted where it stands', () => {
  const batch = batchOf(sharedText('zstd', 1_000_000, 2000));
  for (const [maxBytes, maxTextBytes] of [
    [1 << 30, 256 << 20],
    [16 << 20, 64 << 20],
  ] as const) {
    const groups = groupsOf(batch, 100_000, maxBytes);
    assert.equal(rowsOf(groups), 2000);
    for (const group of groups) assert.ok(group.rows > 10 && group.rows * 1_000_000 <= maxTextBytes);
  }
});

test('a large text that stands beside every row is once in a row group’s file', () => {
  const config = parseConfig('', 'test.toml').parquet;
  const batch = batchOf(sharedText('zstd', 1_500_000, 300));
  const encoder = createParquetEncoder(arrowSchema(TABLES.logs), config, {});
  const chunks = encoder.rowGroup(toArrow(batch, TABLES.logs));
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  assert.ok(bytes > 500_000 && bytes < 3_500_000, `${bytes} bytes`);
});
