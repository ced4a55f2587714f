/** Dictionary-encoded strings of several record batches under one dictionary. */
import type { Data } from 'apache-arrow';
import type { StringDictionary } from '../model/batch.ts';
import { grow } from './bytes.ts';

export interface UnifiedStrings {
  /** Of each batch, a code a row; -1 for null. */
  readonly codes: readonly Int32Array[];
  readonly dictionary: StringDictionary;
}

/** `datas` are Dictionary<Utf8> columns, one a batch. */
export function unifyStrings(datas: readonly Data[]): UnifiedStrings {
  const dictionaries = new Set(datas.map((data) => data.dictionary!));
  if (dictionaries.size === 1) {
    const [{ data: values }] = dictionaries as unknown as [{ data: readonly Data[] }];
    if (values.length === 1)
      return { codes: datas.map((data) => ownCodes(data)), dictionary: asDictionary(values[0]!) };
  }
  const union = createUnion();
  const renumbered = new Map([...dictionaries].map((values) => [values, union.add(values.data)]));
  const codes = datas.map((data) => ownCodes(data, renumbered.get(data.dictionary!)!));
  return { codes, dictionary: union.finish() };
}

function asDictionary({ length, valueOffsets, values }: Data): StringDictionary {
  return { count: length, offsets: valueOffsets as Int32Array, bytes: values as Uint8Array };
}

/** Codes with -1 for null; `numbers` are the codes that take the place of the batch's own. */
function ownCodes(data: Data, numbers?: Int32Array): Int32Array {
  const values = data.values as Int32Array;
  if (data.nullCount === 0 && numbers === undefined && values instanceof Int32Array) return values;
  const codes = new Int32Array(data.length);
  const bits = data.nullCount === 0 ? undefined : data.nullBitmap;
  for (let i = 0; i < codes.length; i++) {
    const at = data.offset + i;
    const present = bits === undefined || ((bits[at >> 3]! >> (at & 7)) & 1) === 1;
    codes[i] = present ? (numbers === undefined ? values[i]! : numbers[values[i]!]!) : -1;
  }
  return codes;
}

/** Distinct values of all dictionaries. Their bytes, read as Latin-1, are the keys: no text is decoded. */
function createUnion() {
  const known = new Map<string, number>();
  let offsets: Int32Array = new Int32Array(0);
  let bytes: Uint8Array = new Uint8Array(0);
  let size = 0;

  function codeOf(text: string, from: Uint8Array, start: number, end: number): number {
    const found = known.get(text);
    if (found !== undefined) return found;
    const code = known.size;
    known.set(text, code);
    if (code + 1 >= offsets.length) offsets = grow(offsets, code + 2, 0);
    if (size + end - start > bytes.length) bytes = grow(bytes, size + end - start, 0);
    bytes.set(from.subarray(start, end), size);
    size += end - start;
    offsets[code + 1] = size;
    return code;
  }

  return {
    /** The new code of each value. */
    add(parts: readonly Data[]): Int32Array {
      const numbers = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const { length, valueOffsets, values } of parts) {
        const own = values as Uint8Array;
        const text = Buffer.from(own.buffer, own.byteOffset, own.byteLength);
        for (let i = 0; i < length; i++) {
          const start = valueOffsets[i]!;
          const end = valueOffsets[i + 1]!;
          numbers[at++] = codeOf(text.toString('latin1', start, end), own, start, end);
        }
      }
      return numbers;
    },
    finish(): StringDictionary {
      return { count: known.size, offsets: offsets.subarray(0, known.size + 1), bytes: bytes.subarray(0, size) };
    },
  };
}
