/**
 * One leaf column, decoded here instead of by parquet-wasm: text stays in its dictionary, so that a filter tests each
 * distinct value once and no byte is copied for rows. Counting rows by a promoted column took a fifth of the time, full
 * spans a third.
 *
 * Values stand in slots: a slot a row, or in lists a slot an item; null ones have a slot and no value.
 */
import type { ColumnMetaData } from 'hyparquet';
import { releaseMade } from '../../platform/memory.ts';
import type { View } from '../columns/view.ts';
import { spread } from './code-page.ts';
import type { CodeMemo } from './coded-column.ts';
import type { LeafForm } from './column-form.ts';
import { openDataPage } from './data-page.ts';
import { createDecimalValues, type DecimalDictionary } from './decimal-values.ts';
import { distinctIn, readDictionary } from './dictionary.ts';
import { createFixedBytes, formOfBytes } from './fixed-bytes.ts';
import { createFixedValues, type FixedValues, presentOf, type WordDictionary } from './fixed-values.ts';
import { decodeCodes } from './hybrid.ts';
import { createLevelReader, type LeafLevels, type LevelReader, type PageLevels } from './levels.ts';
import { decompress, type RawPage, valuesIn } from './page.ts';
import type { RowRange } from './page-index.ts';
import { createTextValues, type TextDictionary, type TextValues } from './text-values.ts';

export interface DecodedLeaf {
  readonly levels: LeafLevels;
  /** A slot a row of the view. */
  readonly view: View;
}

/** What one slice of a row group leaves for the next one, by leaf: its dictionary, and the page that holds rows of both. */
export interface LeafMemo extends CodeMemo {
  page?: { readonly body: Uint8Array; readonly bytes: Uint8Array };
}

interface DataPage extends PageLevels {
  readonly encoding: string;
  /** Values begin at `start`. */
  readonly bytes: Uint8Array;
  readonly start: number;
  /** As it was stored. */
  readonly body: Uint8Array;
}

/**
 * The wanted rows of pages that stand behind each other and hold `rows` rows, after the dictionary page where there is
 * one. Throws where they do not hold so many.
 */
export function decodeLeaf(
  form: LeafForm,
  meta: ColumnMetaData,
  raw: readonly RawPage[],
  rows: number,
  wanted: RowRange,
  memo: LeafMemo = {},
): DecodedLeaf {
  const reader = createLevelReader(
    form,
    raw.reduce((sum, { header }) => sum + valuesIn(header), 0),
    rows,
  );
  const pages: DataPage[] = [];
  let at = 0;
  for (const page of raw) {
    const count = valuesIn(page.header);
    if (page.header.dictionary_page_header !== undefined) {
      memo.dictionary ??= readDictionary(form, meta, page);
    } else if (count > 0) {
      const isAside = form.repetition === 0 && (at + count <= wanted.start || at >= wanted.end);
      if (!isAside) pages.push(openPage(form, meta, page, at, count, reader, memo));
      at += count;
    }
  }
  const { levels, chosen } = reader.finish(wanted);
  const view = readValues(form, pages, reader.definition, at, chosen, memo.dictionary);
  // The values were copied. Left to the collector, pages made it run seven times a row group of spans.
  for (const { bytes, body } of pages) if (bytes !== memo.page?.bytes) releaseMade(bytes, body);
  return { levels, view };
}

/** Decompresses a page and reads its levels. */
function openPage(
  form: LeafForm,
  { codec }: ColumnMetaData,
  raw: RawPage,
  first: number,
  count: number,
  reader: LevelReader,
  memo: LeafMemo,
): DataPage {
  const opened = openDataPage(form, codec, raw, (kind, body, size) => decompressed(kind, body, size, memo));
  const { encoding, bytes, start, repetition, definition } = opened;
  return { ...reader.page(first, count, repetition, definition), encoding, bytes, start, body: raw.body };
}

/** A page whose rows are in two slices is decompressed once; the last one may be. */
function decompressed(codec: ColumnMetaData['codec'], body: Uint8Array, size: number, memo: LeafMemo): Uint8Array {
  const { page } = memo;
  const isSame = page?.body.byteOffset === body.byteOffset && page.body.buffer === body.buffer;
  const bytes = isSame ? page.bytes : decompress(codec, body, size);
  memo.page = { body, bytes };
  return bytes;
}

