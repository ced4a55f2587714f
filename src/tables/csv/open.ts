/** CSV as the world has it: bytes in, named columns and rows of text out. */
import { BridgeError } from '../../errors.ts';
import { decompress, type InputCompression } from './decompress.ts';
import { type Dialect, type DialectOptions, detectDialect } from './dialect.ts';
import { decodeText } from './encoding.ts';
import { peek } from './peek.ts';
import { type CsvRows, createRowParser, parseRows, type RowParser } from './rows.ts';

export interface CsvOptions extends DialectOptions {
  /** Default: told by the bytes, see encoding.ts. */
  readonly encoding?: string | undefined;
  /** Rows that types may be inferred from. Default 10,000, but no more than there are in the first 4 Mi characters. */
  readonly sampleRows?: number | undefined;
  /** Of the columns, where there is no header. Without `hasHeader` the first row is one only if it holds these names. */
  readonly names?: readonly string[] | undefined;
}

export interface CsvSource {
  readonly compression: InputCompression;
  readonly encoding: string;
  readonly dialect: Dialect;
  /** From the header, made unique; without one those that were given, else `column_1` and so on. */
  readonly names: readonly string[];
  /** Whether the names say something: they are those of the header, or were given. */
  readonly isNamed: boolean;
  /** The first rows, without the header. May be read once. */
  readonly sample: Iterable<readonly string[]>;
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
  const detected = detectDialect(head.join(''), isWhole, options);
  const [top] = firstRows(head, isWhole, createRowParser({ ...detected, hasHeader: false }, MORE_THAN_ONE));
  if (top === undefined) throw new BridgeError('unprocessable', 'the file is empty, expected rows of CSV');
  const hasHeader = options.hasHeader ?? (options.names ? holds(top, options.names) : detected.hasHeader);
  const dialect = { ...detected, hasHeader };
  const names = hasHeader ? uniqueNames(top) : namesWithout(top, options.names);
  return {
    compression,
    encoding,
    dialect,
    names,
    isNamed: hasHeader || options.names !== undefined,
    sample: firstRows(head, isWhole, createRowParser(dialect, names.length), wantedRows),
    rows: parseRows(all, dialect, names.length),
  };
}

function holds(row: readonly string[], names: readonly string[]): boolean {
  return row.length === names.length && row.every((cell, i) => cell.trim() === names[i]);
}

function namesWithout(row: readonly string[], given: readonly string[] | undefined): string[] {
  if (given === undefined) return row.map((_, i) => `column_${i + 1}`);
  if (row.length === given.length) return uniqueNames(given);
  const found = `the rows have ${row.length} cells, and ${given.length} columns are named`;
  throw new BridgeError('unprocessable', `${found}: ${given.join(', ').slice(0, 200)}`, {
    hint: 'Where the first row holds the names of the columns, say so (--header).',
  });
}

/** Any number of columns with which empty lines are left out. */
const MORE_THAN_ONE = 2;

/** Piece by piece: ten thousand rows at once are megabytes of small objects. What is no whole row comes only if it is all. */
function* firstRows(
  pieces: readonly string[],
  isWhole: boolean,
  parser: RowParser,
  most = 1,
): Generator<readonly string[]> {
  let count = 0;
  for (const piece of pieces) {
    for (const row of parser.push(piece).rows) {
      if (count++ === most) return;
      yield row;
    }
  }
  if (isWhole || count === 0) yield* parser.end().rows;
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
  const tried = new Map<string, number>();
  return names.map((name) => {
    let unique = name;
    let n = tried.get(name) ?? 1;
    while (taken.has(unique)) unique = `${name}_${++n}`;
    tried.set(name, n);
    taken.add(unique);
    return unique;
  });
}
