/**
 * A page of codes into a dictionary: rows of a column outside of lists, whose codes are looked at by their runs. It is
 * decompressed when it is first asked.
 */
import type { CompressionCodec } from 'hyparquet';
import type { LeafForm } from './column-form.ts';
import { openDataPage } from './data-page.ts';
import { constantRun, decodeCodes, decodeLevels, eachRun, unpackCodes } from './hybrid.ts';
import type { LevelBytes } from './levels.ts';
import { type RawPage, valuesIn } from './page.ts';
import { countOnes, placeOnes } from './presence.ts';

export interface CodePage {
  /** As it is stored. */
  readonly body: Uint8Array;
  readonly rows: number;
  /** Rows whose code has the verdict 1, counted from `first`, into out[at ..]; returns where they end. */
  rowsOf(verdicts: Uint8Array, first: number, out: Int32Array, at: number): number;
  /** Codes of the rows [start, end) into out[at ..], -1 for null. */
  spell(start: number, end: number, out: Int32Array, at: number): void;
}

interface Opened {
  readonly bytes: Uint8Array;
  /** Of the runs of codes; their width is in the byte before. */
  readonly start: number;
  readonly width: number;
  readonly present: number;
  /** Undefined where no row is null. */
  readonly levels: LevelBytes | undefined;
}

/** Of a dictionary with `distinct` values. All of it throws where the page is damaged. */
export function createCodePage(form: LeafForm, codec: CompressionCodec, raw: RawPage, distinct: number): CodePage {
  const rows = valuesIn(raw.header);
  let opened: Opened | undefined;
  const open = () => {
    opened ??= openCodes(form, codec, raw, rows);
    return opened;
  };
  return {
    body: raw.body,
    rows,
    rowsOf(verdicts, first, out, at) {
      const page = open();
      const { levels } = page;
      if (levels === undefined) return presentOf(page, verdicts, first, out, at);
      const end = presentOf(page, verdicts, 0, out, at);
      if (end > at) placeOnes(levels.bytes, levels.start, levels.end, rows, out, at, end, first);
      return end;
    },
    spell(start, end, out, at) {
      const page = open();
      // From a page's first row on they are decoded where they belong.
      const codes = start === 0 ? out.subarray(at, at + end) : scratchOf(end);
      spellFirst(page, codes, end, distinct);
      if (start > 0) out.set(codes.subarray(start, end), at);
    },
  };
}

/** What is kept is the page's own: the row group's bytes may be given back while somebody holds its rows. */
function openCodes(form: LeafForm, codec: CompressionCodec, raw: RawPage, rows: number): Opened {
  const opened = openDataPage(form, codec, raw);
  const { start } = opened;
  const bytes = ownBytes(opened.bytes, raw);
  const definition = { ...opened.definition, bytes: ownBytes(opened.definition.bytes, raw) };
  const isFull =
    form.definition === 0 || constantRun(definition.bytes, definition.start, definition.end, 1, rows) === 1;
  const present = isFull ? rows : countOnes(definition.bytes, definition.start, definition.end, rows);
  if (present > 0 && start >= bytes.length) throw new Error('its codes are cut off');
  const levels = present === rows ? undefined : definition;
  return { bytes, start: start + 1, width: bytes[start] ?? 0, present, levels };
}

function ownBytes(bytes: Uint8Array, { body }: RawPage): Uint8Array {
  return bytes.buffer === body.buffer ? new Uint8Array(bytes) : bytes;
}

/** Of the rows with a value. */
function presentOf(page: Opened, verdicts: Uint8Array, first: number, out: Int32Array, at: number): number {
  const { bytes, start, width, present } = page;
  let n = at;
  eachRun(bytes, start, bytes.length, width, present, (value, position, filled, length) => {
    if (value !== undefined) {
      checkCode(value, verdicts.length);
      if (verdicts[value] === 1) for (let i = 0; i < length; i++) out[n++] = first + filled + i;
      return;
    }
    const codes = scratchOf(length);
    checkCode(unpackCodes(bytes, position, width, codes, 0, length), verdicts.length);
    n = chosen(codes, length, verdicts, first + filled, out, n);
  });
  return n;
}

/** Without a branch a row: which rows pass cannot be foreseen. So a place behind the last row may be written. */
function chosen(
  codes: Int32Array,
  count: number,
  verdicts: Uint8Array,
  first: number,
  out: Int32Array,
  at: number,
): number {
  let n = at;
  for (let i = 0; i < count; i++) {
    out[n] = first + i;
    n += verdicts[codes[i]!]!;
  }
  return n;
}

/** Codes of the first `count` rows. */
function spellFirst(page: Opened, codes: Int32Array, count: number, distinct: number): void {
  const { bytes, start, width, levels } = page;
  const present = levels === undefined ? count : countOnes(levels.bytes, levels.start, levels.end, count);
  if (present > 0) checkCode(decodeCodes(bytes, start, bytes.length, width, codes, 0, present), distinct);
  if (present === count) return;
  const valid = new Uint8Array(count);
  decodeLevels(levels!.bytes, levels!.start, levels!.end, 1, valid, 0, count);
  spread(codes, valid, count, present);
}

/** Moves the codes of present rows to their places, -1 elsewhere; from the end, so that none is overwritten. */
export function spread(codes: Int32Array, valid: Uint8Array, count: number, present: number): void {
  let from = present;
  for (let i = count - 1; i >= 0; i--) codes[i] = valid[i] === 1 ? codes[--from]! : -1;
}

function checkCode(code: number, distinct: number): void {
  if (code >= distinct) throw new Error('a value is not in its dictionary');
}

/** Codes on their way; nothing is kept in it from one call to the next. */
let scratch = new Int32Array(0);

function scratchOf(count: number): Int32Array {
  if (count > MAX_KEPT_CODES) return new Int32Array(count);
  if (scratch.length < count) scratch = new Int32Array(Math.min(MAX_KEPT_CODES, 2 * count));
  return scratch;
}

const MAX_KEPT_CODES = 1 << 18;