function readValues(
  form: LeafForm,
  pages: readonly DataPage[],
  definition: Uint8Array | undefined,
  entries: number,
  chosen: RowRange,
  dictionary: LeafMemo['dictionary'],
): View {
  const { wanted, valid } = slotsOf(form, definition, entries, chosen);
  const values = valuesOf(form, wanted.end - wanted.start, dictionary);
  const parts: PagePart[] = [];
  let at = 0;
  for (const page of pages) {
    // Without lists pages that are not wanted were left out.
    if (form.repetition === 0) at = page.first;
    const end = at + page.slots;
    const start = Math.max(at, wanted.start);
    const count = Math.min(end, wanted.end) - start;
    // What stands before and behind the wanted slots gets no place.
    if (count > 0) {
      const isFull = page.present === page.slots;
      const before = isFull ? start - at : presentOf(start - at, valid!.subarray(at, start));
      const some = isFull ? undefined : valid!.subarray(start, start + count);
      parts.push({ page, before, at: start - wanted.start, count, valid: some, present: presentOf(count, some) });
    }
    at = end;
  }
  if (values.kind === 'text') expectPlain(values, parts);
  for (const part of parts) readPart(part, values, dictionary);
  const hasNulls = parts.some((part) => part.valid !== undefined);
  return values.view(hasNulls ? valid?.subarray(wanted.start, wanted.end) : undefined);
}

/** The wanted slots of a page. */
interface PagePart {
  readonly page: DataPage;
  /** Values of the page that stand before them. */
  readonly before: number;
  /** Their places in the view. */
  readonly at: number;
  readonly count: number;
  /** Which of them have a value; undefined where all have. */
  readonly valid: Uint8Array | undefined;
  readonly present: number;
}

interface Slots {
  readonly wanted: RowRange;
  /** A byte a slot, 1 = with a value; undefined where all have one. */
  readonly valid: Uint8Array | undefined;
}

/** Entries to slots: an empty list has an entry and no slot. */
function slotsOf(
  { definition: most, item }: LeafForm,
  definition: Uint8Array | undefined,
  entries: number,
  chosen: RowRange,
): Slots {
  if (definition === undefined) return { wanted: chosen, valid: undefined };
  // Outside lists and structs the levels are what is asked.
  if (most === 1 && item === 0) return { wanted: chosen, valid: definition };
  const valid = new Uint8Array(entries);
  let slots = 0;
  let [start, end] = [0, 0];
  for (let i = 0; i < entries; i++) {
    if (i === chosen.start) start = slots;
    if (i === chosen.end) end = slots;
    const level = definition[i]!;
    if (level >= item) valid[slots++] = level === most ? 1 : 0;
  }
  if (chosen.start === entries) start = slots;
  if (chosen.end === entries) end = slots;
  return { wanted: { start, end }, valid: valid.subarray(0, slots) };
}

function valuesOf(
  { element, type }: LeafForm,
  slots: number,
  dictionary: LeafMemo['dictionary'],
): TextValues | FixedValues {
  if (type.kind === 'decimal') {
    return createDecimalValues(slots, element, type, dictionary as DecimalDictionary | undefined);
  }
  const texts = dictionary as TextDictionary | undefined;
  if (element.type === 'BYTE_ARRAY') return createTextValues(slots, texts, formOfBytes(type));
  if (element.type === 'FIXED_LEN_BYTE_ARRAY') return createFixedBytes(slots, element.type_length ?? 0, type, texts);
  return createFixedValues(slots, element, type, dictionary as WordDictionary | undefined);
}

/** Of a part of a page, about its share of the bytes. */
function expectPlain(values: TextValues, parts: readonly PagePart[]): void {
  let [count, bytes] = [0, 0];
  for (const { page, present } of parts) {
    if (page.encoding !== 'PLAIN' || present === 0) continue;
    const all = Math.max(0, page.bytes.length - page.start - 4 * page.present);
    count += present;
    bytes += Math.ceil((all * present) / page.present);
  }
  if (count > 0) values.expect(count, bytes);
}

/** Codes on their way to their places. */
let scratch = new Int32Array(0);

function readPart(
  { page: { encoding, bytes, start }, before, at, count, valid, present }: PagePart,
  values: TextValues | FixedValues,
  dictionary: LeafMemo['dictionary'],
): void {
  if (encoding === 'PLAIN') {
    values.plain(bytes, start, before, at, count, valid);
  } else if (encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY') {
    if (dictionary === undefined) throw new Error('a page of codes has no dictionary');
    if (scratch.length < before + count) scratch = new Int32Array(before + count);
    if (present > 0) {
      if (start >= bytes.length) throw new Error('its codes are cut off');
      const highest = decodeCodes(bytes, start + 1, bytes.length, bytes[start]!, scratch, 0, before + present);
      if (highest >= distinctIn(dictionary)) throw new Error('a value is not in its dictionary');
    }
    const codes = scratch.subarray(before, before + count);
    if (valid !== undefined) spread(codes, valid, count, present);
    values.coded(codes, at);
  } else if (encoding === 'RLE' && values.kind === 'fixed') {
    values.runs(bytes, start, before, at, count, valid);
  } else {
    throw new Error(`values in ${encoding}`);
  }
}
