import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BridgeError } from '../../src/errors.ts';
import {
  type ByteRange,
  HEADER_ALIGN_BYTES,
  type JournalRecord,
  RECORD_PREFIX_BYTES,
  type SegmentHeader,
  type StoredRecord,
} from '../../src/journal/format.ts';
import { listSegments, makeJournalFolders, removeSegment, segmentCommitId } from '../../src/journal/journal.ts';
import { quarantineSegment } from '../../src/journal/quarantine.ts';
import { openSegment } from '../../src/journal/segment-reader.ts';
import { createSegmentWriter } from '../../src/journal/segment-writer.ts';
import { systemFiles } from '../../src/platform/files.ts';
import { tempFolder } from '../support/temp.ts';

const HEADER: SegmentHeader = {
  commitId: '20261121T085523123Z-4f9c1a2b-0000',
  mark: '0123456789abcdef',
  layout: {
    schemaVersion: 1,
    partitioning: [
      {
        type: 'range',
        field: 'http.response.status_code',
        name: 'class',
        ranges: [{ from: 500, to: Number.POSITIVE_INFINITY, label: 'error' }],
        default: 'other',
      },
    ],
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

interface ReadSegment {
  readonly header: SegmentHeader;
  readonly records: StoredRecord[];
  readonly damage: readonly ByteRange[];
  readonly lostRecords: number;
  readonly cutBytes: number;
}

function readAll(path: string): ReadSegment {
  const reader = openSegment(systemFiles, path)!;
  const records = [...reader.records()];
  const { header, damage, lostRecords, cutBytes } = reader;
  reader.close();
  return { header, records, damage, lostRecords, cutBytes };
}

function bodies(records: readonly JournalRecord[]): string[] {
  return records.map(({ body }) => Buffer.from(body).toString('latin1'));
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
        const { header, records, damage } = readAll(path);
        assert.deepEqual(header, HEADER);
        const asWritten = records.map(({ sequence: _s, start: _a, end: _e, ...record }) => record);
        assert.deepEqual(asWritten, groups.flat());
        assert.deepEqual(damage, []);
      },
    ),
    { numRuns: 30 },
  );
});

test('a segment whose two headers are cut or damaged is corrupt, and says so', (t) => {
  const path = writeSegment(tempFolder(t), [RECORDS]);
  const whole = readFileSync(path);
  const spoilt = Buffer.from(whole);
  spoilt[20]! ^= 1;
  spoilt[HEADER_ALIGN_BYTES + 20]! ^= 1;
  const older = Buffer.concat([Buffer.from('OTLKSEG2'), whole.subarray(8, 5000)]);
  for (const bytes of [Buffer.alloc(0), whole.subarray(0, 5), whole.subarray(0, 40), spoilt, older]) {
    writeFileSync(path, bytes);
    assert.throws(
      () => openSegment(systemFiles, path),
      (error: BridgeError) => error.code === 'corrupt' && error.message.includes(String(bytes.length)),
    );
  }
});

test('either copy of the header is enough, and the damaged one is damage', (t) => {
  const path = writeSegment(tempFolder(t), [RECORDS]);
  const whole = readFileSync(path);
  for (const start of [0, HEADER_ALIGN_BYTES]) {
    const bytes = Buffer.from(whole);
    bytes.fill(0xff, start, start + 512);
    writeFileSync(path, bytes);
    const { header, records, damage } = readAll(path);
    assert.deepEqual(header, HEADER);
    assert.equal(records.length, RECORDS.length);
    assert.deepEqual(damage, [{ start, end: start + HEADER_ALIGN_BYTES }]);
  }
});

test('a header larger than a page is found by its second copy too', (t) => {
  const journal = tempFolder(t);
  makeJournalFolders(systemFiles, journal);
  const sortBy = Array.from({ length: 2000 }, (_, i) => `column_${i}`);
  const header = { ...HEADER, layout: { ...HEADER.layout, sortBy } };
  const writer = createSegmentWriter(systemFiles, journal, header);
  writer.append(RECORDS, true);
  writer.close();
  const bytes = readFileSync(writer.path);
  bytes[3]! ^= 1;
  writeFileSync(writer.path, bytes);
  const read = readAll(writer.path);
  assert.deepEqual(read.header, header);
  assert.equal(read.records.length, RECORDS.length);
});

