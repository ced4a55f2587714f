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
import { sliceView } from '../columns/view.ts';
import { spread } from './code-page.ts';
import type { CodeMemo } from './coded-column.ts';
import type { LeafForm } from './column-form.ts';
import { openDataPage } from './data-page.ts';
import { distinctIn, readDictionary } from './dictionary.ts';
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
  const { slots, wanted, valid } = slotsOf(form, definition, entries, chosen);
  const values = valuesOf(form, slots, wanted, dictionary);
  if (values.kind === 'text') expectPlain(values, pages);
  let hasNulls = false;
  let at = 0;
  for (const page of pages) {
    // Without lists pages that are not wanted were left out.
    if (form.repetition === 0) at = page.first;
    const end = at + page.slots;
    if (end > wanted.start && at < wanted.end && page.slots > 0) {
      // What stands behind the wanted slots of the last page is not decoded.
      const slots = Math.min(end, wanted.end) - at;
      const some = page.present < page.slots ? valid!.subarray(at, at + slots) : undefined;
      if (some !== undefined) hasNulls = true;
      readPage({ ...page, slots, present: presentOf(slots, some) }, values, at, some, dictionary);
    }
    at = end;
  }
  return sliceView(values.view(hasNulls ? valid : undefined), wanted.start, wanted.end);
}

interface Slots {
  readonly slots: number;
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
  if (definition === undefined) return { slots: entries, wanted: chosen, valid: undefined };
  // Outside lists and structs the levels are what is asked.
  if (most === 1 && item === 0) return { slots: entries, wanted: chosen, valid: definition };
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
  return { slots, wanted: { start, end }, valid: valid.subarray(0, slots) };
}

function valuesOf(
  { element, type }: LeafForm,
  slots: number,
  wanted: RowRange,
  dictionary: LeafMemo['dictionary'],
): TextValues | FixedValues {
  return element.type === 'BYTE_ARRAY'
    ? createTextValues(slots, wanted, dictionary as TextDictionary | undefined)
    : createFixedValues(slots, element, type, dictionary as WordDictionary | undefined);
}

function expectPlain(values: TextValues, pages: readonly DataPage[]): void {
  let [count, bytes] = [0, 0];
  for (const page of pages) {
    if (page.encoding !== 'PLAIN') continue;
    count += page.present;
    bytes += Math.max(0, page.bytes.length - page.start - 4 * page.present);
  }
  if (count > 0) values.expect(count, bytes);
}

/** Codes of numbers on their way to their values. */
let scratch = new Int32Array(0);

function readPage(
  { encoding, bytes, start, slots: count, present }: DataPage,
  values: TextValues | FixedValues,
  first: number,
  valid: Uint8Array | undefined,
  dictionary: LeafMemo['dictionary'],
): void {
  if (encoding === 'PLAIN') {
    values.plain(bytes, start, first, count, valid);
  } else if (encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY') {
    if (dictionary === undefined) throw new Error('a page of codes has no dictionary');
    if (values.kind === 'fixed' && scratch.length < count) scratch = new Int32Array(count);
    const codes = values.kind === 'text' ? values.codes(first, count) : scratch.subarray(0, count);
    if (present > 0) {
      if (start >= bytes.length) throw new Error('its codes are cut off');
      const highest = decodeCodes(bytes, start + 1, bytes.length, bytes[start]!, codes, 0, present);
      if (highest >= distinctIn(dictionary)) throw new Error('a value is not in its dictionary');
    }
    if (valid !== undefined) spread(codes, valid, count, present);
    if (values.kind === 'fixed') values.coded(codes, first);
  } else if (encoding === 'RLE' && values.kind === 'fixed') {
    values.runs(bytes, start, first, count, valid);
  } else {
    throw new Error(`values in ${encoding}`);
  }
}
