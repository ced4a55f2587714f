/** Types and schemas of every kind. */
import fc from 'fast-check';
import type { FieldType, ParquetField } from '../../src/records/types.ts';

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
