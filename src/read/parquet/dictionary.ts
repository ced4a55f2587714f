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
  return element.type === 'BYTE_ARRAY' ? readTextDictionary(bytes, count) : readWordDictionary(bytes, count, element);
}

export function distinctIn(dictionary: LeafDictionary): number {
  return 'count' in dictionary ? dictionary.count : dictionary.length / 2;
}
