/**
 * A column outside of lists whose pages all hold codes into one dictionary. A filter tests each distinct value once and
 * looks at the codes by their runs; a code a row is written only where somebody asks for the rows' values. Pages are not
 * decompressed where no value of the dictionary is asked for. Counting rows by a promoted column took a third of the CPU.
 */
import type { ColumnMetaData } from 'hyparquet';
import type { CodedRows, View } from '../columns/view.ts';
import { type CodePage, createCodePage } from './code-page.ts';
import type { LeafForm } from './column-form.ts';
import { encodingOf } from './data-page.ts';
import { distinctIn, type LeafDictionary, readDictionary } from './dictionary.ts';
import { formOfBytes } from './fixed-bytes.ts';
import { codedWords, type WordDictionary, type WordsView, wordsView } from './fixed-values.ts';
import { type RawPage, valuesIn } from './page.ts';
import type { RowRange } from './page-index.ts';

/** What one slice of a row group leaves for the next one: the dictionary, and the page that holds rows of both. */
export interface CodeMemo {
  dictionary?: LeafDictionary;
  codes?: CodePage;
}

/** Gives errors the names of file and column: a page may be found damaged long after the view was made. */
export type Guard = <T>(run: () => T) => T;

/**
 * The wanted rows of pages that stand behind each other and hold `rows` rows, after the dictionary page where there is
 * one; undefined where they are not of this kind. Throws where they do not hold so many.
 */
export function codedColumn(
  form: LeafForm,
  meta: ColumnMetaData,
  raw: readonly RawPage[],
  rows: number,
  wanted: RowRange,
  memo: CodeMemo,
  guard: Guard,
): View | undefined {
  if (form.repetition > 0 || form.definition > 1 || form.element.type === 'BOOLEAN') return undefined;
  if (form.type.kind === 'decimal') return undefined;
  const pages = raw.filter(({ header }) => valuesIn(header) > 0);
  const first = raw.find(({ header }) => header.dictionary_page_header !== undefined);
  if (pages.length === 0 || first === undefined || !pages.every(isCoded)) return undefined;
  const found = pages.reduce((sum, { header }) => sum + valuesIn(header), 0);
  if (found !== rows) throw new Error(`it gave ${found} rows instead of ${rows}`);
  memo.dictionary ??= readDictionary(form, meta, first);
  const { dictionary } = memo;
  const placed: PlacedPage[] = [];
  let at = 0;
  for (const page of pages) {
    const end = at + valuesIn(page.header);
    if (end > wanted.start && at < wanted.end) {
      const isSame =
        memo.codes?.body.buffer === page.body.buffer && memo.codes.body.byteOffset === page.body.byteOffset;
      if (!isSame) memo.codes = createCodePage(form, meta.codec, page, distinctIn(dictionary));
      placed.push({ page: memo.codes!, first: at - wanted.start });
    }
    at = end;
  }
  return viewOf(form, createCodes(placed, wanted.end - wanted.start, guard), dictionary);
}

function isCoded({ header }: RawPage): boolean {
  const encoding = encodingOf(header);
  return encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY';
}

/** A page and the row of the view that it begins with; negative where rows of it are not wanted. */
interface PlacedPage {
  readonly page: CodePage;
  readonly first: number;
}

interface Codes extends Pick<CodedRows, 'isSpelt' | 'rowsOf' | 'check'> {
  readonly rows: number;
  /** -1 for null; spelt out once. */
  all(): Int32Array;
  part(start: number, end: number): Codes;
}

/** With what is known already: the codes, and that every run was gone through, so that damage would have been found. */
function createCodes(
  placed: readonly PlacedPage[],
  rows: number,
  guard: Guard,
  known?: { readonly codes: Int32Array | undefined; readonly isChecked: boolean },
): Codes {
  let spelt = known?.codes;
  let isChecked = known?.isChecked ?? false;
  const codes: Codes = {
    rows,
    get isSpelt() {
      return spelt !== undefined;
    },
    all() {
      spelt ??= guard(() => speltOut(placed, rows));
      isChecked = true;
      return spelt;
    },
    rowsOf(verdicts) {
      const found = guard(() => rowsOf(placed, verdicts, rows));
      isChecked = true;
      return found;
    },
    check() {
      if (!isChecked) codes.all();
    },
    part(start, end) {
      const moved = placed.map(({ page, first }) => ({ page, first: first - start }));
      const there = moved.filter(({ page, first }) => first < end - start && first + page.rows > 0);
      return createCodes(there, end - start, guard, { codes: spelt?.subarray(start, end), isChecked });
    },
  };
  return codes;
}

function speltOut(placed: readonly PlacedPage[], rows: number): Int32Array {
  const codes = new Int32Array(rows);
  for (const { page, first } of placed) {
    const start = Math.max(0, -first);
    page.spell(start, Math.min(page.rows, rows - first), codes, first + start);
  }
  return codes;
}

function rowsOf(placed: readonly PlacedPage[], verdicts: Uint8Array, rows: number): Int32Array {
  const found = placesOf(placed.reduce((sum, { page }) => sum + page.rows, 1));
  let count = 0;
  for (const { page, first } of placed) count = page.rowsOf(verdicts, first, found, count);
  // Pages at both ends may hold rows that are not wanted.
  let start = 0;
  while (start < count && found[start]! < 0) start++;
  while (count > start && found[count - 1]! >= rows) count--;
  return found.slice(start, count);
}

/** Rows on their way; nothing is kept in it from one call to the next. */
let places = new Int32Array(0);
const MAX_KEPT_ROWS = 1 << 18;

function placesOf(count: number): Int32Array {
  if (count > MAX_KEPT_ROWS) return new Int32Array(count);
  if (places.length < count) places = new Int32Array(Math.min(MAX_KEPT_ROWS, 2 * count));
  return places;
}

function viewOf(form: LeafForm, codes: Codes, dictionary: LeafDictionary): View {
  const { rows, rowsOf, check } = codes;
  const coded = (distinct: View): CodedRows => ({
    distinct,
    rowsOf,
    check,
    slice: (start, end) => viewOf(form, codes.part(start, end), dictionary),
    get isSpelt() {
      return codes.isSpelt;
    },
  });
  if ('count' in dictionary) {
    const { offsets, bytes, count } = dictionary;
    const written = formOfBytes(form.type);
    const distinct: View = {
      kind: 'text',
      rows: count,
      codes: undefined,
      valid: undefined,
      offsets,
      bytes,
      ...written,
    };
    return {
      kind: 'text',
      rows,
      get codes() {
        return codes.all();
      },
      valid: undefined,
      offsets,
      bytes,
      ...written,
      coded: coded(distinct),
    };
  }
  const words = dictionary as WordDictionary; // decimals have none of these views
  const distinct = wordsView(form.type, words, undefined);
  let spelt: WordsView | undefined;
  const all = () => {
    spelt ??= codedWords(form.type, codes.all(), words);
    return spelt;
  };
  const view = {
    ...distinct,
    rows,
    get values() {
      return all().values;
    },
    get valid() {
      return all().valid;
    },
    coded: coded(distinct),
  };
  return view as WordsView;
}
