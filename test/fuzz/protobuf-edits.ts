/** Ways to write a field of a request that real senders, broken senders and attackers have. */
import type { ProtobufSink } from '../../src/decode/protobuf-sink.ts';
import type { Random } from './random.ts';
import { childrenOf, type Edit, type WireNode, type WireTree } from './wire-tree.ts';

const VARINTS: readonly bigint[] = [
  0n,
  1n,
  2n,
  3n,
  5n,
  127n,
  128n,
  255n,
  300n,
  16383n,
  16384n,
  (1n << 28n) - 1n,
  1n << 28n,
  (1n << 31n) - 1n,
  1n << 31n,
  (1n << 32n) - 1n,
  1n << 32n,
  (1n << 35n) - 1n,
  1n << 53n,
  (1n << 53n) + 1n,
  (1n << 56n) - 1n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
  (1n << 64n) - 2n,
];
/** Varints that are not as short as they could be, or not varints. */
const ODD_VARINTS: readonly (readonly number[])[] = [
  [0x80, 0x00],
  [0x81, 0x80, 0x80, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x80],
];
const DOUBLES = [0, -0, 1, -1.5, 0.1, 1e21, 1e300, 5e-324, NaN, Infinity, -Infinity, 2 ** 53, 123456789.125];
const TEXTS = [
  '',
  'a',
  '0',
  '\u0000',
  'über',
  '日本',
  '😀',
  'service.name',
  '"\\\n',
  '__proto__',
  '\ufeffx',
  'e\u0301',
];
const BAD_UTF8: readonly (readonly number[])[] = [
  [0xff],
  [0xc0, 0x80],
  [0xc3],
  [0xe2, 0x82],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf0, 0x80, 0x80, 0x80],
  [0x80],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
];
const UNKNOWN_NUMBERS = [4, 17, 31, 99, 100, 999, 1001, 2047, 2048, 19000, 100000, (1 << 29) - 1];

const encoder = new TextEncoder();

function varint(sink: ProtobufSink, value: bigint): void {
  sink.varint64(Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn));
}

function tag(sink: ProtobufSink, number: number, wireType: number): void {
  varint(sink, BigInt(number) * 8n + BigInt(wireType));
}

function raw(sink: ProtobufSink, bytes: ArrayLike<number>): void {
  const array = bytes instanceof Uint8Array ? bytes : Uint8Array.from(bytes);
  sink.bytes(array, 0, array.length);
}

function lengthDelimited(sink: ProtobufSink, number: number, content: Uint8Array): void {
  tag(sink, number, 2);
  varint(sink, BigInt(content.length));
  raw(sink, content);
}

function copy(sink: ProtobufSink, { bytes, nodes }: WireTree, index: number): void {
  sink.bytes(bytes, nodes[index]!.start, nodes[index]!.end);
}

function content({ bytes, nodes }: WireTree, index: number): Uint8Array {
  return bytes.subarray(nodes[index]!.valueStart, nodes[index]!.end);
}

function randomVarint(sink: ProtobufSink, random: Random): void {
  if (random.oneIn(6)) raw(sink, random.pick(ODD_VARINTS));
  else varint(sink, random.pick(VARINTS));
}

function randomBytes(random: Random): Uint8Array {
  return random.bytes(random.pick([0, 1, 2, 7, 8, 9, 15, 16, 17, 40]));
}

function damagedText(random: Random, text: Uint8Array): Uint8Array {
  const at = random.below(text.length + 1);
  const bad = random.pick(BAD_UTF8);
  return Uint8Array.from([...text.subarray(0, at), ...bad, ...text.subarray(at)]);
}

/** A value of the node's wire type, often one that its type has trouble with. */
function writeValue(sink: ProtobufSink, random: Random, node: WireNode, tree: WireTree, index: number): void {
  tag(sink, node.number, node.wireType);
  if (node.wireType === 0) randomVarint(sink, random);
  else if (node.wireType === 1) {
    if (node.field?.type === 'double' || random.oneIn(4)) sink.double(random.pick(DOUBLES));
    else {
      const value = random.pick(VARINTS);
      sink.fixed64(Number(value & 0xffffffffn), Number(value >> 32n));
    }
  } else if (node.wireType === 5) sink.fixed32(Number(random.pick(VARINTS) & 0xffffffffn));
  else {
    const old = content(tree, index);
    let value: Uint8Array;
    switch (random.below(node.field?.type === 'string' ? 5 : 4)) {
      case 0:
        value = randomBytes(random);
        break;
      case 1:
        value = old.subarray(0, random.below(old.length + 1));
        break;
      case 2:
        value = encoder.encode(random.pick(TEXTS));
        break;
      case 3:
        value = Uint8Array.from([...old, ...randomBytes(random)]);
        break;
      default:
        value = damagedText(random, old);
    }
    varint(sink, BigInt(value.length));
    raw(sink, value);
  }
}

