/** Record batches with a column of every type that Avro files can have, for tests. */
import {
  Binary,
  Bool,
  type Data,
  type DataType,
  DateDay,
  Decimal,
  Dictionary,
  Field,
  FixedSizeBinary,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  Map_,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  TimeMicrosecond,
  TimeMillisecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
  Vector,
} from 'apache-arrow';
import { EXTENSION_NAME, UUID_EXTENSION } from '../../../src/model/arrow-names.ts';

/** Numbers that stand at the edges of varints, words and signs, and then others from a fixed sequence. */
function* integers(bits: number, isSigned: boolean): Generator<bigint> {
  const least = isSigned ? -(1n << BigInt(bits - 1)) : 0n;
  const most = (1n << BigInt(isSigned ? bits - 1 : bits)) - 1n;
  yield* [least, most, 0n, 1n, most - 1n, least + 1n, isSigned ? -1n : 2n];
  let state = 12345n;
  for (let i = 0n; ; i++) {
    state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
    const range = 1n << (i % BigInt(bits));
    const value = (state >> 11n) % range;
    const signed = isSigned && i % 2n === 1n ? -value : value;
    yield signed < least ? least : signed > most ? most : signed;
  }
}

function take(count: number, source: Iterator<bigint>): bigint[] {
  return Array.from({ length: count }, () => source.next().value as bigint);
}

/** Every fifth row is null in a column that may be. */
const isNull = (row: number) => row % 5 === 3;

function nulls(length: number, nullable: boolean) {
  if (!nullable) return { nullCount: 0 };
  const nullBitmap = new Uint8Array(Math.ceil(length / 64) * 8);
  let nullCount = 0;
  for (let i = 0; i < length; i++) {
    if (isNull(i)) nullCount++;
    else nullBitmap[i >> 3]! |= 1 << (i & 7);
  }
  return { nullCount, nullBitmap };
}

type Numbers = { new (length: number): { [index: number]: number | bigint; readonly length: number } };

function numbers(
  type: DataType,
  array: Numbers,
  bits: number,
  isSigned: boolean,
  length: number,
  nullable: boolean,
): Data {
  const data = new array(length);
  const isBig = data instanceof BigInt64Array || data instanceof BigUint64Array;
  take(length, integers(bits, isSigned)).forEach((value, i) => {
    data[i] = isBig ? value : Number(value);
  });
  return makeData({ type, length, ...nulls(length, nullable), data } as never);
}

function texts(count: number): string[] {
  return Array.from(
    { length: count },
    (_, i) => ['', 'a', 'größe ☃', '🚀'.repeat(i % 3), 'x'.repeat((i * 37) % 200)][i % 5]!,
  );
}

function sized(type: DataType, values: readonly Uint8Array[], nullable: boolean): Data {
  const valueOffsets = new Int32Array(values.length + 1);
  values.forEach((value, i) => {
    valueOffsets[i + 1] = valueOffsets[i]! + value.length;
  });
  const data = new Uint8Array(Buffer.concat(values));
  return makeData({ type, length: values.length, ...nulls(values.length, nullable), valueOffsets, data } as never);
}

const encoded = (values: readonly string[]) => values.map((value) => new TextEncoder().encode(value));

function decimals(type: Decimal, length: number, nullable: boolean): Data {
  const words = type.bitWidth / 32;
  const data = new Uint32Array(words * length);
  const most = 10n ** BigInt(type.precision) - 1n;
  take(length, integers(type.bitWidth, true)).forEach((value, i) => {
    let rest = BigInt.asUintN(type.bitWidth, i % 3 === 0 ? value % (most + 1n) : value % 1000n);
    for (let w = 0; w < words; w++, rest >>= 32n) data[i * words + w] = Number(rest & 0xffffffffn);
  });
  return makeData({ type, length, ...nulls(length, nullable), data } as never);
}

function bits(length: number, nullable: boolean): Data {
  const data = new Uint8Array(Math.ceil(length / 64) * 8).fill(0b01101001);
  return makeData({ type: new Bool(), length, ...nulls(length, nullable), data } as never);
}

function floats(type: Float32 | Float64, length: number, nullable: boolean): Data {
  const values = [0, -0, 1.5, -1e30, Math.PI, Infinity, 1 / 3];
  const data = type instanceof Float32 ? new Float32Array(length) : new Float64Array(length);
  for (let i = 0; i < length; i++) data[i] = values[i % values.length]! * (i + 1);
  return makeData({ type, length, ...nulls(length, nullable), data } as never);
}

/** List offsets: of 0, 1, 2 … items. */
function itemOffsets(length: number): Int32Array {
  const offsets = new Int32Array(length + 1);
  for (let i = 0; i < length; i++) offsets[i + 1] = offsets[i]! + (i % 4);
  return offsets;
}

type Make = (length: number, nullable: boolean) => Data;

type Kind = readonly [make: Make, metadata?: Readonly<Record<string, string>>];

const of = (type: DataType, array: Numbers, width: number, isSigned = true): Make => {
  return (length, nullable) => numbers(type, array, width, isSigned, length, nullable);
};
const text = (type: DataType): Make => {
  return (length, nullable) => sized(type, encoded(texts(length)), nullable);
};

/** Bits of what Python's dates and times reach, in the column's unit. */
const DATE_BITS = 20;
const TIME_MS_BITS = 26;
const TIME_US_BITS = 36;
const MS_BITS = 46;
const US_BITS = 55;

