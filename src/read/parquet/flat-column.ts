/**
 * Columns that are not nested, decoded here instead of by parquet-wasm: text stays in its dictionary, so that a filter
 * tests each distinct value once and no byte is copied for rows. Counting rows by a promoted column took a fifth of the
 * time. Only what files of this bridge hold is taken, and what is alike in others; all else is left to parquet-wasm.
 */
import type { ColumnMetaData, SchemaElement } from 'hyparquet';
import { sliceView, type View } from '../columns/view.ts';
import type { ReadType } from '../schema.ts';
import { decodeHybrid, decodeLevels } from './hybrid.ts';
import { canDecompress, decompress, pagesIn, type RawPage } from './page.ts';
import type { RowRange } from './page-index.ts';
import { createTextValues, type TextValues } from './text-values.ts';

/** Whether a column chunk has a form that `decodeFlat` knows. */
export function canDecodeFlat(meta: ColumnMetaData, element: SchemaElement, type: ReadType): boolean {
  const known = meta.encodings.every((encoding) => ENCODINGS.has(encoding));
  if (!known || !canDecompress(meta.codec) || meta.path_in_schema.length !== 1) return false;
  if (element.repetition_type === 'REPEATED') return false;
  const logical = element.logical_type?.type ?? element.converted_type;
  switch (type.kind) {
    case 'string':
    case 'id':
      return element.type === 'BYTE_ARRAY' && (logical === 'STRING' || logical === 'UTF8');
    case 'uint32':
    case 'int64':
      return element.type === 'INT64' && (logical === undefined || logical === 'INTEGER' || logical === 'INT_64');
    case 'timestamp':
      return element.type === 'INT64' && isMicroseconds(element);
    case 'double':
      return element.type === 'DOUBLE';
    default:
      return false;
  }
}

const ENCODINGS = new Set(['PLAIN', 'PLAIN_DICTIONARY', 'RLE_DICTIONARY', 'RLE', 'BIT_PACKED']);

function isMicroseconds({ logical_type: logical, converted_type: converted }: SchemaElement): boolean {
  return logical?.type === 'TIMESTAMP' ? logical.unit === 'MICROS' : converted === 'TIMESTAMP_MICROS';
}

interface Decoding {
  readonly meta: ColumnMetaData;
  readonly optional: boolean;
  readonly rows: number;
  /** A byte a row, 1 = present; only of optional columns. */
  readonly valid: Uint8Array;
  nulls: number;
  /** Rows of the pages so far. */
  at: number;
}

/**
 * The wanted rows of consecutive pages of `rows` rows, after the dictionary page where there is one. Throws where they do
 * not hold so many.
 */
export function decodeFlat(
  meta: ColumnMetaData,
  element: SchemaElement,
  type: ReadType,
  parts: readonly Uint8Array[],
  rows: number,
  wanted: RowRange,
): View {
  const optional = element.repetition_type === 'OPTIONAL';
  const decoding = { meta, optional, rows, valid: new Uint8Array(optional ? rows : 0), nulls: 0, at: 0 };
  const values = type.kind === 'string' || type.kind === 'id' ? createTextValues(rows, wanted) : createWords(rows);
  for (const part of parts) {
    for (const page of pagesIn(part)) readPage(decoding, page, values);
  }
  if (decoding.at !== rows) throw new Error(`it gave ${decoding.at} rows instead of ${rows}`);
  const valid = decoding.nulls === 0 ? undefined : decoding.valid;
  return sliceView(viewOf(values, type, rows, valid), wanted.start, wanted.end);
}

function viewOf(values: TextValues | Words, type: ReadType, rows: number, valid: Uint8Array | undefined): View {
  if ('view' in values) return values.view(valid);
  if (type.kind === 'double') return { kind: 'double', rows, values: new Float64Array(values.words.buffer), valid };
  const kind = type.kind === 'timestamp' ? 'timestamp' : 'int';
  return { kind, rows, values: new BigInt64Array(values.words.buffer), valid };
}

