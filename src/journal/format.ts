/**
 * The journal's segment file, `{journal.path}/segments/{commit id}.segment`.
 *
 * Invariants: a segment holds the requests of exactly one commit, in the order they were acknowledged; it is only ever
 * appended to; a record counts once its file has been synced. Damage costs the records it touches and no others: the
 * header is there twice, and behind damage the next record is found again by the segment's mark.
 *
 * All integers are little-endian.
 *
 *   segment := header header record*
 *   header  := "OTLKSEG3"           8 bytes
 *              length       u32     of the JSON
 *              crc          u32     CRC-32 (zlib's) of the JSON
 *              JSON                 SegmentHeader: commit id, mark, layout
 *              zeros                to the next multiple of HEADER_ALIGN_BYTES: one bad sector spoils one copy
 *   record  := mark         8 bytes the segment's own
 *              crc          u32     CRC-32 of all that follows
 *              length       u32     of the body
 *              offset       u64     of this record in the file
 *              receivedMs   f64     milliseconds since the epoch: a replay judges the times of rows by it
 *              sequence     u32     0, 1, 2, … in the segment: tells how many records damage has cost
 *              maxBytes     u32     the limit on decompressed bytes it was accepted under: a replay keeps it
 *              signal       u8      index in SIGNAL_CODES
 *              type         u8      0 protobuf, 1 json
 *              encoding     u8      index in ENCODING_CODES
 *              zero         u8
 *              body                 as it was received, still compressed where it came so over HTTP
 *
 * What follows the last whole record is no data: zeros are what file systems leave behind a size that became durable
 * before its bytes, anything else is a group that a crash cut short, or damage.
 *
 * The search behind damage must not take for a record what a sender has put into a body. The mark is 64 random bits
 * that leave the machine nowhere, so a body made to look like records has to guess them; and a body that really holds
 * a segment's bytes (a log collector reading the journal's folder, into the very same segment even) has its records at
 * offsets they do not name.
 */
import { crc32 } from 'node:zlib';
import { type Layout, strategiesFromJson } from '../model/layout.ts';
import type { ContentEncoding, ContentType, SignalName } from '../model/signal.ts';

export interface SegmentHeader {
  readonly commitId: string;
  /** 16 hex digits, random for each segment; every record begins with these bytes. */
  readonly mark: string;
  readonly layout: Layout;
}

/** An export request as the journal keeps it. */
export interface JournalRecord {
  readonly signal: SignalName;
  readonly contentType: ContentType;
  readonly contentEncoding: ContentEncoding;
  readonly maxBytes: number;
  readonly receivedMs: number;
  readonly body: Uint8Array;
}

/** A record as it was found in a segment's file. */
export interface StoredRecord extends JournalRecord, ByteRange {
  readonly sequence: number;
}

/** Bytes of a file; `end` is exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const HEADER_MAGIC = Buffer.from('OTLKSEG3');
const HEADER_PREFIX_BYTES = 16;
export const HEADER_ALIGN_BYTES = 4096;
/** A header longer than this is damage, not a header. */
export const MAX_HEADER_BYTES = 16 * 1024 * 1024;

export const MARK_BYTES = 8;
/** Where in a record the part begins that its checksum covers. */
const CHECKED_FROM = 12;
export const RECORD_PREFIX_BYTES = 44;
// Positions are part of the format: append only.
const SIGNAL_CODES: readonly SignalName[] = ['traces', 'logs', 'metrics'];
const ENCODING_CODES: readonly ContentEncoding[] = ['identity', 'gzip', 'zstd', 'deflate', 'snappy'];

/** One copy of the header with its padding; a segment begins with two. */
export function encodeHeader(header: SegmentHeader): Uint8Array {
  const json = Buffer.from(JSON.stringify(header));
  const block = Buffer.alloc(alignHeader(HEADER_PREFIX_BYTES + json.length));
  HEADER_MAGIC.copy(block);
  block.writeUInt32LE(json.length, 8);
  block.writeUInt32LE(crc32(json), 12);
  json.copy(block, HEADER_PREFIX_BYTES);
  return block;
}

