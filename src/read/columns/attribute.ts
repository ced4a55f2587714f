import type { ReadBatch } from './batch.ts';
import { type TextView, textIndex } from './view.ts';

/** The text of an attribute in each row: the first of the maps that has the key with a value. */
export function attributeView(batch: ReadBatch, maps: readonly string[], key: string): TextView {
  const values = maps.map((map) => batch.map(map).values);
  const entries = maps.map((map) => batch.entries(map, key));
  const { rows } = batch;
  if (maps.length === 1) return oneMap(values[0]!, entries[0]!, rows);
  const from = new Uint8Array(rows);
  const index = new Int32Array(rows).fill(-1);
  let length = 0;
  for (let i = 0; i < rows; i++) {
    for (let m = 0; m < values.length; m++) {
      const entry = entries[m]![i]!;
      const at = entry < 0 ? -1 : textIndex(values[m]!, entry);
      if (at < 0) continue;
      from[i] = m;
      index[i] = at;
      length += values[m]!.offsets[at + 1]! - values[m]!.offsets[at]!;
      break;
    }
  }
  return gather(values, from, index, length);
}

function oneMap(values: TextView, entries: Int32Array, rows: number): TextView {
  const codes = new Int32Array(rows);
  for (let i = 0; i < rows; i++) codes[i] = entries[i]! < 0 ? -1 : textIndex(values, entries[i]!);
  return { kind: 'text', rows, codes, valid: undefined, offsets: values.offsets, bytes: values.bytes };
}

function gather(values: readonly TextView[], from: Uint8Array, index: Int32Array, length: number): TextView {
  const rows = index.length;
  const offsets = new Int32Array(rows + 1);
  const bytes = new Uint8Array(length);
  const valid = new Uint8Array(rows);
  let at = 0;
  for (let i = 0; i < rows; i++) {
    const value = index[i]!;
    if (value >= 0) {
      const view = values[from[i]!]!;
      for (let k = view.offsets[value]!; k < view.offsets[value + 1]!; k++) bytes[at++] = view.bytes[k]!;
      valid[i] = 1;
    }
    offsets[i + 1] = at;
  }
  return { kind: 'text', rows, codes: undefined, valid, offsets, bytes };
}