function unknownField(sink: ProtobufSink, random: Random, depth = 0): void {
  const number = random.pick(UNKNOWN_NUMBERS);
  switch (random.below(5)) {
    case 0:
      tag(sink, number, 0);
      randomVarint(sink, random);
      return;
    case 1:
      tag(sink, number, 1);
      raw(sink, random.bytes(8));
      return;
    case 2:
      lengthDelimited(sink, number, randomBytes(random));
      return;
    case 3:
      tag(sink, number, 5);
      raw(sink, random.bytes(4));
      return;
    default:
      tag(sink, number, 3);
      for (let fields = random.below(3); fields > 0 && depth < 5; fields--) unknownField(sink, random, depth + 1);
      if (!random.oneIn(12)) tag(sink, random.oneIn(12) ? number + 1 : number, 4);
  }
}

const FLAT_DEPTHS = [2, 30, 31, 32, 33, 34, 60, 99, 100, 101, 102, 400];

/** An AnyValue in arrays and maps `depth` deep, then the content of the node. */
function nested(random: Random, depth: number, core: Uint8Array): Uint8Array {
  let value = core;
  for (let i = 0; i < depth; i++) {
    const inner = random.oneIn(2) ? field(1, value) : field(1, concat(field(1, encoder.encode('k')), field(2, value)));
    value = field(inner.length > value.length + 6 ? 6 : 5, inner);
  }
  return value;
}

function field(number: number, value: Uint8Array): Uint8Array {
  let rest = value.length;
  const head = [number * 8 + 2];
  for (; rest > 127; rest >>>= 7) head.push((rest & 127) | 128);
  return concat(Uint8Array.of(...head, rest), value);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const result = new Uint8Array(a.length + b.length);
  result.set(a);
  result.set(b, a.length);
  return result;
}

/** Edits that are for some fields only. */
export const FITS: Readonly<Record<string, (node: WireNode) => boolean>> = {
  shuffle: (node) => node.message !== undefined,
  split: (node) => node.message !== undefined,
  nest: (node) => node.message?.name === 'AnyValue',
  unpack: ({ field, wireType }) => field?.repeated === true && wireType === 2 && field.wireType !== 2,
  'another member': (node) => node.message?.fields.some(({ oneof }) => oneof !== undefined) ?? false,
};

