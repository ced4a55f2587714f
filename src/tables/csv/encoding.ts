/**
 * Bytes as text. How they are encoded is told, in this order, by
 *
 * 1. the option, if it is given;
 * 2. a byte order mark (UTF-8, UTF-16, UTF-32), which is no part of the text;
 * 3. zeros: a text in UTF-16 without a mark has them in every second place where it is Western;
 * 4. whether the sample is UTF-8 as a whole, which other encodings are only by a rare accident;
 * 5. else it is Windows-1252, which ISO 8859-1 ("Latin-1") is read as everywhere (https://encoding.spec.whatwg.org).
 *
 * Text that is not what it was taken for is an error, never replaced by question marks.
 */
import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { BridgeError } from '../../errors.ts';
import { peek } from './peek.ts';

export interface Decoded {
  /** `utf8`, `utf-16le`, `windows-1252` or as the option named it. */
  readonly encoding: string;
  readonly text: AsyncIterable<string>;
}

/** Bytes that the encoding is told by. */
const SAMPLE_BYTES = 1024 * 1024;
const MAX_SEQUENCE_BYTES = 4;
/**
 * Text is made and cut into cells in pieces of so many bytes. The cells of a piece are all alive at once: those of a
 * megabyte outlive the young generation, which took a tenth more CPU and 50 MB more memory a thread.
 */
const PIECE_BYTES = 64 * 1024;

const MARKS: readonly (readonly [name: string, ...bytes: number[]])[] = [
  ['utf-32le', 0xff, 0xfe, 0, 0],
  ['utf-32be', 0, 0, 0xfe, 0xff],
  ['utf8', 0xef, 0xbb, 0xbf],
  ['utf-16le', 0xff, 0xfe],
  ['utf-16be', 0xfe, 0xff],
];

/**
 * @param encoding any name iconv knows; undefined: it is told by the bytes
 * @throws BridgeError invalid_argument for a name nobody knows; while it is read `corrupt` for bytes that are no UTF-8
 */
export async function decodeText(source: AsyncIterable<Uint8Array>, encoding?: string): Promise<Decoded> {
  if (encoding !== undefined && !iconv.encodingExists(encoding)) {
    throw new BridgeError('invalid_argument', `the encoding "${encoding}" is not known`, {
      hint: 'Names are those of iconv: utf8, utf-16le, windows-1252, iso-8859-15, shift_jis, gb18030 and so on.',
    });
  }
  const { head, isWhole, all } = await peek(inPieces(source), (chunks) => sizeOf(chunks) >= SAMPLE_BYTES);
  const found = encoding ?? detectEncoding(Buffer.concat(head).subarray(0, SAMPLE_BYTES), isWhole);
  const text = /^utf-?8$/i.test(found) ? decodeUtf8(all) : decodeWith(all, found);
  return { encoding: found, text };
}

async function* inPieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) yield chunk.subarray(at, at + PIECE_BYTES);
  }
}

export function detectEncoding(sample: Uint8Array, isWhole: boolean): string {
  const mark = MARKS.find(([, ...bytes]) => bytes.every((byte, i) => sample[i] === byte));
  if (mark !== undefined) return mark[0];
  const wide = zerosOf(sample);
  if (wide !== undefined) return wide;
  const end = isWhole ? sample.length : wholeSequences(sample);
  return isUtf8(sample.subarray(0, end)) ? 'utf8' : 'windows-1252';
}

function zerosOf(sample: Uint8Array): string | undefined {
  const zeros = [0, 0];
  for (let i = 0; i < sample.length; i++) if (sample[i] === 0) zeros[i & 1]!++;
  const half = sample.length / 2;
  if (zeros[1]! > half / 2 && zeros[0]! < zeros[1]! / 8) return 'utf-16le';
  return zeros[0]! > half / 2 && zeros[1]! < zeros[0]! / 8 ? 'utf-16be' : undefined;
}

/** Where the last sequence ends that is there to its end; sequences have four bytes at most. */
function wholeSequences(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(MAX_SEQUENCE_BYTES, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue; // not the first byte of its sequence
    const length = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Checked and decoded chunk by chunk by Node's own routines: TextDecoder took three times as long. */
async function* decodeUtf8(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Uint8Array = new Uint8Array();
  let position = 0;
  for await (const chunk of source) {
    const bytes =
      rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([rest, chunk]);
    const end = wholeSequences(bytes);
    if (end > 0) yield utf8Text(bytes.subarray(0, end), position);
    rest = bytes.subarray(end);
    position += end;
  }
  if (rest.length > 0) yield utf8Text(Buffer.from(rest), position);
}

function utf8Text(bytes: Buffer, position: number): string {
  if (!isUtf8(bytes)) {
    const at = position + firstBad(bytes);
    throw new BridgeError('corrupt', `the text is no UTF-8 at byte ${at}, though its beginning is`, {
      hint: 'Name its encoding, for example --encoding windows-1252.',
    });
  }
  const hasMark = position === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return bytes.toString('utf8', hasMark ? 3 : 0);
}

/** By halves: the beginning up to it is UTF-8. */
function firstBad(bytes: Buffer): number {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isUtf8(bytes.subarray(0, wholeSequences(bytes.subarray(0, middle))))) good = middle;
    else bad = middle;
  }
  return wholeSequences(bytes.subarray(0, good));
}

/** iconv-lite drops a byte order mark itself. */
async function* decodeWith(source: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<string> {
  const decoder = iconv.getDecoder(encoding);
  for await (const chunk of source) {
    const text = decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
    if (text !== '') yield text;
  }
  const last = decoder.end();
  if (last) yield last;
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}
