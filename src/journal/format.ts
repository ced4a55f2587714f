/**
 * The journal's segment file, `{journal.path}/segments/{commit id}.segment`.
 *
 * Invariants: a segment holds the requests of exactly one commit, in the order they were acknowledged; it is only ever
 * appended to; a record counts once its file has been synced; what follows the last whole record is no data.
 *
 * All integers are little-endian.
 *
 *   segment := header record*
 *   header  := "OTLKSEG2"           8 bytes
 *              length       u32     of the JSON
 *              crc          u32     CRC-32 (zlib's) of the JSON
 *              JSON                 SegmentHeader: commit id, layout
 *   record  := "OREC"               4 bytes, for finding the next record after damage
 *              length       u32     of the body
 *              crc          u32     CRC-32 of all that follows
 *              sequence     u32     0, 1, 2, … in the segment: a stale block of another file never fits in
 *              maxBytes    u32     the limit on decompressed bytes it was accepted under: a replay keeps it
 *              signal       u8      index in SIGNAL_CODES
 *              type         u8      0 protobuf, 1 json
 *              encoding     u8      index in ENCODING_CODES
 *              zero         u8
 *              receivedMs   f64     milliseconds since the epoch: a replay judges the times of rows by it
 *              body                 as it was received, still compressed where it came so over HTTP
 */
import { crc32 } from 'node:zlib';
import type { Layout } from '../model/layout.ts';
import type { ContentEncoding, ContentType, SignalName } from '../model/signal.ts';

export interface SegmentHeader {
  readonly commitId: string;
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

const HEADER_MAGIC = Buffer.from('OTLKSEG2');
export const HEADER_PREFIX_BYTES = 16;
export const RECORD_PREFIX_BYTES = 32;
/** A header longer than this is damage, not a header. */
const MAX_HEADER_BYTES = 16 * 1024 * 1024;

const RECORD_MAGIC = Buffer.from('OREC').readUInt32LE(0);
// Positions are part of the format: append only.
const SIGNAL_CODES: readonly SignalName[] = ['traces', 'logs', 'metrics'];
const ENCODING_CODES: readonly ContentEncoding[] = ['identity', 'gzip', 'zstd', 'deflate', 'snappy'];

export function encodeHeader(header: SegmentHeader): Uint8Array {
  const json = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(HEADER_PREFIX_BYTES);
  HEADER_MAGIC.copy(prefix);
  prefix.writeUInt32LE(json.length, 8);
  prefix.writeUInt32LE(crc32(json), 12);
  return Buffer.concat([prefix, json]);
}

/** Length of the whole header as its first HEADER_PREFIX_BYTES promise; undefined where they are no header. */
export function headerLength(prefix: Uint8Array): number | undefined {
  const bytes = Buffer.from(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  if (bytes.length < HEADER_PREFIX_BYTES || !bytes.subarray(0, 8).equals(HEADER_MAGIC)) return undefined;
  const length = bytes.readUInt32LE(8);
  return length > MAX_HEADER_BYTES ? undefined : HEADER_PREFIX_BYTES + length;
}

export function decodeHeader(bytes: Uint8Array): SegmentHeader | undefined {
  const length = headerLength(bytes);
  if (length === undefined || bytes.length < length) return undefined;
  const json = Buffer.from(bytes.buffer, bytes.byteOffset + HEADER_PREFIX_BYTES, length - HEADER_PREFIX_BYTES);
  const expected = Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32LE(12);
  return crc32(json) === expected ? (JSON.parse(json.toString()) as SegmentHeader) : undefined;
}

/** The prefix of a record; the body follows it as it is, so that it is never copied. */
export function encodeRecordPrefix(record: JournalRecord, sequence: number): Uint8Array {
  const prefix = Buffer.alloc(RECORD_PREFIX_BYTES);
  prefix.writeUInt32LE(RECORD_MAGIC, 0);
  prefix.writeUInt32LE(record.body.length, 4);
  prefix.writeUInt32LE(sequence, 12);
  prefix.writeUInt32LE(record.maxBytes, 16);
  prefix[20] = SIGNAL_CODES.indexOf(record.signal);
  prefix[21] = record.contentType === 'json' ? 1 : 0;
  prefix[22] = ENCODING_CODES.indexOf(record.contentEncoding);
  prefix.writeDoubleLE(record.receivedMs, 24);
  prefix.writeUInt32LE(crc32(record.body, crc32(prefix.subarray(12))), 8);
  return prefix;
}

export interface RecordPrefix {
  readonly bodyLength: number;
  readonly crc: number;
  readonly sequence: number;
}

/** What a record's first bytes promise; undefined where they are no record. */
export function decodeRecordPrefix(bytes: Uint8Array): RecordPrefix | undefined {
  if (bytes.length < RECORD_PREFIX_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, RECORD_PREFIX_BYTES);
  if (view.getUint32(0, true) !== RECORD_MAGIC) return undefined;
  return { bodyLength: view.getUint32(4, true), crc: view.getUint32(8, true), sequence: view.getUint32(12, true) };
}

/** A whole record (prefix and body); undefined where its checksum or a code does not fit. */
export function decodeRecord(bytes: Uint8Array): JournalRecord | undefined {
  const prefix = decodeRecordPrefix(bytes);
  if (!prefix || bytes.length !== RECORD_PREFIX_BYTES + prefix.bodyLength) return undefined;
  if (crc32(bytes.subarray(12)) !== prefix.crc) return undefined;
  const signal = SIGNAL_CODES[bytes[20]!];
  const contentEncoding = ENCODING_CODES[bytes[22]!];
  if (!signal || !contentEncoding) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const maxBytes = view.getUint32(16, true);
  const receivedMs = view.getFloat64(24, true);
  const contentType = bytes[21] === 1 ? 'json' : 'protobuf';
  return { signal, contentType, contentEncoding, maxBytes, receivedMs, body: bytes.subarray(RECORD_PREFIX_BYTES) };
}
