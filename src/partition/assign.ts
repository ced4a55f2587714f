/** From a field's values to labels (path text), asking for the label of each distinct value once. */
import type { IdData, NumberData } from '../model/batch.ts';
import type { FieldData, TextField } from './field.ts';

/** Every label is used by a row; labels are distinct and stand in the order in which rows first used them. */
export interface Assignment {
  readonly labels: readonly string[];
  /** Index into labels, one a row. */
  readonly codes: Int32Array;
}

/** Labels of values by their kind. The bytes given are views that must not be kept. */
export interface Labelling {
  readonly missing: string;
  text(utf8: Uint8Array): string;
  /** `utf8` is the id as lower-case hex. */
  id(utf8: Uint8Array): string;
  number(value: number | bigint, kind: NumberData['kind']): string;
}

class LabelIndex {
  readonly labels: string[] = [];
  readonly #index = new Map<string, number>();

  codeOf(label: string): number {
    let code = this.#index.get(label);
    if (code === undefined) {
      code = this.labels.push(label) - 1;
      this.#index.set(label, code);
    }
    return code;
  }
}

export function assignField(data: FieldData, rows: number, labelling: Labelling): Assignment {
  if (data === undefined) return rows === 0 ? NOTHING : { labels: [labelling.missing], codes: new Int32Array(rows) };
  if (data.kind === 'text') return assignText(data, labelling);
  if (data.kind === 'id') return assignIds(data, labelling);
  return assignNumbers(data, labelling);
}

const NOTHING: Assignment = { labels: [], codes: new Int32Array(0) };

function assignText(data: TextField, labelling: Labelling): Assignment {
  const index = new LabelIndex();
  const rows = data.codes.length;
  const codes = new Int32Array(rows);
  // Slot 0 is the missing value, so that code -1 needs no branch of its own.
  const known = new Int32Array(data.count + 1).fill(-1);
  for (let row = 0; row < rows; row++) {
    const slot = data.codes[row]! + 1;
    let code = known[slot]!;
    if (code < 0) {
      code = index.codeOf(slot === 0 ? labelling.missing : labelling.text(data.utf8(slot - 1)));
      known[slot] = code;
    }
    codes[row] = code;
  }
  return { labels: index.labels, codes };
}

function assignNumbers(data: NumberData, labelling: Labelling): Assignment {
  const index = new LabelIndex();
  const { length, values, valid, kind } = data;
  const codes = new Int32Array(length);
  const known = new Map<number | bigint, number>();
  for (let row = 0; row < length; row++) {
    if (valid !== undefined && valid[row] === 0) {
      codes[row] = index.codeOf(labelling.missing);
      continue;
    }
    const value = values[row]!;
    let code = known.get(value);
    if (code === undefined) {
      code = index.codeOf(labelling.number(value, kind));
      known.set(value, code);
    }
    codes[row] = code;
  }
  return { labels: index.labels, codes };
}

const HEX_DIGITS = new TextEncoder().encode('0123456789abcdef');

/** Ids are nearly all distinct: no memo of values, only of labels. */
function assignIds(data: IdData, labelling: Labelling): Assignment {
  const index = new LabelIndex();
  const { length, width, bytes, valid } = data;
  const codes = new Int32Array(length);
  const hex = new Uint8Array(width * 2);
  for (let row = 0; row < length; row++) {
    if (valid !== undefined && valid[row] === 0) {
      codes[row] = index.codeOf(labelling.missing);
      continue;
    }
    const start = row * width;
    for (let i = 0; i < width; i++) {
      const byte = bytes[start + i]!;
      hex[2 * i] = HEX_DIGITS[byte >> 4]!;
      hex[2 * i + 1] = HEX_DIGITS[byte & 15]!;
    }
    codes[row] = index.codeOf(labelling.id(hex));
  }
  return { labels: index.labels, codes };
}

/** Pairs with a small product are found in an array (4 bytes a pair), others in a map. */
const MAX_PAIR_TABLE = 1 << 16;

/** The labels of two strategies joined by `/`. Only pairs that a row has become a label. */
export function combine(a: Assignment, b: Assignment): Assignment {
  const rows = a.codes.length;
  const width = b.labels.length;
  const codes = new Int32Array(rows);
  const labels: string[] = [];
  const pairs = a.labels.length * width;
  if (pairs <= MAX_PAIR_TABLE) {
    const known = new Int32Array(pairs).fill(-1);
    for (let row = 0; row < rows; row++) {
      const pair = a.codes[row]! * width + b.codes[row]!;
      if (known[pair]! < 0) known[pair] = labels.push(`${a.labels[a.codes[row]!]}/${b.labels[b.codes[row]!]}`) - 1;
      codes[row] = known[pair]!;
    }
    return { labels, codes };
  }
  const known = new Map<number, number>();
  for (let row = 0; row < rows; row++) {
    const pair = a.codes[row]! * width + b.codes[row]!;
    let code = known.get(pair);
    if (code === undefined) {
      code = labels.push(`${a.labels[a.codes[row]!]}/${b.labels[b.codes[row]!]}`) - 1;
      known.set(pair, code);
    }
    codes[row] = code;
  }
  return { labels, codes };
}
