/** The values of a dictionary page. */
import type { ColumnMetaData } from 'hyparquet';
import type { LeafForm } from './column-form.ts';
import { type DecimalDictionary, readDecimalDictionary } from './decimal-values.ts';
import { readFixedDictionary } from './fixed-bytes.ts';
import { readWordDictionary, type WordDictionary } from './fixed-values.ts';
import { decompress, type RawPage } from './page.ts';
import { readTextDictionary, type TextDictionary } from './text-values.ts';

export type LeafDictionary = TextDictionary | WordDictionary | DecimalDictionary;

/** Throws where the page does not hold the values that its header promises. */
export function readDictionary({ element, type }: LeafForm, { codec }: ColumnMetaData, page: RawPage): LeafDictionary {
  const count = page.header.dictionary_page_header!.num_values;
  const bytes = decompress(codec, page.body, page.header.uncompressed_page_size);
  if (type.kind === 'decimal') return readDecimalDictionary(bytes, count, element);
  if (element.type === 'FIXED_LEN_BYTE_ARRAY') return readFixedDictionary(bytes, count, element.type_length ?? 0);
  if (element.type !== 'BYTE_ARRAY') return readWordDictionary(bytes, count, element);
  // What is stored as it is belongs to the row group.
  const isOwn = bytes.buffer !== page.body.buffer && bytes.buffer instanceof ArrayBuffer;
  return readTextDictionary(isOwn ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes), count);
}

export function distinctIn(dictionary: LeafDictionary): number {
  if ('count' in dictionary) return dictionary.count;
  return dictionary instanceof Int32Array ? dictionary.length / 2 : dictionary.length;
}
