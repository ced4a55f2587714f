/**
 * Cursors of incremental reads: opaque text that says which commits of a table a reader has had. Version 1 is base64url
 * without padding of
 *
 *   u8       1, the version
 *   8 bytes  SHA-256 of the lake's location, cut
 *   u8       table: 0 traces, 1 logs, 2 metrics, 255 the lake itself
 *   u48      epoch milliseconds of the last whole look at the commits
 *   u32 u128 older commits: count and sum (seen-commits.ts)
 *   u8 text  mark, with its length
 *   u16 u64… recent commits: how many, their hashes
 *   u16 text position inside a commit that a limit cut, as JSON with its length; 0 for none
 *   u32      CRC-32 of all before
 *
 * in big endian. The checksum finds what was cut or mistyped; it is no signature, and needs to be none: a cursor opens
 * nothing that its reader may not read anyway.
 *
 * What an incremental read promises:
 *   - Rows committed since the cursor, each exactly once, whatever commits at the same time, on however many bridges.
 *     Rows of one read come in the order of their commits' ids (the time their segments were opened), then of their
 *     files; a commit whose record comes late is given by the next read that looks at all commits (at least once a
 *     minute), after others that have later ids.
 *   - Only what is committed: neither rows still in a journal, nor files other writers put into the lake.
 *   - Rows whose partition was deleted before they were read are not given; what was given is not taken back.
 *   - Files are never rewritten. A writer that would merge files must keep their commit ids out of its new one's record.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { BridgeError } from '../errors.ts';
import { type LakeTable, SIGNAL_LIST, WHOLE_LAKE } from '../model/signal.ts';
import { MAX_HASHES, type SeenCommits } from './seen-commits.ts';

const VERSION = 1;
const LAKE_BYTES = 8;
const CRC_BYTES = 4;
/** About: all recent commits, and a position in a file whose name is as long as names may be. */
const MAX_CURSOR_LENGTH = 8192;

/** Where a limit ended a read: so many asked rows of this object of this commit were given. */
export interface Position {
  readonly commitId: string;
  readonly key: string;
  readonly rows: number;
  /** Fingerprint of partition, filter and times: with others the count would mean other rows. */
  readonly query: string;
}

export interface Cursor {
  readonly table: LakeTable;
  /** `lakeFingerprint(store.location)`. */
  readonly lake: string;
  readonly checkedMs: number;
  readonly seen: SeenCommits;
  readonly position: Position | undefined;
}

export function lakeFingerprint(location: string): string {
  return createHash('sha256')
    .update(location)
    .digest('hex')
    .slice(0, 2 * LAKE_BYTES);
}

export function encodeCursor({ table, lake, checkedMs, seen, position }: Cursor): string {
  const { recent, older, mark } = seen;
  const place = Buffer.from(position === undefined ? '' : JSON.stringify(position));
  const fixed = Buffer.alloc(6 + 4);
  fixed.writeUIntBE(checkedMs, 0, 6);
  fixed.writeUInt32BE(older.count, 6);
  const hashes = Buffer.alloc(2 + 8 * recent.length + 2);
  hashes.writeUInt16BE(recent.length);
  for (const [i, hash] of recent.entries()) hashes.writeBigUInt64BE(hash, 2 + 8 * i);
  hashes.writeUInt16BE(place.length, 2 + 8 * recent.length);
  const body = Buffer.concat([
    Buffer.from([VERSION]),
    Buffer.from(lake, 'hex'),
    Buffer.from([tableIndex(table)]),
    fixed,
    Buffer.from(older.sum.toString(16).padStart(32, '0'), 'hex'),
    Buffer.from([mark.length]),
    Buffer.from(mark, 'latin1'),
    hashes,
    place,
  ]);
  const checksum = Buffer.alloc(CRC_BYTES);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([body, checksum]).toString('base64url');
}

/** Throws invalid_argument for what is no cursor of this table in this lake, and says why. */
export function decodeCursor(text: string, expected: { readonly table: LakeTable; readonly lake: string }): Cursor {
  const cursor = parse(text);
  if (cursor.lake !== expected.lake) throw refuse('is of another lake');
  if (cursor.table === expected.table) return cursor;
  throw refuse(`is of table ${cursor.table}, and this is a read of ${expected.table}`);
}

function parse(text: string): Cursor {
  if (text.length > MAX_CURSOR_LENGTH) throw refuse(`has ${text.length} characters, more than ${MAX_CURSOR_LENGTH}`);
  const bytes = Buffer.from(text, 'base64url');
  const end = bytes.length - CRC_BYTES;
  const isWhole = end > 0 && bytes.readUInt32BE(end) === crc32(bytes.subarray(0, end));
  if (!isWhole || bytes.toString('base64url') !== text) {
    throw refuse(`"${text.slice(0, 20)}${text.length > 20 ? '…' : ''}" is none, or was cut or changed`);
  }
  if (bytes[0] !== VERSION) throw refuse(`has version ${bytes[0]}, and this bridge reads ${VERSION}`);
  try {
    return readFields(bytes.subarray(0, end));
  } catch {
    throw refuse('does not read as it should');
  }
}

function readFields(bytes: Buffer): Cursor {
  let at = 1;
  const take = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const lake = take(LAKE_BYTES).toString('hex');
  const table = TABLES.get(take(1)[0]!);
  const checkedMs = take(6).readUIntBE(0, 6);
  const count = take(4).readUInt32BE();
  const sum = BigInt(`0x${take(16).toString('hex')}`);
  const mark = take(take(1)[0]!).toString('latin1');
  const recentCount = take(2).readUInt16BE();
  const recent = Array.from({ length: Math.min(recentCount, MAX_HASHES) }, () => take(8).readBigUInt64BE());
  const place = take(take(2).readUInt16BE()).toString();
  if (table === undefined || recentCount > MAX_HASHES || at !== bytes.length) throw new RangeError('no cursor');
  const position = place === '' ? undefined : readPosition(JSON.parse(place));
  return { table, lake, checkedMs, seen: { recent, older: { count, sum }, mark }, position };
}

function readPosition({ commitId, key, rows, query }: Partial<Position>): Position {
  if (commitId !== undefined && key !== undefined && query !== undefined && Number.isSafeInteger(rows) && rows! >= 0) {
    return { commitId, key, rows: rows!, query };
  }
  throw new RangeError('no position');
}

const TABLES: ReadonlyMap<number, LakeTable> = new Map([
  ...SIGNAL_LIST.map(({ name }, i): [number, LakeTable] => [i, name]),
  [255, WHOLE_LAKE],
]);

function tableIndex(table: LakeTable): number {
  return [...TABLES].find(([, name]) => name === table)![0];
}

function refuse(found: string): BridgeError {
  return new BridgeError('invalid_argument', `after: the cursor ${found}`, {
    hint: 'Give the cursor an earlier read of this table ended with, begin for every row, or now for those to come.',
  });
}
