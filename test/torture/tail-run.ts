/**
 * A journal segment of real requests, damaged in every way there is a list for, read by the journal's reader: what comes
 * back must be exactly the records that the damage did not touch, and what is named damage exactly the rest.
 */
import { deflateSync, gzipSync } from 'node:zlib';
import type { ByteRange, JournalRecord, SegmentHeader, StoredRecord } from '../../src/journal/format.ts';
import { makeJournalFolders, segmentsFolder } from '../../src/journal/journal.ts';
import { openSegment } from '../../src/journal/segment-reader.ts';
import { createSegmentWriter } from '../../src/journal/segment-writer.ts';
import { SIGNAL_LIST } from '../../src/model/signal.ts';
import { Random } from '../fuzz/random.ts';
import { readSamples } from '../support/samples.ts';
import { createDisk, type FileNode } from './disk-model.ts';
import { createSystem } from './disk-system.ts';

export interface TailOptions {
  /** Requests in the segment. */
  readonly requests: number;
  /** Longest body taken, bytes. */
  readonly maxBodyBytes: number;
  /** Every which bit is flipped; 1 is all. */
  readonly bitStep: number;
  readonly seed: number;
}

export interface TailReport {
  readonly segmentBytes: number;
  /** Damaged segments read, by the kind of damage. */
  readonly checks: Readonly<Record<string, number>>;
  /** The first broken promises. */
  readonly problems: readonly string[];
}

const JOURNAL = '/journal';
const SECTOR_BYTES = 512;
const MAX_PROBLEMS = 10;
const TAIL_LENGTHS = [1, 7, 511, 512, 4096, 100_000, 1024 * 1024 + 13];

export function runTail(options: TailOptions): TailReport {
  const random = new Random(options.seed, 1);
  const subject = createSubject(options, random);
  const checks: Record<string, number> = {};
  const problems: string[] = [];
  const note = (kind: string, where: string, problem: string | undefined) => {
    checks[kind] = (checks[kind] ?? 0) + 1;
    if (problem && problems.length < MAX_PROBLEMS) problems.push(`${kind} ${where}: ${problem}`);
  };
  const { whole, records } = subject;
  const headersEnd = records[0]!.start;

  for (let length = headersEnd; length < whole.length; length++) {
    const cut = whole.subarray(0, length);
    note('cut', `at ${length}`, subject.check(cut, [{ start: length, end: whole.length }]));
  }
  for (const end of [whole.length, ...records.map(({ start }) => start), headersEnd + 20]) {
    for (const length of TAIL_LENGTHS) {
      const lost = [{ start: end, end: whole.length }];
      for (const [kind, tail] of tails(length, subject, random)) {
        const bytes = Buffer.concat([whole.subarray(0, end), tail]);
        note(kind, `of ${length} bytes at ${end}`, subject.check(bytes, lost));
      }
    }
  }
  for (let bit = 0; bit < whole.length * 8; bit += options.bitStep) {
    const at = bit >> 3;
    note(
      'flipped bit',
      String(bit),
      subject.checkChanged({ start: at, end: at + 1 }, (part) => flip(part, bit & 7)),
    );
  }
  for (let start = 0; start < whole.length; start += SECTOR_BYTES) {
    const range = { start, end: Math.min(start + SECTOR_BYTES, whole.length) };
    note(
      'zeroed sector',
      `at ${start}`,
      subject.checkChanged(range, (part) => part.fill(0)),
    );
    note(
      'garbage sector',
      `at ${start}`,
      subject.checkChanged(range, (part) => part.set(random.bytes(part.length))),
    );
  }
  return { segmentBytes: whole.length, checks, problems };
}

/** What may follow the last record: nothing that was written, or bytes of another time or place. */
function* tails(length: number, { whole, foreign }: Subject, random: Random): Generator<[string, Uint8Array]> {
  yield ['zero tail', new Uint8Array(length)];
  yield ['garbage tail', random.bytes(length)];
  const from = random.below(whole.length - 1);
  yield ["tail of the segment's own bytes", whole.subarray(from, from + length)];
  yield ['tail of another segment', foreign.subarray(random.below(foreign.length - 1)).subarray(0, length)];
}

function flip(part: Buffer, bit: number): void {
  part[0]! ^= 1 << bit;
}

interface Subject {
  readonly whole: Buffer;
  readonly records: readonly StoredRecord[];
  readonly foreign: Buffer;
  /** Reads `bytes` as the segment; `lost` are the parts of the whole one that are gone. Returns what is wrong. */
  check(bytes: Buffer, lost: readonly ByteRange[]): string | undefined;
  /** The same with a part changed in place. */
  checkChanged(range: ByteRange, change: (part: Buffer) => void): string | undefined;
}

