/**
 * Repetition and definition levels of a leaf column, as they are read page by page
 * (https://parquet.apache.org/docs/file-format/nestedencoding/). Most columns have next to no nulls and no lists but one
 * around them: levels that are all the highest are not spelt out, and of lists that hold no others only the places where
 * rows begin are kept. That took a third of the levels' time.
 */
import type { LeafForm } from './column-form.ts';
import { constantRun, decodeLevels, zerosIn } from './hybrid.ts';
import type { RowRange } from './page-index.ts';

/** The levels of some rows. An entry is a value, a null, or an empty list. */
export interface LeafLevels {
  readonly rows: number;
  readonly entries: number;
  /** Definition levels, one an entry; undefined where all are the highest, `form.definition`. */
  readonly definition: Uint8Array | undefined;
  /** The entry each row begins with, and behind the last the number of entries; of columns in lists only. */
  readonly starts: Int32Array | undefined;
  /** Repetition levels, one an entry; only of columns in lists in lists. */
  readonly repetition: Uint8Array | undefined;
}

/** Where a page's levels are. */
export interface LevelBytes {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export interface PageLevels {
  /** Entry of the column that the page begins with. */
  readonly first: number;
  readonly entries: number;
  /** With an item in the innermost list, null or not. */
  readonly slots: number;
  /** With a value. */
  readonly present: number;
}

export interface LevelReader {
  /** Pages in their order; `first` is the entry the page begins with. */
  page(first: number, entries: number, repetition: LevelBytes, definition: LevelBytes): PageLevels;
  /** After the last page: the levels of the wanted rows, and which entries they have. */
  finish(wanted: RowRange): { readonly levels: LeafLevels; readonly chosen: RowRange };
  /** Of all entries; undefined where all are the highest. */
  readonly definition: Uint8Array | undefined;
}

/** Of pages with so many entries, which are to hold `all` rows. */
export function createLevelReader(form: LeafForm, entries: number, all: number): LevelReader {
  const { definition: most, item, repetition: depth } = form;
  let definition: Uint8Array | undefined;
  const repetition = depth > 1 ? new Uint8Array(entries) : undefined;
  const starts = new Int32Array(depth > 0 ? all : 0);
  let rows = 0;

  /** What is written behind the end of `starts` is dropped, and found by its count. */
  function readRepetition(first: number, count: number, { bytes, start, end }: LevelBytes): void {
    if (repetition === undefined) {
      rows += zerosIn(bytes, start, end, count, first, starts, rows);
      return;
    }
    decodeLevels(bytes, start, end, widthOf(depth), repetition, first, count);
    for (let i = first; i < first + count; i++) if (repetition[i] === 0) starts[rows++] = i;
  }

  function readDefinition(first: number, count: number, { bytes, start, end }: LevelBytes): Omit<PageLevels, 'first'> {
    const full = { entries: count, slots: count, present: count };
    if (most === 0) return full;
    const width = widthOf(most);
    if (constantRun(bytes, start, end, width, count) === most) {
      definition?.fill(most, first, first + count);
      return full;
    }
    definition ??= new Uint8Array(entries).fill(most, 0, first);
    decodeLevels(bytes, start, end, width, definition, first, count);
    let [slots, present] = [0, 0];
    if (most === 1 && item === 0) {
      for (let i = first; i < first + count; i++) present += definition[i]!;
      return { entries: count, slots: count, present };
    }
    for (let i = first; i < first + count; i++) {
      const level = definition[i]!;
      if (level > most) throw new Error(`a level of ${level} where ${most} is the highest`);
      slots += level >= item ? 1 : 0;
      present += level === most ? 1 : 0;
    }
    return { entries: count, slots, present };
  }

  return {
    page(first, count, repetitionBytes, definitionBytes) {
      if (depth > 0) readRepetition(first, count, repetitionBytes);
      return { first, ...readDefinition(first, count, definitionBytes) };
    },
    finish(wanted) {
      const found = depth === 0 ? entries : rows;
      if (found !== all || (depth > 0 && entries > 0 && starts[0] !== 0)) {
        throw new Error(`it gave ${found} rows instead of ${all}`);
      }
      const startOf = (row: number) => (row === rows ? entries : starts[row]!);
      const chosen = depth === 0 ? wanted : { start: startOf(wanted.start), end: startOf(wanted.end) };
      const { start, end } = chosen;
      const levels = {
        rows: wanted.end - wanted.start,
        entries: end - start,
        definition: definition?.subarray(start, end),
        repetition: repetition?.subarray(start, end),
        starts: depth === 0 ? undefined : moved(starts, wanted, chosen),
      };
      return { levels, chosen };
    },
    get definition() {
      return definition;
    },
  };
}

/** Where the wanted rows begin, counted from the first of them. */
function moved(starts: Int32Array, wanted: RowRange, { start, end }: RowRange): Int32Array {
  const rows = wanted.end - wanted.start;
  const out = new Int32Array(rows + 1);
  for (let i = 0; i < rows; i++) out[i] = starts[wanted.start + i]! - start;
  out[rows] = end - start;
  return out;
}

/** Bits that levels up to `most` take. */
function widthOf(most: number): number {
  return 32 - Math.clz32(most);
}
