/** Text as Arrow's dictionary type: the values of a column's dictionary are given out once, and rows are numbers. */
import { type Data, type Dictionary, type Int32, makeData, Utf8, Vector } from 'apache-arrow';
import type { TextView } from '../columns/view.ts';
import { bitmapOf, countUp, fromZero, gatherText } from './gather.ts';

/** A dictionary this much larger than its rows is not given out as it is, but for small ones. */
const MAX_UNUSED_TIMES = 2;
const SMALL_DICTIONARY = 1024;

/** Rows of a text; all where none are named. Shares the view's buffers where it can. */
export function codedText(view: TextView, type: Dictionary<Utf8, Int32>, rows?: Int32Array): Data {
  const { codes: all } = view;
  if (all === undefined) return ownValues(view, type, rows);
  const codes = rows === undefined ? all : rows.map((row) => all[row]!);
  const distinct = view.offsets.length - 1;
  const isSparse = distinct > SMALL_DICTIONARY && distinct > MAX_UNUSED_TIMES * codes.length;
  return isSparse ? compacted(view, codes, type) : coded(view.offsets, view.bytes, codes, type);
}

/** Without a dictionary each row's value becomes one of its own. */
function ownValues(view: TextView, type: Dictionary<Utf8, Int32>, rows: Int32Array | undefined): Data {
  const length = rows?.length ?? view.rows;
  const codes = countUp(length);
  if (view.valid !== undefined) {
    for (let i = 0; i < length; i++) if (view.valid[rows?.[i] ?? i] === 0) codes[i] = -1;
  }
  if (rows !== undefined) {
    const { valueOffsets, data } = gatherText(view, rows);
    return coded(valueOffsets, data, codes, type);
  }
  const { valueOffsets, start, end } = fromZero(view.offsets);
  return coded(valueOffsets, view.bytes.subarray(start, end), codes, type);
}

/** With only the values that are used, in the order of their use. */
function compacted({ offsets, bytes, ...view }: TextView, codes: Int32Array, type: Dictionary<Utf8, Int32>): Data {
  const place = new Int32Array(offsets.length - 1).fill(-1);
  const used = new Int32Array(codes.length);
  let count = 0;
  const moved = codes.map((code) => {
    if (code < 0) return -1;
    if (place[code]! < 0) {
      used[count] = code;
      place[code] = count++;
    }
    return place[code]!;
  });
  const { valueOffsets, data } = gatherText(
    { ...view, offsets, bytes, codes: undefined, valid: undefined },
    used.subarray(0, count),
  );
  return coded(valueOffsets, data, moved, type);
}

function coded(offsets: Int32Array, bytes: Uint8Array, codes: Int32Array, type: Dictionary<Utf8, Int32>): Data {
  const values = { type: new Utf8(), length: offsets.length - 1, nullCount: 0, valueOffsets: offsets, data: bytes };
  const dictionary = new Vector([makeData(values)]);
  const { length } = codes;
  let nullCount = 0;
  for (let i = 0; i < length; i++) nullCount += codes[i]! >>> 31;
  if (nullCount === 0) return makeData({ type, length, nullCount, data: codes, dictionary });
  const valid = new Uint8Array(length);
  const data = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const code = codes[i]!;
    if (code < 0) continue;
    valid[i] = 1;
    data[i] = code;
  }
  return makeData({ type, length, nullCount, nullBitmap: bitmapOf(valid), data, dictionary });
}
