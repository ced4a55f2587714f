/** CSV files made of a seed and a number: written by a plain writer in some dialect, and then, most of them, damaged. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import iconv from 'iconv-lite';
import type { CsvOptions } from '../../../src/tables/csv/open.ts';
import { Random } from '../random.ts';

export interface CsvCase {
  readonly bytes: Uint8Array;
  /** What is said of the file; everything that cannot be told by its bytes. */
  readonly options: CsvOptions;
  /** The rows with their header, where the file is as it was written. */
  readonly cells: readonly (readonly string[])[] | undefined;
  /** As it was before encoding and compression. */
  readonly text: string;
  readonly isPlain: boolean;
  readonly chunkBytes: number;
  /** What was done to it. */
  readonly steps: readonly string[];
}

const DELIMITERS = [',', ';', '\t', '|'];
const NEWLINES = ['\n', '\r\n', '\r'];
const ENCODINGS = ['utf8', 'utf8', 'utf8', 'utf-16le', 'utf-16be', 'windows-1252', 'shift_jis'];
const ATOMS = [
  '"',
  '""',
  ',',
  ';',
  '\t',
  '|',
  '\n',
  '\r\n',
  '\r',
  ' ',
  'a',
  'é',
  '☃',
  '😀',
  '\0',
  "'",
  '0',
  '-1',
  '1e5',
  '2024-02-29',
  '\ufeff',
];
const MAX_STEPS = 4;

export function makeCsvCase(seed: number, number: number): CsvCase {
  const random = new Random(seed, number);
  const steps: string[] = [];
  const delimiter = random.pick(DELIMITERS);
  const newline = random.pick(NEWLINES);
  const encoding = random.pick(ENCODINGS);
  const columns = 2 + random.below(random.oneIn(20) ? 200 : 6);
  const rows = random.below(random.oneIn(20) ? 3000 : 20);
  const header = Array.from({ length: columns }, (_, i) => `c${i}`);
  const body = Array.from({ length: rows }, () => header.map(() => cellOf(random, encoding)));
  const cells = [header, ...body];
  const quotesAll = random.oneIn(3);
  const text = cells.map((row) => row.map((cell) => quoted(cell, delimiter, quotesAll)).join(delimiter)).join(newline);
  const closed = random.oneIn(3) ? text : text + newline;
  let bytes: Uint8Array = iconv.encode(closed, encoding, { addBOM: encoding.startsWith('utf-16') || random.oneIn(4) });
  const isDamaged = !random.oneIn(4);
  const damage = () => {
    for (let i = random.below(MAX_STEPS); i >= 0; i--) bytes = damaged(bytes, random, steps);
  };
  const early = isDamaged && random.oneIn(2);
  if (early) damage();
  const compression = random.pick(['none', 'none', 'gzip', 'zstd']);
  if (compression !== 'none') bytes = compressed(bytes, compression, random);
  if (isDamaged && !early) damage();
  return {
    bytes,
    options: { delimiter, quote: '"', hasHeader: true, encoding: encoding === 'utf8' ? undefined : encoding },
    cells: isDamaged ? undefined : cells,
    text: closed,
    isPlain: encoding === 'utf8' && compression === 'none',
    chunkBytes: random.pick([1, 7, 1000, 65_536, 1 << 20]),
    steps: [`${encoding}, ${compression}, ${JSON.stringify(delimiter + newline)}`, ...steps],
  };
}

function cellOf(random: Random, encoding: string): string {
  const count = random.oneIn(40) ? random.below(5000) : random.below(5);
  let cell = '';
  for (let i = 0; i < count; i++) cell += random.pick(ATOMS);
  // What the encoding has no bytes for would come back as a question mark.
  const kept = iconv.decode(iconv.encode(cell, encoding), encoding, { stripBOM: false });
  return kept === cell ? cell : 'x';
}

/** RFC 4180; spaces at the ends are quoted too. */
function quoted(cell: string, delimiter: string, always: boolean): string {
  if (!always && cell !== '' && !cell.includes(delimiter) && !/["\r\n\0\ufeff]|^\s|\s$/.test(cell)) return cell;
  return `"${cell.replaceAll('"', '""')}"`;
}

/** In one piece, or in two behind each other, as concatenated files are. */
function compressed(bytes: Uint8Array, kind: string, random: Random): Uint8Array {
  const compress = kind === 'gzip' ? gzipSync : zstdCompressSync;
  const middle = random.oneIn(3) ? random.below(bytes.length + 1) : bytes.length;
  const parts = [bytes.subarray(0, middle), bytes.subarray(middle)].filter((part) => part.length > 0);
  return Buffer.concat(parts.map((part) => compress(part)));
}

const STRAY = ['"', '\0', '\n', '\r', '\r\n', ',', '"\n"', '\ufffd', ' ', '""""', "'"].map((text) => Buffer.from(text));

export function damaged(bytes: Uint8Array, random: Random, steps: string[]): Uint8Array {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + random.below(random.oneIn(4) ? 5000 : 8));
  const [before, middle, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
  switch (random.below(7)) {
    case 0:
      steps.push(`cut off at ${at}`);
      return before;
    case 1:
      steps.push(`without ${at} to ${end}`);
      return Buffer.concat([before, after]);
    case 2:
      steps.push(`${at} to ${end} twice`);
      return Buffer.concat([before, middle, middle, after]);
    case 3:
      steps.push(`other bytes at ${at}`);
      return Buffer.concat([before, random.bytes(middle.length), after]);
    case 4: {
      const times = random.oneIn(20) ? 30_000 : 1;
      steps.push(`something put in at ${at}, ${times} times`);
      return Buffer.concat([before, ...new Array<Buffer>(times).fill(random.pick(STRAY)), bytes.subarray(at)]);
    }
    case 5: {
      if (at === bytes.length) return bytes;
      steps.push(`a bit at ${at}`);
      const copy = Buffer.from(bytes);
      copy[at]! ^= 1 << random.below(8);
      return copy;
    }
    default:
      steps.push(`quotes gone from ${at}`);
      return Buffer.concat([before, Buffer.from(bytes.subarray(at)).filter((byte) => byte !== 34)]);
  }
}
