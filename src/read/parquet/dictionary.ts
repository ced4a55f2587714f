/** The values of a dictionary page. */
import type { ColumnMetaData } from 'hyparquet';
import type { LeafForm } from './column-form.ts';
import { readWordDictionary, type WordDictionary } from './fixed-values.ts';
import { decompress, type RawPage } from './page.ts';
import { readTextDictionary, type TextDictionary } from './text-values.ts';

export type LeafDictionary = TextDictionary | WordDictionary;

/** Throws where the page does not hold the values that its header promises. */
export function readDictionary({ element }: LeafForm, { codec }: ColumnMetaData, page: RawPage): LeafDictionary {
  const count = page.header.dictionary_page_header!.num_values;
  const bytes = decompress(codec, page.body, page.header.uncompressed_page_size);
  if (element.type !== 'BYTE_ARRAY') return readWordDictionary(bytes, count, element);
  // What is stored as it is belongs to the row group.
  const isOwn = bytes.buffer !== page.body.buffer && bytes.buffer instanceof ArrayBuffer;
  return readTextDictionary(isOwn ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes), count);
}

export function distinctIn(dictionary: LeafDictionary): number {
  return 'count' in dictionary ? dictionary.count : dictionary.length / 2;
}
