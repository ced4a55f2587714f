/** Gathers rows of a batch: the slices that become row groups, in the order of the file. */
import { BridgeError } from '../errors.ts';
import type {
  Batch,
  ColumnData,
  IdData,
  ListData,
  MapData,
  NumberData,
  StringData,
  StringDictionary,
} from '../model/batch.ts';
import { MAX_INT32 } from './bytes.ts';

/**
 * The rows numbered by `rows`, in that order, as a batch of its own; rows may be left out and may come again.
 * Dictionaries hold the used values only, in the order of their first use. The cost depends on what is taken, not on the
 * size of `batch`. Throws `too_large` where the result would need offsets over 2^31 - 1.
 */
export function take(batch: Batch, rows: Int32Array): Batch {
  return { table: batch.table, rows: rows.length, columns: batch.columns.map((column) => takeColumn(column, rows)) };
}

function takeColumn(column: ColumnData, rows: Int32Array): ColumnData {
  switch (column.kind) {
    case 'string':
      return takeString(column, rows);
    case 'id':
      return takeId(column, rows);
    case 'map':
      return takeMap(column, rows);
    case 'list':
      return takeList(column, rows);
    case 'struct':
      return { kind: 'struct', length: rows.length, fields: column.fields.map((field) => takeColumn(field, rows)) };
    default:
      return takeNumber(column, rows);
  }
}

function takeString({ codes, dictionary }: StringData, rows: Int32Array): StringData {
  return compacted(takeWords(codes, rows), dictionary);
}

/**
 * `codes`, renumbered in place, with a dictionary of the values they use. `newCodes` is left as it was found, all 0, so
 * that the cost is that of the codes and not of the dictionary.
 */
export function compacted(codes: Int32Array, dictionary: StringDictionary): StringData {
  const { length } = codes;
  reserveScratch(dictionary.count);
  const renumbered = newCodes;
  const used = usedCodes;
  let count = 0;
  for (let i = 0; i < length; i++) {
    const code = codes[i]!;
    if (code < 0) continue;
    let next = renumbered[code]!;
    if (next === 0) {
      used[count++] = code;
      next = count;
      renumbered[code] = next;
    }
    codes[i] = next - 1;
  }
  for (let i = 0; i < count; i++) renumbered[used[i]!] = 0;
  return { kind: 'string', length, codes, dictionary: takeDictionary(dictionary, used, count) };
}

/** For each old code the new one plus 1, and the old codes in the order of the new; shared by all dictionaries of the thread. */
let newCodes = new Int32Array(0);
let usedCodes = new Int32Array(0);

function reserveScratch(count: number): void {
  if (newCodes.length >= count) return;
  newCodes = new Int32Array(2 * count);
  usedCodes = new Int32Array(2 * count);
}

function takeDictionary(source: StringDictionary, used: Int32Array, count: number): StringDictionary {
  const offsets = new Int32Array(count + 1);
  let size = 0;
  for (let i = 0; i < count; i++) {
    const code = used[i]!;
    size += source.offsets[code + 1]! - source.offsets[code]!;
    offsets[i + 1] = size;
  }
  const bytes = new Uint8Array(size);
  for (let i = 0; i < count; i++) {
    const code = used[i]!;
    copyBytes(source.bytes, source.offsets[code]!, source.offsets[code + 1]!, bytes, offsets[i]!);
  }
  return { count, offsets, bytes };
}

/** TypedArray.set costs 50 ns before it copies anything, as much as a loop over 40 bytes. */
function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > 40) {
    to.set(from.subarray(start, end), at);
    return;
  }
  let target = at;
  for (let i = start; i < end; i++) to[target++] = from[i]!;
}

function takeMap(map: MapData, rows: Int32Array): MapData {
  const { offsets, keys, values } = map;
  const taken = takeOffsets(offsets, rows);
  return {
    kind: 'map',
    length: rows.length,
    offsets: taken,
    keys: compacted(takeRuns(keys.codes, offsets, rows, taken), keys.dictionary),
    values: compacted(takeRuns(values.codes, offsets, rows, taken), values.dictionary),
    valid: takeValid(map.valid, rows),
  };
}

function takeList(list: ListData, rows: Int32Array): ListData {
  const offsets = takeOffsets(list.offsets, rows);
  const element = takeColumn(list.element, itemsOf(list.offsets, rows, offsets));
  return { kind: 'list', length: rows.length, offsets, element, valid: takeValid(list.valid, rows) };
}