function readPage(decoding: Decoding, { header, body }: RawPage, values: TextValues | Words): void {
  const { codec } = decoding.meta;
  const { dictionary_page_header: dictionary, data_page_header: v1, data_page_header_v2: v2 } = header;
  if (dictionary !== undefined) {
    values.dictionary(decompress(codec, body, header.uncompressed_page_size), dictionary.num_values);
  } else if (v1 !== undefined) {
    const bytes = decompress(codec, body, header.uncompressed_page_size);
    let start = 0;
    let present = v1.num_values;
    if (decoding.optional) {
      if (v1.definition_level_encoding !== 'RLE') throw new Error(`levels in ${v1.definition_level_encoding}`);
      start = 4 + new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
      present = readLevels(decoding, bytes, 4, start, v1.num_values);
    }
    readValues(decoding, v1.encoding, bytes, start, v1.num_values, present, values);
  } else if (v2 !== undefined) {
    const { repetition_levels_byte_length: repetition = 0, definition_levels_byte_length: levels = 0 } = v2;
    const start = repetition + levels;
    const present = decoding.optional ? readLevels(decoding, body, repetition, start, v2.num_values) : v2.num_values;
    const rest = body.subarray(start);
    const bytes = v2.is_compressed ? decompress(codec, rest, header.uncompressed_page_size - start) : rest;
    readValues(decoding, v2.encoding, bytes, 0, v2.num_values, present, values);
  }
}

/** The number of present rows. */
function readLevels(
  { valid, at, rows }: Decoding,
  bytes: Uint8Array,
  start: number,
  end: number,
  count: number,
): number {
  if (end > bytes.length || !(count >= 0 && at + count <= rows))
    throw new Error('a page has more rows than it promises');
  return decodeLevels(bytes, start, end, valid, at, count);
}

function readValues(
  decoding: Decoding,
  encoding: string,
  bytes: Uint8Array,
  start: number,
  count: number,
  present: number,
  values: TextValues | Words,
): void {
  const { at, rows } = decoding;
  if (!(count >= 0 && at + count <= rows)) throw new Error('a page has more rows than it promises');
  const nulls = present < count ? decoding.valid.subarray(at, at + count) : undefined;
  decoding.nulls += count - present;
  if (encoding === 'PLAIN') {
    values.plain(bytes, start, at, count, nulls);
  } else if (encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY') {
    const codes = values.codes(at, count);
    if (present > 0) decodeHybrid(bytes, start + 1, bytes.length, bytes[start]!, codes, 0, present);
    checkCodes(codes, present, values.distinct);
    if (nulls !== undefined) spread(codes, nulls, present);
    values.coded(codes, at);
  } else {
    throw new Error(`values in ${encoding}`);
  }
  decoding.at += count;
}

function checkCodes(codes: Int32Array, present: number, distinct: number): void {
  let highest = -1;
  for (let i = 0; i < present; i++) {
    const code = codes[i]!;
    // Codes of 32 bits may come out negative.
    if (code < 0) throw new Error('a value is not in its dictionary');
    if (code > highest) highest = code;
  }
  if (highest >= distinct) throw new Error('a value is not in its dictionary');
}

/** Moves the values of present rows to their places, -1 elsewhere; from the end, so that none is overwritten. */
function spread(codes: Int32Array, valid: Uint8Array, present: number): void {
  let from = present;
  for (let i = codes.length - 1; i >= 0; i--) codes[i] = valid[i] === 1 ? codes[--from]! : -1;
}

interface Words extends Omit<TextValues, 'view'> {
  /** Two 32-bit words a value. */
  readonly words: Int32Array;
}

/** Values of 8 bytes: as BigInts they would be allocated one by one. */
function createWords(rows: number): Words {
  const words = new Int32Array(2 * rows);
  const bytesOfWords = new Uint8Array(words.buffer);
  let distinct = new Int32Array(0);
  return {
    words,
    dictionary(bytes, count) {
      if (bytes.length < 8 * count) throw new Error('its dictionary is cut off');
      distinct = new Int32Array(bytes.slice(0, 8 * count).buffer);
    },
    plain(bytes, start, at, count, valid) {
      if (valid === undefined) {
        if (start + 8 * count > bytes.length) throw new Error('a page is cut off');
        bytesOfWords.set(bytes.subarray(start, start + 8 * count), 8 * at);
        return;
      }
      let from = start;
      for (let i = 0; i < count; i++) {
        if (valid[i] === 0) continue;
        if (from + 8 > bytes.length) throw new Error('a page is cut off');
        for (let b = 0; b < 8; b++) bytesOfWords[8 * (at + i) + b] = bytes[from + b]!;
        from += 8;
      }
    },
    get distinct() {
      return distinct.length / 2;
    },
    codes: (_at, count) => new Int32Array(count),
    coded(codes, at) {
      for (let i = 0; i < codes.length; i++) {
        const code = codes[i]!;
        if (code < 0) continue;
        words[2 * (at + i)] = distinct[2 * code]!;
        words[2 * (at + i) + 1] = distinct[2 * code + 1]!;
      }
    },
  };
}