function createSubject({ requests, maxBodyBytes }: TailOptions, random: Random): Subject {
  const system = createSystem(createDisk(random), random);
  const { files } = system;
  makeJournalFolders(files, JOURNAL);
  const bodies = recordsOfSamples(requests, maxBodyBytes);

  function write(sequence: number, mark: string): { path: string; node: FileNode } {
    const commitId = `20261121T085523123Z-4f9c1a2b-000${sequence}`;
    const writer = createSegmentWriter(files, JOURNAL, { commitId, mark, layout: LAYOUT });
    for (const record of bodies) writer.append([record], true);
    writer.close();
    const node = system.lookUp(`${segmentsFolder(JOURNAL)}/${commitId}.segment`) as FileNode;
    return { path: writer.path, node };
  }

  const { path, node } = write(0, '9f1d2c3b4a596877');
  const other = write(1, '1122334455667788').node;
  const whole = Buffer.from(node.bytes.subarray(0, node.size));
  const records = readAll().records;

  function readAll(): { records: StoredRecord[]; damage: readonly ByteRange[] } {
    const reader = openSegment(files, path)!;
    const found = [...reader.records()];
    reader.close();
    return { records: found, damage: reader.damage };
  }

  function compare(bytes: Buffer, lost: readonly ByteRange[]): string | undefined {
    let read: ReturnType<typeof readAll>;
    try {
      read = readAll();
    } catch (error) {
      return `it cannot be opened: ${error instanceof Error ? error.message : error}`;
    }
    const expected = records.filter((record) => !lost.some((range) => meet(record, range)));
    const found = read.records.map(({ sequence }) => sequence);
    if (found.join() !== expected.map(({ sequence }) => sequence).join()) {
      return `records ${found} came back instead of ${expected.map(({ sequence }) => sequence)}`;
    }
    const changed = read.records.find((record, i) => Buffer.compare(record.body, expected[i]!.body) !== 0);
    if (changed) return `the body of record ${changed.sequence} is another one`;
    const rest = restOf(bytes, [{ start: 0, end: records[0]!.start }, ...expected]);
    const damage = read.damage.filter(({ start }) => start >= records[0]!.start);
    if (JSON.stringify(damage) !== JSON.stringify(rest)) {
      return `damage ${JSON.stringify(damage)} was named instead of ${JSON.stringify(rest)}`;
    }
    const isHeaderHit = lost.some(({ start }) => start < records[0]!.start);
    if (isHeaderHit !== read.damage.length > damage.length) return 'the damaged header was not told from a whole one';
    return undefined;
  }

  return {
    whole,
    records,
    foreign: Buffer.from(other.bytes.subarray(0, other.size)),
    check(bytes, lost) {
      node.bytes = bytes;
      node.size = bytes.length;
      return compare(bytes, lost);
    },
    checkChanged(range, change) {
      node.bytes = Buffer.from(whole);
      node.size = whole.length;
      const part = node.bytes.subarray(range.start, range.end);
      change(part);
      const isSame = Buffer.compare(part, whole.subarray(range.start, range.end)) === 0;
      return compare(node.bytes, isSame ? [] : [range]);
    },
  };
}

function meet(a: ByteRange, b: ByteRange): boolean {
  return a.start < b.end && b.start < a.end;
}

/** What lies between the kept parts, and behind them up to the last byte that is not zero. */
function restOf(bytes: Buffer, kept: readonly ByteRange[]): ByteRange[] {
  const rest: ByteRange[] = [];
  let position = 0;
  for (const { start, end } of kept) {
    if (start > position) rest.push({ start: position, end: start });
    position = end;
  }
  const last = bytes.findLastIndex((byte) => byte !== 0) + 1;
  if (last > position) rest.push({ start: position, end: last });
  return rest;
}

const LAYOUT: SegmentHeader['layout'] = {
  schemaVersion: 1,
  partitioning: [],
  promote: { traces: [], logs: [], metrics: [] },
  sortBy: ['service_name', 'timestamp'],
  limits: { maxAttributeCount: 10, maxNesting: 5 },
};

/** Captured requests of all signals, short ones first, some of them compressed. */
function recordsOfSamples(count: number, maxBodyBytes: number): JournalRecord[] {
  const samples = SIGNAL_LIST.flatMap(({ name }) => readSamples(name))
    .filter(({ body }) => body.length <= maxBodyBytes)
    .sort((a, b) => a.body.length - b.body.length)
    .slice(0, count);
  return samples.map(({ signal, encoding, body }, i): JournalRecord => {
    const common = { signal, contentType: encoding, maxBytes: 67_108_864, receivedMs: 1_763_715_600_123 + i };
    if (i % 3 === 1) return { ...common, contentEncoding: 'gzip', body: gzipSync(body) };
    if (i % 3 === 2) return { ...common, contentEncoding: 'deflate', body: deflateSync(body) };
    return { ...common, contentEncoding: 'identity', body };
  });
}