function takeOffsets(offsets: Int32Array, rows: Int32Array): Int32Array {
  const { length } = rows;
  const taken = new Int32Array(length + 1);
  let total = 0;
  for (let i = 0; i < length; i++) {
    const row = rows[i]!;
    total += offsets[row + 1]! - offsets[row]!;
    if (total > MAX_INT32) {
      throw new BridgeError('too_large', 'the rows taken hold more than 2^31 - 1 list items or map entries');
    }
    taken[i + 1] = total;
  }
  return taken;
}

/** The runs of codes that belong to the rows, one after the other. */
function takeRuns(codes: Int32Array, offsets: Int32Array, rows: Int32Array, taken: Int32Array): Int32Array {
  const { length } = rows;
  const to = new Int32Array(taken[length]!);
  let at = 0;
  for (let i = 0; i < length; i++) {
    const row = rows[i]!;
    const end = offsets[row + 1]!;
    for (let item = offsets[row]!; item < end; item++) to[at++] = codes[item]!;
  }
  return to;
}

/** The numbers of the items that belong to the rows. */
function itemsOf(offsets: Int32Array, rows: Int32Array, taken: Int32Array): Int32Array {
  const { length } = rows;
  const items = new Int32Array(taken[length]!);
  let at = 0;
  for (let i = 0; i < length; i++) {
    const row = rows[i]!;
    const end = offsets[row + 1]!;
    for (let item = offsets[row]!; item < end; item++) items[at++] = item;
  }
  return items;
}

function takeNumber(column: NumberData, rows: Int32Array): NumberData {
  const { kind, values } = column;
  const valid = takeValid(column.valid, rows);
  return { kind, length: rows.length, values: takeValues(values, rows), valid };
}

function takeValues(values: NumberData['values'], rows: Int32Array): NumberData['values'] {
  if (values instanceof Uint8Array) return takeBytes(values, rows);
  if (values instanceof Int32Array) return takeWords(values, rows);
  if (values instanceof Uint32Array) return new Uint32Array(takeWords(wordsOf(values), rows).buffer);
  const taken = takePairs(wordsOf(values), rows).buffer;
  return values instanceof Float64Array ? new Float64Array(taken) : new BigInt64Array(taken);
}

function takeId(column: IdData, rows: Int32Array): IdData {
  const { width, bytes } = column;
  const words = wordsOf(bytes);
  const taken = width === 8 ? takePairs(words, rows) : takeQuads(words, rows);
  const valid = takeValid(column.valid, rows);
  return { kind: 'id', length: rows.length, width, bytes: new Uint8Array(taken.buffer), valid };
}

function takeValid(valid: Uint8Array | undefined, rows: Int32Array): Uint8Array | undefined {
  return valid === undefined ? undefined : takeBytes(valid, rows);
}

/** The same memory as 32-bit words: one loop for every type of a width, no BigInt, no change to the bits of a NaN. */
function wordsOf(values: Uint8Array | Uint32Array | BigInt64Array | Float64Array): Int32Array {
  const aligned = values.byteOffset % 4 === 0 ? values : values.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 2);
}

function takeBytes(from: Uint8Array, rows: Int32Array): Uint8Array {
  const to = new Uint8Array(rows.length);
  for (let i = 0; i < rows.length; i++) to[i] = from[rows[i]!]!;
  return to;
}

function takeWords(from: Int32Array, rows: Int32Array): Int32Array {
  const to = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) to[i] = from[rows[i]!]!;
  return to;
}

function takePairs(from: Int32Array, rows: Int32Array): Int32Array {
  const to = new Int32Array(2 * rows.length);
  for (let i = 0; i < rows.length; i++) {
    const at = 2 * rows[i]!;
    to[2 * i] = from[at]!;
    to[2 * i + 1] = from[at + 1]!;
  }
  return to;
}

function takeQuads(from: Int32Array, rows: Int32Array): Int32Array {
  const to = new Int32Array(4 * rows.length);
  for (let i = 0; i < rows.length; i++) {
    const at = 4 * rows[i]!;
    to[4 * i] = from[at]!;
    to[4 * i + 1] = from[at + 1]!;
    to[4 * i + 2] = from[at + 2]!;
    to[4 * i + 3] = from[at + 3]!;
  }
  return to;
}
