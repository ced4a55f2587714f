/** Text to rows of cells, as it comes. A row may go over any number of lines and chunks. */
import Papa from 'papaparse';
import { BridgeError } from '../../errors.ts';
import { type Dialect, parserConfig } from './dialect.ts';

export interface CsvRows {
  /** Number of the first row, counted from 1 without the header. */
  readonly first: number;
  readonly rows: readonly (readonly string[])[];
  /** What is wrong with the quotes of a row, by its index in `rows`. */
  readonly problems: ReadonlyMap<number, string>;
}

/** A quote that is never closed would take the rest of the file for one cell. */
const MAX_ROW_CHARS = 16 * 1024 * 1024;
/** A row that goes on is looked at again when it has doubled, or when so much more has come. */
const MAX_STEP_CHARS = 1024 * 1024;
/** Quotes at wrong places in one row: the parser makes an object of each. */
const MAX_STRAY_QUOTES = 10_000;

interface Parsed {
  readonly data: string[][];
  readonly errors: readonly { readonly type: string; readonly message: string; readonly row?: number }[];
  readonly meta: { readonly cursor: number };
}

export interface RowParser {
  /** The rows that are whole with this piece of text. */
  push(text: string): CsvRows;
  /** The last row, where no line end follows it. */
  end(): CsvRows;
}

/**
 * The rows of text that comes in pieces, without the header and without empty lines; in a file of one column an empty line
 * is an empty cell.
 *
 * @param columns cells of a whole row
 * @throws BridgeError corrupt, by `push`, for a row that is too long
 */
export function createRowParser(dialect: Dialect, columns: number): RowParser {
  const parser = new Papa.Parser(parserConfig(dialect));
  let rest = '';
  /** Before so much has come nothing is parsed: looked at with every piece, a row of megabytes would take a minute. */
  let wantedChars = 0;
  let isHeader = dialect.hasHeader;
  let next = 1;

  function take(parsed: Parsed, isEnd: boolean): CsvRows {
    const { data, errors } = parsed;
    if (dialect.newline === 'mixed') for (const row of data) dropCarriageReturn(row);
    // Behind the last line end there is no row.
    if (isEnd && data.length > 0 && isEmptyRow(data.at(-1)!)) data.pop();
    const problems = new Map<number, string>();
    const kept: string[][] = [];
    const bad = new Map(errors.flatMap(({ row, message }) => (row === undefined ? [] : [[row, message]])));
    for (let i = 0; i < data.length; i++) {
      const row = data[i]!;
      if ((columns > 1 || isHeader) && isEmptyRow(row)) continue;
      if (isHeader) {
        isHeader = false;
        continue;
      }
      const problem = bad.get(i);
      if (problem !== undefined) problems.set(kept.length, problem.toLowerCase());
      kept.push(row);
    }
    const first = next;
    next += kept.length;
    return { first, rows: kept, problems };
  }

  return {
    push(text) {
      rest += text;
      if (rest.length < wantedChars) return { first: next, rows: [], problems: NO_PROBLEMS };
      const parsed = parser.parse(rest, 0, true) as Parsed;
      rest = rest.slice(parsed.meta.cursor);
      const isStray = strayQuotes(parsed) > MAX_STRAY_QUOTES;
      const rows = take(parsed, false);
      if (rest.length > MAX_ROW_CHARS) throw tooLong(next, `more than ${MAX_ROW_CHARS} characters`);
      if (isStray) throw tooLong(next, `more than ${MAX_STRAY_QUOTES} quotes at wrong places`);
      wantedChars = rest.length + Math.min(rest.length, MAX_STEP_CHARS);
      return rows;
    },
    end() {
      const last = rest;
      rest = '';
      return take(parser.parse(last, 0, false) as Parsed, true);
    },
  };
}

/** In the row that is not whole yet. */
function strayQuotes({ data, errors }: Parsed): number {
  const first = errors.findLastIndex(({ row }) => row !== data.length);
  return errors.length - 1 - first;
}

const NO_PROBLEMS: ReadonlyMap<number, string> = new Map();

/** The rows as the text comes. */
export async function* parseRows(
  text: AsyncIterable<string>,
  dialect: Dialect,
  columns: number,
): AsyncGenerator<CsvRows> {
  const parser = createRowParser(dialect, columns);
  for await (const piece of text) {
    const rows = parser.push(piece);
    if (rows.rows.length > 0) yield rows;
  }
  const rows = parser.end();
  if (rows.rows.length > 0) yield rows;
}

function dropCarriageReturn(row: string[]): void {
  const last = row[row.length - 1]!;
  if (last.charCodeAt(last.length - 1) === 13) row[row.length - 1] = last.slice(0, -1);
}

/** What the parser makes of an empty line. */
export function isEmptyRow(row: readonly string[]): boolean {
  return row.length === 1 && row[0] === '';
}

function tooLong(row: number, found: string): BridgeError {
  return new BridgeError('corrupt', `row ${row} has ${found}`, {
    hint: 'A quote that is never closed makes one row of all that follows; look there, or set --quote.',
  });
}
