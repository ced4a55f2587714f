/** CSV as the world has it: bytes in, named columns and rows of text out. */
import { BridgeError } from '../../errors.ts';
import { decompress, type InputCompression } from './decompress.ts';
import { type Dialect, type DialectOptions, detectDialect } from './dialect.ts';
import { decodeText } from './encoding.ts';
import { peek } from './peek.ts';
import { type CsvRows, isEmptyRow, parseRows } from './rows.ts';

export interface CsvOptions extends DialectOptions {
  /** Default: told by the bytes, see encoding.ts. */
  readonly encoding?: string | undefined;
  /** Rows that types may be inferred from. Default 10,000, but no more than there are in the first 4 Mi characters. */
  readonly sampleRows?: number | undefined;
}

export interface CsvSource {
  readonly compression: InputCompression;
  readonly encoding: string;
  readonly dialect: Dialect;
  /** From the header, made unique; `column_1` and so on without one. */
  readonly names: readonly string[];
  /** The first rows, without the header. */
  readonly sample: readonly (readonly string[])[];
  /** All rows, those of the sample too. May be read once. */
  readonly rows: AsyncIterable<CsvRows>;
}

const SAMPLE_CHARS = 4 * 1024 * 1024;
const SAMPLE_ROWS = 10_000;

/**
 * Memory: the sample's text (4 Mi characters), then a chunk of the source and its rows at a time.
 *
 * @throws BridgeError unprocessable for a file without any row
 */
export async function openCsv(bytes: AsyncIterable<Uint8Array>, options: CsvOptions = {}): Promise<CsvSource> {
  const { compression, bytes: plain } = await decompress(bytes);
  const { encoding, text } = await decodeText(plain, options.encoding);
  const wantedRows = options.sampleRows ?? SAMPLE_ROWS;
  let chars = 0;
  let lines = 0;
  const { head, isWhole, all } = await peek(text, (chunks) => {
    const last = chunks.at(-1) ?? '';
    chars += last.length;
    lines += linesOf(last);
    return chars >= SAMPLE_CHARS || lines > wantedRows;
  });
  const beginning = head.join('');
  const dialect = detectDialect(beginning, isWhole, options);
  const first = await collect(parseRows(once(beginning), { ...dialect, hasHeader: false }, 0), isWhole);
  const start = first.findIndex((row) => !isEmptyRow(row));
  const top = first[start];
  if (top === undefined) {
    throw new BridgeError('unprocessable', 'the file is empty, expected rows of CSV');
  }
  const names = dialect.hasHeader ? uniqueNames(top) : top.map((_, i) => `column_${i + 1}`);
  const below = dialect.hasHeader ? first.slice(start + 1) : first;
  const rows = below.filter((row) => names.length === 1 || !isEmptyRow(row));
  return {
    compression,
    encoding,
    dialect,
    names,
    sample: rows.slice(0, wantedRows),
    rows: parseRows(all, dialect, names.length),
  };
}

/** The last row of a sample that goes on behind it may be half of one. */
async function collect(batches: AsyncIterable<CsvRows>, isWhole: boolean): Promise<(readonly string[])[]> {
  const rows: (readonly string[])[] = [];
  for await (const batch of batches) rows.push(...batch.rows);
  if (!isWhole && rows.length > 1) rows.pop();
  return rows;
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

function linesOf(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}

/** Spaces around are dropped; an empty name becomes `column_3`, a second `price` `price_2`. */
export function uniqueNames(header: readonly string[]): string[] {
  const names = header.map((cell, i) => cell.trim() || `column_${i + 1}`);
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let n = 2; taken.has(unique); n++) unique = `${name}_${n}`;
    taken.add(unique);
    return unique;
  });
}
