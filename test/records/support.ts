/** Types and schemas of every kind. */
import fc from 'fast-check';
import { printDate, printTime, printTimestamp } from '../../src/records/time-print.ts';
import { printDecimal } from '../../src/records/to-records.ts';
import type { FieldType, ParquetField, TimeUnit } from '../../src/records/types.ts';

const UNITS = fc.constantFrom('ms', 'us', 'ns');

const LEAF: fc.Arbitrary<FieldType> = fc.oneof(
  fc.constantFrom<FieldType>(
    ...(['bool', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64', 'float32'] as const).map(
      (kind) => ({ kind }),
    ),
    ...(['float64', 'string', 'binary', 'date', 'uuid', 'json'] as const).map((kind) => ({ kind })),
  ),
  fc
    .integer({ min: 1, max: 76 })
    .chain((precision) =>
      fc.integer({ min: 0, max: precision }).map((scale): FieldType => ({ kind: 'decimal', precision, scale })),
    ),
  fc.integer({ min: 1, max: 20 }).map((bytes): FieldType => ({ kind: 'fixed_binary', bytes })),
  UNITS.map((unit): FieldType => ({ kind: 'time', unit })),
  fc
    .tuple(UNITS, fc.constantFrom(undefined, 'UTC', 'Europe/Berlin', '-03:30'))
    .map(([unit, timezone]): FieldType => ({ kind: 'timestamp', unit, timezone })),
);

const NAMES = fc.oneof(
  fc.constantFrom('a', 'b', 'http.route', 'x y', 'grün', '"', '__proto__'),
  fc.string({ minLength: 1, maxLength: 6 }),
);

function field(name: string, type: fc.Arbitrary<FieldType>, nullable = fc.boolean()): fc.Arbitrary<ParquetField> {
  return fc.record({ type, nullable }, { noNullPrototype: true }).map((parts) => ({ name, ...parts, metadata: {} }));
}

/** Types of every kind, nested up to `depth` deep. */
export function arbitraryType(depth = 2): fc.Arbitrary<FieldType> {
  if (depth === 0) return LEAF;
  const inner = arbitraryType(depth - 1);
  const list = field('element', inner).map((element): FieldType => ({ kind: 'list', element }));
  const map = fc
    .tuple(field('key', LEAF, fc.constant(false)), field('value', inner))
    .map(([key, value]): FieldType => ({ kind: 'map', key, value }));
  const struct = arbitraryFields(inner, 3).map((fields): FieldType => ({ kind: 'struct', fields }));
  return fc.oneof({ weight: 4, arbitrary: LEAF }, list, map, struct);
}

/** One to `most` fields with different names. */
export function arbitraryFields(type: fc.Arbitrary<FieldType>, most: number): fc.Arbitrary<ParquetField[]> {
  const names = fc.uniqueArray(NAMES, { minLength: 1, maxLength: most });
  return names.chain((chosen) => fc.tuple(...chosen.map((name) => field(name, type))));
}

export type Record_ = Record<string, unknown>;

/** Records in the form that they are read in. */
export function arbitraryRecord(fields: readonly ParquetField[]): fc.Arbitrary<Record_> {
  const values = fields.map(arbitraryValue);
  return fc.tuple(...values).map((row) => {
    const record: Record_ = {};
    fields.forEach(({ name }, i) => {
      Object.defineProperty(record, name, { value: row[i], enumerable: true, writable: true, configurable: true });
    });
    return record;
  });
}

function arbitraryValue({ type, nullable }: ParquetField): fc.Arbitrary<unknown> {
  const value = valueOfType(type);
  return nullable ? fc.option(value, { nil: null, freq: 4 }) : value;
}

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.constantFrom('', 'service-1', 'é'.repeat(60)));

function digits(count: number): fc.Arbitrary<bigint> {
  return fc.bigInt({ min: -(10n ** BigInt(count)) + 1n, max: 10n ** BigInt(count) - 1n });
}

function valueOfType(type: FieldType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'bool':
      return fc.boolean();
    case 'int64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case 'uint64':
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case 'float32':
      return fc.float();
    case 'float64':
      return fc.double();
    case 'decimal':
      return digits(type.precision).map((unscaled) => printDecimal(unscaled, type.scale));
    case 'string':
      return text;
    case 'json':
      return fc.json();
    case 'binary':
      return fc.uint8Array({ maxLength: 20 });
    case 'fixed_binary':
      return fc.uint8Array({ minLength: type.bytes, maxLength: type.bytes });
    case 'uuid':
      return fc.uuid();
    case 'date':
      return fc.integer({ min: -719_162, max: 2_932_896 }).map(printDate);
    case 'time':
      return fc.integer({ min: 0, max: 86_400 * COUNTS[type.unit] - 1 }).map((count) => printTime(count, type.unit));
    case 'timestamp':
      return timestamps(type.unit).map((count) => printTimestamp(count, type.unit, type.timezone !== undefined));
    case 'list':
      return fc.array(arbitraryValue(type.element), { maxLength: 4 });
    case 'struct':
      return arbitraryRecord(type.fields);
    case 'map':
      return maps(type);
    default: {
      const bits = Number(/\d+/.exec(type.kind)![0]);
      return type.kind.startsWith('u')
        ? fc.integer({ min: 0, max: 2 ** bits - 1 })
        : fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
    }
  }
}

const COUNTS = { ms: 1e3, us: 1e6, ns: 1e9 };

/** From the year 1 to 9999, of nanoseconds those that 64 bits hold. */
function timestamps(unit: TimeUnit): fc.Arbitrary<bigint> {
  if (unit === 'ns') return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const count = BigInt(COUNTS[unit]);
  return fc.bigInt({ min: -62_135_596_800n * count, max: 253_402_300_800n * count - 1n });
}

/** Objects where the keys are text, Maps elsewhere. */
function maps({ key, value }: Extract<FieldType, { kind: 'map' }>): fc.Arbitrary<unknown> {
  const entry = fc.tuple(arbitraryValue(key), arbitraryValue(value));
  const entries = fc.uniqueArray(entry, { maxLength: 4, selector: ([name]) => String(name) });
  if (key.type.kind !== 'string') return entries.map((pairs) => new Map(pairs));
  return entries.map((pairs) => {
    const object = Object.create(null) as Record_;
    for (const [name, item] of pairs) object[name as string] = item;
    return object;
  });
}
