/** Promoted columns of files that were written before the promotion: from the maps and the letters of their types. */
import type { PromotedType, Promotion } from '../../model/layout.ts';
import { type ReadBatch, textColumn } from './batch.ts';
import { textIndex, type View } from './view.ts';

/** The map of the row, then of its resource, each with the column of its types. */
export const PROMOTED_FROM = [
  { map: 'attributes', types: 'attribute_types' },
  { map: 'resource_attributes', types: 'resource_attribute_types' },
] as const;

const LETTERS: Readonly<Record<PromotedType, string>> = { string: 's', int64: 'i', double: 'd', bool: 'b' };

/** The columns a file must give for a promoted column it has not. */
export function promotedNeeds(): readonly string[] {
  return PROMOTED_FROM.flatMap(({ map, types }) => [map, types]);
}

/** Null where the attribute is missing or of another type, as the writer has it. */
export function promotedView(batch: ReadBatch, { attribute, type }: Promotion): View {
  const { rows } = batch;
  const letter = LETTERS[type].charCodeAt(0);
  const texts: (string | undefined)[] = new Array(rows);
  for (let i = 0; i < rows; i++) texts[i] = undefined;
  const decided = new Uint8Array(rows);
  for (const { map, types } of PROMOTED_FROM) {
    const entries = batch.entries(map, attribute);
    const { offsets, values } = batch.map(map);
    const letters = textColumn(batch, types);
    for (let i = 0; i < rows; i++) {
      const entry = entries[i]!;
      if (decided[i] === 1 || entry < 0) continue;
      decided[i] = 1;
      const word = textIndex(letters, i);
      const value = textIndex(values, entry);
      if (word < 0 || value < 0) continue;
      if (letters.bytes[letters.offsets[word]! + entry - offsets[i]!] !== letter) continue;
      texts[i] = decodeText(values.bytes, values.offsets[value]!, values.offsets[value + 1]!);
    }
  }
  return typedView(texts, type);
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

function decodeText(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end));
}

function typedView(texts: readonly (string | undefined)[], type: PromotedType): View {
  const rows = texts.length;
  const valid = Uint8Array.from(texts, (text) => (text === undefined ? 0 : 1));
  switch (type) {
    case 'string': {
      const encoded = texts.map((text) => encoder.encode(text ?? ''));
      const offsets = new Int32Array(rows + 1);
      for (let i = 0; i < rows; i++) offsets[i + 1] = offsets[i]! + encoded[i]!.length;
      const bytes = new Uint8Array(offsets[rows]!);
      for (let i = 0; i < rows; i++) bytes.set(encoded[i]!, offsets[i]!);
      return { kind: 'text', rows, codes: undefined, valid, offsets, bytes };
    }
    case 'int64':
      return { kind: 'int', rows, values: BigInt64Array.from(texts, (text) => BigInt(text ?? 0)), valid };
    case 'double':
      return { kind: 'double', rows, values: Float64Array.from(texts, (text) => Number(text ?? 0)), valid };
    case 'bool':
      return { kind: 'bool', rows, values: Uint8Array.from(texts, (text) => (text === 'true' ? 1 : 0)), valid };
  }
}