/** Edits by the name that a replay prints. Each makes one with its random choices. */
export const EDITS: Readonly<Record<string, (random: Random) => Edit>> = {
  drop: () => () => {},
  repeat: (random) => (sink, tree, index) => {
    for (let times = 2 + random.below(3); times > 0; times--) copy(sink, tree, index);
  },
  value: (random) => (sink, tree, index) => writeValue(sink, random, tree.nodes[index]!, tree, index),
  'value twice': (random) => (sink, tree, index) => {
    const first = random.oneIn(2);
    if (first) copy(sink, tree, index);
    writeValue(sink, random, tree.nodes[index]!, tree, index);
    if (!first) copy(sink, tree, index);
  },
  'wire type': (random) => (sink, tree, index) => {
    const { number } = tree.nodes[index]!;
    const wireType = random.below(8);
    tag(sink, number, wireType);
    if (wireType === 0) randomVarint(sink, random);
    else if (wireType === 1) raw(sink, random.bytes(8));
    else if (wireType === 2) lengthPrefixed(sink, randomBytes(random));
    else if (wireType === 5) raw(sink, random.bytes(4));
    else if (wireType === 3) tag(sink, number, 4);
  },
  number: (random) => (sink, tree, index) => {
    const { bytes, nodes } = tree;
    const node = nodes[index]!;
    const siblings = nodes[node.parent]!.message!.fields;
    tag(sink, random.oneIn(4) ? random.pick(UNKNOWN_NUMBERS) : random.pick(siblings).number, node.wireType);
    if (node.wireType === 2) lengthPrefixed(sink, content(tree, index));
    else sink.bytes(bytes, node.valueStart, node.end);
  },
  'field number 0 or too large': (random) => (sink, tree, index) => {
    varint(sink, random.pick([0n, 2n, 5n, 1n << 32n, (1n << 32n) + 10n, (1n << 35n) + 10n, (1n << 64n) - 6n]));
    raw(sink, [0]);
    copy(sink, tree, index);
  },
  unknown: (random) => (sink, tree, index) => {
    if (random.oneIn(2)) copy(sink, tree, index);
    unknownField(sink, random);
    if (random.oneIn(2)) copy(sink, tree, index);
  },
  'group around': (random) => (sink, tree, index) => {
    const number = random.pick(UNKNOWN_NUMBERS);
    tag(sink, number, 3);
    copy(sink, tree, index);
    tag(sink, number, 4);
  },
  'groups deep': (random) => (sink, tree, index) => {
    const depth = random.pick(FLAT_DEPTHS);
    for (let i = 0; i < depth; i++) tag(sink, 99, 3);
    for (let i = 0; i < depth; i++) tag(sink, 99, 4);
    copy(sink, tree, index);
  },
  length: (random) => (sink, tree, index) => {
    const { bytes, nodes } = tree;
    const node = nodes[index]!;
    if (node.wireType !== 2) {
      writeValue(sink, random, node, tree, index);
      return;
    }
    const length = node.end - node.valueStart;
    tag(sink, node.number, 2);
    if (random.oneIn(4)) raw(sink, random.pick(ODD_VARINTS));
    else {
      const wrong = [
        length - 1,
        length + 1,
        length + 2,
        length - 2,
        0,
        length * 2,
        0x7fffffff,
        0xffffffff,
        2 ** 40,
        2 ** 53,
      ];
      varint(sink, BigInt(Math.max(0, random.pick(wrong))));
    }
    sink.bytes(bytes, node.valueStart, node.end);
  },
  'long length': () => (sink, tree, index) => {
    const { bytes, nodes } = tree;
    const { number, wireType, valueStart, start, end } = nodes[index]!;
    const length = end - valueStart;
    if (wireType !== 2) sink.bytes(bytes, start, end);
    else {
      tag(sink, number, 2);
      raw(sink, [(length & 127) | 128, ((length >> 7) & 127) | 128, ((length >> 14) & 127) | 128, 0x80, 0]);
      sink.bytes(bytes, valueStart, end);
    }
  },
  shuffle: (random) => (sink, tree, index) => {
    const children = childrenOf(tree, index);
    if (children.length === 0) copy(sink, tree, index);
    else {
      tag(sink, tree.nodes[index]!.number, 2);
      const start = sink.beginLength();
      while (children.length > 0) copy(sink, tree, children.splice(random.below(children.length), 1)[0]!);
      sink.endLength(start);
    }
  },
  split: (random) => (sink, tree, index) => {
    const children = childrenOf(tree, index);
    const at = random.below(children.length + 1);
    for (const part of [children.slice(0, at), children.slice(at)]) {
      tag(sink, tree.nodes[index]!.number, 2);
      const start = sink.beginLength();
      for (const child of part) copy(sink, tree, child);
      sink.endLength(start);
    }
  },
  nest: (random) => (sink, tree, index) => {
    const node = tree.nodes[index]!;
    const depth = random.pick(FLAT_DEPTHS);
    if (node.message?.name === 'AnyValue') {
      lengthDelimited(sink, node.number, nested(random, depth, content(tree, index)));
    } else copy(sink, tree, index);
  },
  'another member': (random) => (sink, tree, index) => {
    const node = tree.nodes[index]!;
    tag(sink, node.number, 2);
    const start = sink.beginLength();
    const before = random.oneIn(2);
    if (before) raw(sink, content(tree, index));
    const members = node.message?.fields.filter((member) => member.oneof !== undefined) ?? [];
    if (members.length > 0) {
      const { number, wireType } = random.pick(members);
      tag(sink, number, wireType);
      if (wireType === 0) randomVarint(sink, random);
      else if (wireType === 1) raw(sink, random.bytes(8));
      else lengthPrefixed(sink, random.oneIn(3) ? randomBytes(random) : new Uint8Array(0));
    }
    if (!before) raw(sink, content(tree, index));
    sink.endLength(start);
  },
  graft: (random) => (sink, tree, index) => {
    copy(sink, tree, index);
    copy(sink, tree, 1 + random.below(tree.nodes.length - 1));
  },
  unpack: (random) => (sink, tree, index) => {
    const { bytes, nodes } = tree;
    const { field, wireType, valueStart, end, number } = nodes[index]!;
    const width = field?.wireType === 1 ? 8 : 4;
    if (!field?.repeated || wireType !== 2 || (field.wireType !== 1 && field.wireType !== 0)) {
      copy(sink, tree, index);
      return;
    }
    let at = valueStart;
    while (at < end) {
      let next = at + width;
      if (field.wireType === 0) for (next = at + 1; bytes[next - 1]! > 127; ) next++;
      if (random.oneIn(4)) {
        tag(sink, number, 2); // a run of one, packed
        varint(sink, BigInt(next - at));
      } else tag(sink, number, field.wireType);
      sink.bytes(bytes, at, next);
      at = next;
    }
  },
};

function lengthPrefixed(sink: ProtobufSink, value: Uint8Array): void {
  varint(sink, BigInt(value.length));
  raw(sink, value);
}