test('records behind damage are found again, and the gap says how many are lost', (t) => {
  const path = writeSegment(tempFolder(t), [RECORDS]);
  const whole = readFileSync(path);
  const { records } = readAll(path);
  const [first, second, third] = records;
  const bytes = Buffer.concat([whole.subarray(0, first!.start + 3), Buffer.alloc(1), whole.subarray(first!.start + 4)]);
  bytes.fill(0, second!.start, second!.end);
  writeFileSync(path, bytes);
  const read = readAll(path);
  assert.deepEqual(bodies(read.records), bodies([third!]));
  assert.deepEqual(read.damage, [{ start: first!.start, end: third!.start }]);
  assert.equal(read.lostRecords, 2);
});

test('a body that holds the whole segment, header and records, is never taken for records behind damage', (t) => {
  const journal = tempFolder(t);
  makeJournalFolders(systemFiles, journal);
  const writer = createSegmentWriter(systemFiles, journal, HEADER);
  writer.append(RECORDS, true);
  const copied = { ...RECORDS[0]!, body: new Uint8Array(readFileSync(writer.path)) };
  writer.append([copied, RECORDS[2]!], true);
  writer.close();
  const { records } = readAll(writer.path);
  const bytes = readFileSync(writer.path);
  for (const at of [0, 8, 12, 16, 32, 40, RECORD_PREFIX_BYTES, RECORD_PREFIX_BYTES + 8000]) {
    const damaged = Buffer.from(bytes);
    damaged[records[3]!.start + at]! ^= 0x10;
    writeFileSync(writer.path, damaged);
    const read = readAll(writer.path);
    assert.deepEqual(bodies(read.records), bodies([...RECORDS, RECORDS[2]!]));
    assert.deepEqual(read.damage, [{ start: records[3]!.start, end: records[3]!.end }]);
  }
});

test('a last record that the file ends within is told from damage, wherever it is cut', (t) => {
  const path = writeSegment(tempFolder(t), [RECORDS]);
  const whole = readFileSync(path);
  const last = readAll(path).records.at(-1)!;
  for (let length = last.start + 1; length < last.end; length++) {
    writeFileSync(path, whole.subarray(0, length));
    const { damage, cutBytes } = readAll(path);
    const [{ start, end } = { start: 0, end: 0 }] = damage;
    assert.equal(start, last.start);
    assert.ok(cutBytes > 0 && cutBytes === end - start && end <= length, `cut at ${length}`); // zeros at the end are no data
  }
  for (let at = last.start; at < last.end; at++) {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 1;
    writeFileSync(path, damaged);
    // A length that is damaged may say that there is more to come: nothing in the file can say otherwise.
    const isLength = at >= last.start + 12 && at < last.start + 16;
    assert.equal(isLength || readAll(path).cutBytes === 0, true, `byte ${at}`);
  }
  writeFileSync(path, whole);
  assert.equal(readAll(path).cutBytes, 0);
});

test('records of another segment are no records, wherever they stand', (t) => {
  const journal = tempFolder(t);
  const path = writeSegment(journal, [RECORDS]);
  const other = { ...HEADER, commitId: '20261121T085523123Z-4f9c1a2b-0001', mark: 'ffeeddccbbaa9988' };
  const writer = createSegmentWriter(systemFiles, journal, other);
  writer.append(RECORDS, true);
  writer.close();
  const { records } = readAll(path);
  const bytes = Buffer.concat([
    readFileSync(path).subarray(0, records[1]!.start),
    readFileSync(writer.path).subarray(records[1]!.start),
  ]);
  writeFileSync(path, bytes);
  const read = readAll(path);
  assert.deepEqual(bodies(read.records), bodies(RECORDS.slice(0, 1)));
  assert.deepEqual(read.damage, [{ start: records[1]!.start, end: bytes.length }]);
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
  assert.equal(writer.durableBytes, durable);
  assert.equal(statSync(writer.path).size, durable);
  assert.deepEqual(bodies(readAll(writer.path).records), bodies(RECORDS.slice(0, 1)));
  assert.throws(() => writer.append(RECORDS, true), /takes no more/);
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
  const aside = quarantineSegment(systemFiles, journal, paths[1]!)!;
  assert.deepEqual(listSegments(systemFiles, journal), [paths[2]]);
  assert.deepEqual(bodies(readAll(aside).records), bodies(RECORDS));
});
