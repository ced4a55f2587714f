/**
 * The order of rows in the files: by partition, then by the sort columns.
 *
 * Every column becomes sort keys, 32-bit words whose unsigned order is the order of the values (strings: the rank of the
 * value in the dictionary). A radix sort then goes over the words from the least to the most significant, and only over
 * those 11-bit digits in which the rows differ: three or four passes for the times of some minutes, no comparison function.
 */
import { BridgeError } from '../errors.ts';
import type { Batch, ColumnData, IdData, NumberData, StringData, StringDictionary } from '../model/batch.ts';
import type { TableSchema } from '../model/table.ts';

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const SIGN = 0x80000000 | 0;

export interface RowOrder {
  /** Row numbers in their new order. */
  readonly rows: Int32Array;
  /** Partition p is rows[partitionStart[p] .. partitionStart[p + 1]); partitionCount + 1 entries. */
  readonly partitionStart: Int32Array;
}

/**
 * A stable order of all rows by (partition, sort columns ascending, nulls last).
 * `partitionOf` holds a partition number below `partitionCount` for each row; absent: all rows are in partition 0.
 * Strings and ids compare by their bytes; doubles as numbers, -0 before 0, NaN after Infinity; false before true.
 * Throws `config` for a sort column that the table lacks, or that is a map or a list.
 */
export function orderRows(
  batch: Batch,
  schema: TableSchema,
  partitionOf: Int32Array | undefined,
  partitionCount: number,
  sortBy: readonly string[],
): RowOrder {
  const { rows: length } = batch;
  const partitionStart = new Int32Array(partitionCount + 1);
  if (partitionOf === undefined) partitionStart.fill(length, 1);
  else countPartitions(partitionOf, length, partitionStart);

  const keys = sortBy.map((name) => keysOf(batch.columns, schema, name)).reverse();
  if (partitionOf !== undefined && partitionCount > 1) keys.push([partitionOf]);
  let order: Int32Array = new Int32Array(length);
  for (let i = 0; i < length; i++) order[i] = i;
  let spare: Int32Array = new Int32Array(length);
  for (const key of keys.flat()) {
    const varying = varyingBits(key, length);
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      if (((varying >>> shift) & (DIGITS - 1)) === 0) continue;
      sortByDigit(key, shift, order, spare);
      [order, spare] = [spare, order];
    }
  }
  return { rows: order, partitionStart };
}

function countPartitions(partitionOf: Int32Array, length: number, start: Int32Array): void {
  for (let i = 0; i < length; i++) start[partitionOf[i]! + 1]!++;
  for (let p = 1; p < start.length; p++) start[p]! += start[p - 1]!;
}

/** The bits in which any two of the first `length` words differ. */
function varyingBits(key: Int32Array, length: number): number {
  const first = length > 0 ? key[0]! : 0;
  let bits = 0;
  for (let i = 1; i < length; i++) bits |= key[i]! ^ first;
  return bits;
}

const digitStart = new Int32Array(DIGITS + 1);

function sortByDigit(key: Int32Array, shift: number, from: Int32Array, to: Int32Array): void {
  const length = from.length;
  const mask = DIGITS - 1;
  digitStart.fill(0);
  for (let i = 0; i < length; i++) digitStart[((key[i]! >>> shift) & mask) + 1]!++;
  for (let d = 1; d < DIGITS; d++) digitStart[d]! += digitStart[d - 1]!;
  for (let i = 0; i < length; i++) {
    const row = from[i]!;
    const digit = (key[row]! >>> shift) & mask;
    to[digitStart[digit]!++] = row;
  }
}

/** Sort keys of a column, least significant word first. */
function keysOf(columns: readonly ColumnData[], schema: TableSchema, name: string): Int32Array[] {
  const column = columns[schema.columns.findIndex((candidate) => candidate.name === name)];
  if (column === undefined) {
    throw new BridgeError('config', `table ${schema.name} has no column ${name} to sort by`, {
      hint: `Its columns are ${schema.columns.map((candidate) => candidate.name).join(', ')}.`,
    });
  }
  switch (column.kind) {
    case 'string':
      return [rankKey(column)];
    case 'id':
      return [...idKeys(column), ...nullKey(column.valid)];
    case 'map':
    case 'list':
    case 'struct':
      throw new BridgeError('config', `table ${schema.name} cannot be sorted by ${name}, which is a ${column.kind}`, {
        hint: 'Name a column of text, numbers or time in [parquet] sort_by.',
      });
    default:
      return [...numberKeys(column), ...nullKey(column.valid)];
  }
}

function nullKey(valid: Uint8Array | undefined): Int32Array[] {
  return valid === undefined ? [] : [Int32Array.from(valid, (present) => 1 - present)];
}

/** Rank of each row's value among the values in use; null ranks last. */
function rankKey({ codes, length, dictionary }: StringData): Int32Array {
  const rankOf = new Int32Array(dictionary.count);
  const used: number[] = [];
  for (let i = 0; i < length; i++) {
    const code = codes[i]!;
    if (code < 0 || rankOf[code] !== 0) continue;
    rankOf[code] = 1;
    used.push(code);
  }
  used.sort((a, b) => compareValues(dictionary, a, b));
  used.forEach((code, rank) => {
    rankOf[code] = rank;
  });
  const key = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const code = codes[i]!;
    key[i] = code < 0 ? used.length : rankOf[code]!;
  }
  return key;
}

function compareValues({ offsets, bytes }: StringDictionary, a: number, b: number): number {
  const aStart = offsets[a]!;
  const bStart = offsets[b]!;
  const aLength = offsets[a + 1]! - aStart;
  const bLength = offsets[b + 1]! - bStart;
  const shared = Math.min(aLength, bLength);
  for (let i = 0; i < shared; i++) {
    const difference = bytes[aStart + i]! - bytes[bStart + i]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** Null ids have the bytes 0, so that they stay in their order. */
function idKeys({ bytes, width, length }: IdData): Int32Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const keys: Int32Array[] = [];
  for (let at = width - 4; at >= 0; at -= 4) {
    const key = new Int32Array(length);
    for (let i = 0; i < length; i++) key[i] = view.getInt32(i * width + at);
    keys.push(key);
  }
  return keys;
}

/** Null numbers have the value 0, so that they stay in their order. */
function numberKeys({ kind, values, length }: NumberData): Int32Array[] {
  switch (kind) {
    case 'bool':
    case 'uint32':
      return [Int32Array.from(values as Uint8Array | Uint32Array)];
    case 'int32':
      return [(values as Int32Array).map((value) => value ^ SIGN)];
    case 'int64':
    case 'timestamp':
      return int64Keys(values as BigInt64Array, length);
    case 'double':
      return doubleKeys(values as Float64Array, length);
  }
}

function int64Keys(values: BigInt64Array, length: number): Int32Array[] {
  const words = new Int32Array(values.buffer, values.byteOffset, 2 * length);
  const low = new Int32Array(length);
  const high = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    low[i] = words[2 * i]!;
    high[i] = words[2 * i + 1]! ^ SIGN;
  }
  return [low, high];
}

/** Negative doubles have all bits turned, the others the sign only: then their order is that of their bits. */
function doubleKeys(values: Float64Array, length: number): Int32Array[] {
  const words = new Int32Array(values.buffer, values.byteOffset, 2 * length);
  const low = new Int32Array(length);
  const high = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const hi = words[2 * i + 1]!;
    const negative = hi < 0 && !Number.isNaN(values[i]);
    low[i] = negative ? ~words[2 * i]! : words[2 * i]!;
    high[i] = negative ? ~hi : hi | SIGN;
  }
  return [low, high];
}