const COLUMNS: Readonly<Record<string, Kind>> = {
  bool: [bits],
  int8: [of(new Int8(), Int8Array, 8)],
  int16: [of(new Int16(), Int16Array, 16)],
  int32: [of(new Int32(), Int32Array, 32)],
  int64: [of(new Int64(), BigInt64Array, 64)],
  uint8: [of(new Uint8(), Uint8Array, 8, false)],
  uint16: [of(new Uint16(), Uint16Array, 16, false)],
  uint32: [of(new Uint32(), Uint32Array, 32, false)],
  uint64: [of(new Uint64(), BigUint64Array, 64, false)],
  float32: [(n, nullable) => floats(new Float32(), n, nullable)],
  float64: [(n, nullable) => floats(new Float64(), n, nullable)],
  'a text, with accents é': [text(new Utf8()), { doc: 'what it says' }],
  text_dictionary: [dictionary],
  binary: [text(new Binary())],
  fixed: [(n, nullable) => fixed(3, n, nullable)],
  uuid: [(n, nullable) => fixed(16, n, nullable), { [EXTENSION_NAME]: UUID_EXTENSION }],
  decimal: [(n, nullable) => decimals(new Decimal(10, 18, 128), n, nullable)],
  decimal_wide: [(n, nullable) => decimals(new Decimal(5, 50, 256), n, nullable)],
  date: [of(new DateDay(), Int32Array, DATE_BITS)],
  time_ms: [of(new TimeMillisecond(), Int32Array, TIME_MS_BITS, false)],
  time_us: [of(new TimeMicrosecond(), BigInt64Array, TIME_US_BITS, false)],
  timestamp_ms: [of(new TimestampMillisecond('UTC'), BigInt64Array, MS_BITS)],
  timestamp_us: [of(new TimestampMicrosecond('UTC'), BigInt64Array, US_BITS)],
  timestamp_local: [of(new TimestampMicrosecond(null), BigInt64Array, US_BITS)],
  timestamp_ns: [of(new TimestampNanosecond('UTC'), BigInt64Array, 64)],
  list: [list],
  struct: [struct],
  map: [(n, nullable) => map(sized(new Utf8(), encoded(keys(n)), false), n, nullable)],
  map_of_ints: [(n, nullable) => map(numbers(new Int32(), Int32Array, 32, true, items(n), false), n, nullable)],
};

/** Arrow tells dictionaries apart by their ids. */
function DICTIONARY(nullable = false): Dictionary {
  return new Dictionary(new Utf8(), new Int32(), nullable ? 78 : 77);
}

function dictionary(length: number, nullable: boolean): Data {
  const values = new Vector([sized(new Utf8(), encoded(texts(11)), false)]);
  const data = Int32Array.from({ length }, (_, i) => (i * 7) % 11);
  return makeData({
    type: DICTIONARY(nullable),
    length,
    ...nulls(length, nullable),
    data,
    dictionary: values,
  } as never);
}

function fixed(width: number, length: number, nullable: boolean): Data {
  const data = Uint8Array.from({ length: width * length }, (_, i) => (i * 31) & 255);
  return makeData({ type: new FixedSizeBinary(width), length, ...nulls(length, nullable), data } as never);
}

const items = (length: number) => itemOffsets(length)[length]!;
const keys = (length: number) => Array.from({ length: items(length) }, (_, i) => `key ${i}`);

function list(length: number, nullable: boolean): Data {
  const child = numbers(new Int32(), Int32Array, 32, true, items(length), true);
  const type = new List(new Field('item', new Int32(), true));
  return makeData({ type, length, ...nulls(length, nullable), valueOffsets: itemOffsets(length), child } as never);
}

function STRUCT(): Struct {
  return new Struct([new Field('first name', new Utf8(), true), new Field('n', new Int64(), false)]) as Struct;
}

function struct(length: number, nullable: boolean): Data {
  const children = [
    sized(new Utf8(), encoded(texts(length)), true),
    numbers(new Int64(), BigInt64Array, 64, true, length, false),
  ];
  return makeData({ type: STRUCT(), length, ...nulls(length, nullable), children } as never);
}

function MAP(key: DataType): Map_ {
  const entry = new Struct([new Field('key', key, false), new Field('value', new Float64(), true)]);
  return new Map_(new Field('key_value', entry, false) as never, false);
}

function map(key: Data, length: number, nullable: boolean): Data {
  const type = MAP(key.type);
  const count = items(length);
  const children = [key, floats(new Float64(), count, true)] as never[];
  const child = makeData({ type: type.children[0]!.type as Struct, length: count, nullCount: 0, children });
  return makeData({ type, length, ...nulls(length, nullable), valueOffsets: itemOffsets(length), child } as never);
}

/** All columns, once as they must not and once as they may be null. */
export function sampleBatch(length: number): RecordBatch {
  const entries = [false, true].flatMap((nullable) =>
    Object.entries(COLUMNS).map(([name, [make, metadata]]) => {
      const data = make(length, nullable);
      const field = new Field(
        nullable ? `${name} or null` : name,
        data.type,
        nullable,
        new Map(Object.entries(metadata ?? {})),
      );
      return { field, data };
    }),
  );
  const schema = new Schema(entries.map(({ field }) => field));
  const children = entries.map(({ data }) => data);
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length, nullCount: 0, children }));
}
