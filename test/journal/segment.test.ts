import assert from 'node:assert/strict';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BridgeError } from '../../src/errors.ts';
import { type JournalRecord, RECORD_PREFIX_BYTES, type SegmentHeader } from '../../src/journal/format.ts';
import {
  listSegments,
  makeJournalFolders,
  quarantineSegment,
  removeSegment,
  segmentCommitId,
} from '../../src/journal/journal.ts';
import { openSegment } from '../../src/journal/segment-reader.ts';
import { createSegmentWriter } from '../../src/journal/segment-writer.ts';
import { systemFiles } from '../../src/platform/files.ts';
import { tempFolder } from '../support/temp.ts';

const HEADER: SegmentHeader = {
  commitId: '20261121T085523123Z-4f9c1a2b-0000',
  layout: {
    schemaVersion: 1,
    partitioning: [],
    promote: { traces: [], logs: [], metrics: [] },
    sortBy: [],
    limits: { maxAttributeCount: 10, maxNesting: 5 },
  },
};

const anyRecord: fc.Arbitrary<JournalRecord> = fc.record(
  {
    signal: fc.constantFrom('traces', 'logs', 'metrics'),
    contentType: fc.constantFrom('protobuf', 'json'),
    contentEncoding: fc.constantFrom('identity', 'gzip', 'zstd', 'deflate', 'snappy'),
    maxBytes: fc.nat(),
    receivedMs: fc.nat({ max: 4_000_000_000_000 }),
    body: fc.uint8Array({ maxLength: 300 }),
  },
  { noNullPrototype: true },
);

function writeSegment(journal: string, groups: readonly (readonly JournalRecord[])[]): string {
  makeJournalFolders(systemFiles, journal);
  const writer = createSegmentWriter(systemFiles, journal, HEADER);
  for (const group of groups) writer.append(group, true);
  writer.close();
  return writer.path;
}

function readAll(path: string): { header: SegmentHeader; records: JournalRecord[]; tailBytes: number } {
  const reader = openSegment(systemFiles, path)!;
  const records = [...reader.records()];
  const { header, tailBytes } = reader;
  reader.close();
  return { header, records, tailBytes };
}

const RECORDS: readonly JournalRecord[] = [1, 2, 3].map((i) => ({
  signal: 'traces',
  contentType: i === 2 ? 'json' : 'protobuf',
  contentEncoding: 'identity',
  maxBytes: 1000,
  receivedMs: 1_763_715_600_123,
  body: new Uint8Array(i * 7).fill(i),
}));

test('what was appended in groups is read back in order with its header', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.array(anyRecord, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
      (groups) => {
        const path = writeSegment(join(tempFolder(t), 'j'), groups);
        const { header, records, tailBytes } = readAll(path);
        assert.deepEqual(header, HEADER);
        assert.deepEqual(records, groups.flat());
        assert.equal(tailBytes, 0);
      },
    ),
    { numRuns: 30 },
  );
});

test('a segment cut at any byte gives back exactly its whole records', (t) => {
  const path = writeSegment(tempFolder(t), [RECORDS]);
  const whole = readFileSync(path);
  const headerBytes = whole.length - RECORDS.reduce((sum, record) => sum + RECORD_PREFIX_BYTES + record.body.length, 0);
  const ends = RECORDS.map(
    (_, i) => headerBytes + RECORDS.slice(0, i + 1).reduce((sum, r) => sum + RECORD_PREFIX_BYTES + r.body.length, 0),
  );
  for (let length = whole.length - 1; length >= headerBytes; length--) {
    truncateSync(path, length);
    const expected = ends.filter((end) => end <= length).length;
    const { records, tailBytes } = readAll(path);
    assert.deepEqual(records, RECORDS.slice(0, expected), `cut at ${length}`);
    assert.equal(tailBytes, length - (ends[expected - 1] ?? headerBytes));
  }
});

test('a segment cut inside its header is corrupt, and says so', (t) => {
  const path = writeSegment(tempFolder(t), [RECORDS]);
  for (const length of [0, 5, 16, 40]) {
    truncateSync(path, length);
    assert.throws(
      () => openSegment(systemFiles, path),
      (error: BridgeError) => error.code === 'corrupt',
    );
  }
});

test('any flipped bit of a record ends the segment before it', (t) => {
  const path = writeSegment(tempFolder(t), [RECORDS]);
  const whole = readFileSync(path);
  const start = whole.length - RECORDS.reduce((sum, record) => sum + RECORD_PREFIX_BYTES + record.body.length, 0);
  const second = start + RECORD_PREFIX_BYTES + RECORDS[0]!.body.length;
  for (let byte = second; byte < second + RECORD_PREFIX_BYTES + RECORDS[1]!.body.length; byte++) {
    const damaged = Buffer.from(whole);
    damaged[byte]! ^= 1 << (byte % 8);
    writeFileSync(path, damaged);
    assert.deepEqual(readAll(path).records, RECORDS.slice(0, 1), `byte ${byte}`);
  }
});

test('garbage and zeros after the last record are no records', (t) => {
  const path = writeSegment(tempFolder(t), [RECORDS]);
  const whole = readFileSync(path);
  for (const tail of [Buffer.alloc(100), Buffer.from('OREC'.repeat(20)), whole.subarray(-40)]) {
    writeFileSync(path, Buffer.concat([whole, tail]));
    const { records, tailBytes } = readAll(path);
    assert.deepEqual(records, RECORDS);
    assert.equal(tailBytes, tail.length);
  }
});

test('an append that fails counts for nothing and is cut off the file', (t) => {
  const journal = tempFolder(t);
  makeJournalFolders(systemFiles, journal);
  let failing = false;
  const files = {
    ...systemFiles,
    syncData(fd: number) {
      if (failing) {
        failing = false;
        throw new Error('EIO: i/o error, fdatasync');
      }
      systemFiles.syncData(fd);
    },
  };
  const writer = createSegmentWriter(files, journal, HEADER);
  writer.append(RECORDS.slice(0, 1), true);
  const durable = writer.durableBytes;
  failing = true;
  assert.throws(() => writer.append(RECORDS.slice(1), true), /EIO/);
  writer.close();
  assert.equal(writer.durableBytes, durable);
  assert.equal(statSync(writer.path).size, durable);
  assert.deepEqual(readAll(writer.path).records, RECORDS.slice(0, 1));
});

test('segments are listed oldest first, removed, and set aside', (t) => {
  const journal = tempFolder(t);
  makeJournalFolders(systemFiles, journal);
  const ids = [
    '20260101T000000000Z-aaaaaaaa-0001',
    '20250101T000000000Z-bbbbbbbb-0000',
    '20260101T000000000Z-aaaaaaaa-0000',
  ];
  for (const commitId of ids) {
    const writer = createSegmentWriter(systemFiles, journal, { ...HEADER, commitId });
    writer.append(RECORDS, true);
    writer.close();
  }
  const paths = listSegments(systemFiles, journal);
  assert.deepEqual(paths.map(segmentCommitId), [...ids].sort());
  removeSegment(systemFiles, journal, paths[0]!);
  const aside = quarantineSegment(systemFiles, journal, paths[1]!);
  assert.deepEqual(listSegments(systemFiles, journal), [paths[2]]);
  assert.deepEqual(readAll(aside).records, RECORDS);
});
