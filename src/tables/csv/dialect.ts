/**
 * What a CSV file is written like, told by a sample of its text.
 *
 * - Delimiter: of `,` `;` tab and `|` the one that cuts most rows into the same number of cells; of equals the one that
 *   makes more cells. Without any there is one column.
 * - Quote: `"`, but `'` where the sample has no `"` and most of its rows hold cells within `'`.
 * - Line end: CR LF, LF or CR, as they stand outside of quotes; `mixed` where rows end in LF with a CR before it or without.
 * - Header: the first row is one if it does not look like the rows below: a column of numbers, times or booleans begins
 *   with a cell that is none. Where no column is typed it is taken for one.
 *
 * Every one of them can be given instead.
 */
import Papa from 'papaparse';

export interface Dialect {
  readonly delimiter: string;
  readonly quote: string;
  /** What makes a quote inside of quotes a part of the text: the quote again, or for example a backslash. */
  readonly escape: string;
  readonly newline: '\n' | '\r\n' | '\r' | 'mixed';
  readonly hasHeader: boolean;
}

export type DialectOptions = { readonly [K in keyof Omit<Dialect, 'newline'>]?: Dialect[K] | undefined };

const DELIMITERS = [',', ';', '\t', '|'];
/** Rows that are looked at. */
const SAMPLE_ROWS = 200;
const SAMPLE_CHARS = 256 * 1024;

export function detectDialect(text: string, isWhole: boolean, given: DialectOptions = {}): Dialect {
  const sample = text.slice(0, SAMPLE_CHARS);
  const isAll = isWhole && sample.length === text.length;
  const quote = given.quote ?? (isSingleQuoted(sample) ? "'" : '"');
  const escapeChar = given.escape ?? quote;
  const newline = newlineOf(sample, quote);
  const candidates = given.delimiter === undefined ? DELIMITERS : [given.delimiter];
  const tried = candidates.map((delimiter) => {
    const rows = sampleRows(sample, isAll, { delimiter, quote, escape: escapeChar, newline });
    return { delimiter, rows, ...agreement(rows) };
  });
  const best = tried.reduce((a, b) => (isBetter(b, a) ? b : a));
  const hasHeader = given.hasHeader ?? looksLikeHeader(best.rows);
  return { delimiter: best.delimiter, quote, escape: escapeChar, newline, hasHeader };
}

/** The dialect as PapaParse takes it, which drops white space, a CR too, between a closing quote and the line end. */
export function parserConfig({ delimiter, quote, escape: escapeChar, newline }: Omit<Dialect, 'hasHeader'>) {
  return { delimiter, quoteChar: quote, escapeChar, newline: newline === 'mixed' ? '\n' : newline } as const;
}

/** Rows of a piece of text; the last one is left out where the text goes on. */
function sampleRows(text: string, isAll: boolean, dialect: Omit<Dialect, 'hasHeader'>): string[][] {
  const parser = new Papa.Parser({ ...parserConfig(dialect), preview: SAMPLE_ROWS });
  const { data } = parser.parse(text, 0, !isAll) as { data: string[][] };
  // Without a line end there may be no whole row in the sample: what there is of the first is looked at then.
  const rows = data.length > 0 ? data : (parser.parse(text, 0, false) as { data: string[][] }).data;
  return rows.filter((row) => row.length > 1 || row[0] !== '');
}

interface Agreement {
  /** Of the rows, those with as many cells as most; 0 where that is one cell. */
  readonly share: number;
  readonly cells: number;
}

function agreement(rows: readonly (readonly string[])[]): Agreement {
  const counts = new Map<number, number>();
  for (const { length } of rows) counts.set(length, (counts.get(length) ?? 0) + 1);
  const [cells, most] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [1, 0]);
  return { share: cells > 1 ? most / rows.length : 0, cells };
}

function isBetter(a: Agreement, b: Agreement): boolean {
  return a.share > b.share || (a.share === b.share && a.cells > b.cells);
}

function isSingleQuoted(sample: string): boolean {
  if (sample.includes('"')) return false;
  const lines = sample.split(/\r\n|\n|\r/).slice(0, SAMPLE_ROWS);
  const quoted = lines.filter((line) => /(^|[,;\t|])'[^']*'($|[,;\t|])/.test(line));
  return quoted.length > lines.length / 2;
}

function newlineOf(sample: string, quote: string): Dialect['newline'] {
  // Every second piece between quotes is inside of them; escapes by doubling make empty pieces.
  const outside = sample
    .split(quote)
    .filter((_, i) => i % 2 === 0)
    .join('');
  if (/(^|[^\r])\n/.test(outside)) return outside.includes('\r\n') ? 'mixed' : '\n';
  return outside.includes('\r\n') || !outside.includes('\r') ? '\r\n' : '\r';
}

const TYPED = [
  /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i, // numbers
  /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?$/, // dates, with times or without
  /^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$/,
  /^(true|false)$/i,
];

function looksLikeHeader([first, ...rows]: readonly (readonly string[])[]): boolean {
  if (first === undefined || rows.length === 0) return true;
  let hasTyped = false;
  for (let c = 0; c < first.length; c++) {
    const cells = rows.map((row) => row[c]?.trim() ?? '').filter((cell) => cell !== '');
    const kind = TYPED.find((pattern) => cells.length > 0 && cells.every((cell) => pattern.test(cell)));
    if (kind === undefined) continue;
    hasTyped = true;
    if (!kind.test(first[c]!.trim())) return true;
  }
  return !hasTyped;
}
