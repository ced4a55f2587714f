/** Requests to mutated requests: some edits of the structure, sometimes damage to the bytes, sometimes compression. */
import { constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { ContentEncoding } from '../../src/model/signal.ts';
import { snappyBlock, snappyFramed } from '../support/snappy.ts';
import { JSON_EDITS } from './json-edits.ts';
import type { JsonSpan } from './json-spans.ts';
import { EDITS, FITS } from './protobuf-edits.ts';
import type { Random } from './random.ts';
import { type Edit, type WireNode, type WireTree, writeTree } from './wire-tree.ts';

export interface Mutated<Body> {
  readonly body: Body;
  /** What was done, for people. */
  readonly steps: readonly string[];
}

const EDIT_LIST = Object.entries(EDITS);

export function mutateProtobuf(random: Random, tree: WireTree): Mutated<Uint8Array> {
  const edits = new Map<number, Edit>();
  const steps: string[] = [];
  if (tree.nodes.length > 1) {
    for (let count = editCount(random); count > 0; count--) {
      const [name, make] = random.pick(EDIT_LIST);
      const index = pickNode(random, tree, FITS[name]);
      if (index === undefined) continue;
      edits.set(index, make(random));
      steps.push(`${name} at ${pathOf(tree, index)}`);
    }
  }
  return damaged(random, writeTree(tree, edits), steps);
}

/** A field for an edit: any, or the next one behind any place that fits. */
function pickNode(random: Random, { nodes }: WireTree, fits?: (node: WireNode) => boolean): number | undefined {
  const count = nodes.length - 1;
  const first = random.below(count);
  if (!fits) return 1 + first;
  for (let i = 0; i < count; i++) {
    const index = 1 + ((first + i) % count);
    if (fits(nodes[index]!)) return index;
  }
  return undefined;
}

/** Mostly one to three, so that a request is often refused for one reason only. */
function editCount(random: Random): number {
  return random.oneIn(20) ? 4 + random.below(12) : random.below(4);
}

function pathOf({ nodes }: WireTree, index: number): string {
  const names: string[] = [];
  for (let i = index; i > 0; i = nodes[i]!.parent) names.unshift(nodes[i]!.field?.name ?? String(nodes[i]!.number));
  return names.join('.');
}

export interface JsonText {
  readonly text: string;
  readonly spans: readonly JsonSpan[];
}

const JSON_EDIT_LIST = Object.entries(JSON_EDITS);

export function mutateJson(random: Random, { text, spans }: JsonText): Mutated<Uint8Array> {
  const steps: string[] = [];
  const pieces: { start: number; end: number; text: string }[] = [];
  for (let count = editCount(random); count > 0; count--) {
    const [name, [kinds, edit]] = random.pick(JSON_EDIT_LIST);
    let span = random.pick(spans);
    for (let tries = 0; tries < 20 && !kinds.includes(span.kind); tries++) span = random.pick(spans);
    const { start, end } = span;
    if (!kinds.includes(span.kind) || pieces.some((piece) => piece.start < end && start < piece.end)) continue;
    pieces.push({ start, end, text: edit(random, text, span, spans) });
    steps.push(`${name} at ${span.key}`);
  }
  pieces.sort((a, b) => a.start - b.start);
  let result = '';
  let at = 0;
  for (const piece of pieces) {
    result += text.slice(at, piece.start) + piece.text;
    at = piece.end;
  }
  result += text.slice(at);
  if (random.oneIn(50)) result = `\ufeff${result}`;
  if (random.oneIn(50)) result += random.pick([' ', '\n', '{}', ']', '\u0000', 'x']);
  const bytes = result.isWellFormed() ? Buffer.from(result) : withHalfPairs(result);
  return damaged(random, bytes, steps);
}

/** UTF-8 with lone surrogates as three bytes, which is not valid. */
function withHalfPairs(text: string): Uint8Array {
  const parts = Array.from(text, (character) => {
    const code = character.codePointAt(0)!;
    const isHalf = code >= 0xd800 && code < 0xe000;
    return isHalf
      ? Buffer.of(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
      : Buffer.from(character);
  });
  return Buffer.concat(parts);
}

/** Once in a while bits flip, bytes are lost, or something else is inside. */
function damaged(random: Random, bytes: Uint8Array, steps: string[]): Mutated<Uint8Array> {
  if (!random.oneIn(10) || bytes.length === 0) return { body: bytes, steps };
  const at = random.below(bytes.length);
  const body = Uint8Array.from(bytes);
  switch (random.below(5)) {
    case 0:
      steps.push(`a bit flips at ${at}`);
      body[at]! ^= 1 << random.below(8);
      return { body, steps };
    case 1:
      steps.push(`cut at ${at}`);
      return { body: body.subarray(0, at), steps };
    case 2:
      steps.push(`a byte at ${at}`);
      body[at] = random.below(256);
      return { body, steps };
    case 3: {
      steps.push(`bytes inserted at ${at}`);
      return {
        body: Buffer.concat([body.subarray(0, at), random.bytes(1 + random.below(5)), body.subarray(at)]),
        steps,
      };
    }
    default: {
      const end = at + 1 + random.below(Math.min(20, bytes.length - at));
      steps.push(`bytes lost at ${at}`);
      return { body: Buffer.concat([body.subarray(0, at), body.subarray(end)]), steps };
    }
  }
}

const FAST_ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
export const COMPRESS: Readonly<Record<ContentEncoding, (body: Uint8Array) => Uint8Array>> = {
  identity: (body) => body,
  gzip: (body) => gzipSync(body, { level: 1 }),
  deflate: (body) => deflateSync(body, { level: 1 }),
  zstd: (body) => zstdCompressSync(body, FAST_ZSTD),
  snappy: (body) => (body.length % 2 === 0 ? snappyFramed(body) : snappyBlock(body)),
};
export const ENCODINGS = Object.keys(COMPRESS) as ContentEncoding[];

const TAKES_MEMBERS: ReadonlySet<ContentEncoding> = new Set(['gzip', 'zstd']);
/** Formats that know their end, and of which nothing may follow. */
const ENDS_ITSELF: ReadonlySet<ContentEncoding> = new Set(['deflate', 'zstd']);
/** Grows to more than any request may have. */
const BOMBS = new Map<ContentEncoding, Uint8Array>();
const BOMB_BYTES = 16 << 20;

function bomb(encoding: ContentEncoding): Uint8Array {
  const known = BOMBS.get(encoding) ?? COMPRESS[encoding](new Uint8Array(BOMB_BYTES));
  BOMBS.set(encoding, known);
  return known;
}

export interface Compressed extends Mutated<Uint8Array> {
  readonly encoding: ContentEncoding;
  /** What decompression must give, where the body is as the format wants it. */
  readonly plain: Uint8Array | undefined;
  /** It must be refused. */
  readonly isBad: boolean;
}

/** The body compressed, and often what was compressed is damaged. */
export function compress(random: Random, plain: Uint8Array): Compressed {
  const encoding = random.pick(ENCODINGS.slice(1));
  const body = COMPRESS[encoding](plain);
  const make = (step: string, changed: Uint8Array, expected?: Uint8Array, label = encoding): Compressed => ({
    encoding: label,
    body: changed,
    steps: [`${encoding}: ${step}`],
    plain: expected,
    isBad: false,
  });
  const at = random.below(body.length);
  if (random.oneIn(200)) return { ...make('a bomb', bomb(encoding)), isBad: true };
  switch (random.below(8)) {
    case 0: {
      const flipped = Uint8Array.from(body);
      flipped[at]! ^= 1 << random.below(8);
      return make(`a bit flips at ${at}`, flipped);
    }
    case 1:
      return make(`cut at ${at}`, body.subarray(0, at));
    case 2:
      return {
        ...make('something behind it', Buffer.concat([body, random.bytes(1 + random.below(20))])),
        isBad: ENDS_ITSELF.has(encoding),
      };
    case 3: {
      const half = random.below(plain.length + 1);
      const members = [plain.subarray(0, half), plain.subarray(half)].map(COMPRESS[encoding]);
      return make('two members', Buffer.concat(members), TAKES_MEMBERS.has(encoding) ? plain : undefined);
    }
    case 4:
      return make('another label', body, undefined, random.pick(ENCODINGS));
    case 5: {
      const header = Uint8Array.from(body);
      header[random.below(Math.min(12, body.length))] = random.below(256);
      return make('a byte of its header', header);
    }
    case 6:
      return make('twice', COMPRESS[encoding](body));
    default:
      return make('whole', body, plain);
  }
}
