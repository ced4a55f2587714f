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

interface Parsed {
  readonly data: string[][];
  readonly errors: readonly { readonly type: string; readonly message: string; readonly row?: number }[];
  readonly meta: { readonly cursor: number };
}

/**
 * The rows, without the header and without empty lines; in a file of one column an empty line is an empty cell.
 *
 * @param columns cells of a whole row
 * @throws BridgeError corrupt for a row that is too long
 */
export async function* parseRows(
  text: AsyncIterable<string>,
  dialect: Dialect,
  columns: number,
): AsyncGenerator<CsvRows> {
  const parser = new Papa.Parser(parserConfig(dialect));
  let rest = '';
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

  for await (const chunk of text) {
    const whole = rest === '' ? chunk : rest + chunk;
    const parsed = parser.parse(whole, 0, true) as Parsed;
    rest = whole.slice(parsed.meta.cursor);
    const rows = take(parsed, false);
    if (rows.rows.length > 0) yield rows;
    if (rest.length > MAX_ROW_CHARS) throw tooLong(next);
  }
  if (rest === '') return;
  const rows = take(parser.parse(rest, 0, false) as Parsed, true);
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

function tooLong(row: number): BridgeError {
  return new BridgeError('corrupt', `row ${row} has more than ${MAX_ROW_CHARS} characters`, {
    hint: 'A quote that is never closed makes one row of all that follows; look there, or set --quote.',
  });
}