/** Length of a whole copy, padding included, as its first bytes promise; undefined where they are no header. */
export function headerLength(prefix: Uint8Array): number | undefined {
  if (prefix.length < HEADER_PREFIX_BYTES) return undefined;
  const bytes = Buffer.from(prefix.buffer, prefix.byteOffset, HEADER_PREFIX_BYTES);
  if (!bytes.subarray(0, HEADER_MAGIC.length).equals(HEADER_MAGIC)) return undefined;
  const length = bytes.readUInt32LE(8);
  return length > MAX_HEADER_BYTES ? undefined : alignHeader(HEADER_PREFIX_BYTES + length);
}

/** The header at the beginning of `block`; undefined where it is cut or its checksum does not fit. */
export function decodeHeader(block: Uint8Array): SegmentHeader | undefined {
  const length = headerLength(block);
  if (length === undefined || block.length < length) return undefined;
  const bytes = Buffer.from(block.buffer, block.byteOffset, length);
  const json = bytes.subarray(HEADER_PREFIX_BYTES, HEADER_PREFIX_BYTES + bytes.readUInt32LE(8));
  if (crc32(json) !== bytes.readUInt32LE(12)) return undefined;
  const header = JSON.parse(json.toString()) as SegmentHeader;
  const partitioning = strategiesFromJson(header.layout.partitioning);
  return { ...header, layout: { ...header.layout, partitioning } };
}

function alignHeader(length: number): number {
  return Math.ceil(length / HEADER_ALIGN_BYTES) * HEADER_ALIGN_BYTES;
}

/** The prefix of a record that will stand at `offset`; the body follows it as it is, so that it is never copied. */
export function encodeRecordPrefix(record: JournalRecord, mark: Uint8Array, offset: number, sequence: number): Buffer {
  const prefix = Buffer.alloc(RECORD_PREFIX_BYTES);
  prefix.set(mark);
  prefix.writeUInt32LE(record.body.length, 12);
  prefix.writeBigUInt64LE(BigInt(offset), 16);
  prefix.writeDoubleLE(record.receivedMs, 24);
  prefix.writeUInt32LE(sequence, 32);
  prefix.writeUInt32LE(record.maxBytes, 36);
  prefix[40] = SIGNAL_CODES.indexOf(record.signal);
  prefix[41] = record.contentType === 'json' ? 1 : 0;
  prefix[42] = ENCODING_CODES.indexOf(record.contentEncoding);
  prefix.writeUInt32LE(crc32(record.body, crc32(prefix.subarray(CHECKED_FROM))), 8);
  return prefix;
}

/** Length of the whole record that the bytes at `offset` promise; undefined where no record of this segment begins there. */
export function recordLength(prefix: Uint8Array, mark: Uint8Array, offset: number): number | undefined {
  if (prefix.length < RECORD_PREFIX_BYTES) return undefined;
  const bytes = Buffer.from(prefix.buffer, prefix.byteOffset, RECORD_PREFIX_BYTES);
  if (!bytes.subarray(0, MARK_BYTES).equals(mark) || bytes.readBigUInt64LE(16) !== BigInt(offset)) return undefined;
  return RECORD_PREFIX_BYTES + bytes.readUInt32LE(12);
}

/** A whole record (prefix and body) that stands at `start`; undefined where its checksum or a code does not fit. */
export function decodeRecord(record: Uint8Array, start: number): StoredRecord | undefined {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.length);
  if (crc32(bytes.subarray(CHECKED_FROM)) !== bytes.readUInt32LE(8)) return undefined;
  const signal = SIGNAL_CODES[bytes[40]!];
  const contentEncoding = ENCODING_CODES[bytes[42]!];
  if (!signal || !contentEncoding) return undefined;
  return {
    signal,
    contentType: bytes[41] === 1 ? 'json' : 'protobuf',
    contentEncoding,
    maxBytes: bytes.readUInt32LE(36),
    receivedMs: bytes.readDoubleLE(24),
    body: record.subarray(RECORD_PREFIX_BYTES),
    sequence: bytes.readUInt32LE(32),
    start,
    end: start + record.length,
  };
}
