/**
 * What a partition path says of the rows below it. The writer's own labelling decides: a value whose label is another
 * segment than the path's is in no row there. So pruning and writing cannot disagree on how a value is encoded, hashed
 * (Iceberg's bucket transform) or put into a range.
 */
import type { PartitionStrategy, Promotion } from '../model/layout.ts';
import type { Labelling } from '../partition/assign.ts';
import { type PartitionValue, parsePartitionPath, segmentCount } from '../partition/describe.ts';
import { type FieldName, resolveField } from '../partition/field.ts';
import { labellingOf } from '../partition/partition.ts';
import type { Source } from './filter/predicate.ts';
import type { Bounds, Knowledge, Value } from './filter/prune.ts';
import { utf8 } from './filter/text.ts';
import { parseTimestamp } from './filter/timestamp.ts';
import type { ReadSchema, ReadType } from './schema.ts';

/** A strategy made ready to be asked, once for all paths. */
interface Prepared {
  readonly strategy: PartitionStrategy;
  readonly field: FieldName;
  /** Undefined for time, whose labels are no values. */
  readonly labelling: Labelling | undefined;
}

interface Placed extends Prepared {
  readonly value: PartitionValue;
  /** Its part of the path. */
  readonly segment: string;
}

/** What paths say that were written under these strategies, those that are trusted; a path of another shape says nothing. */
export function partitionKnowledge(
  strategies: readonly PartitionStrategy[],
  schema: ReadSchema,
  promotions: readonly Promotion[],
  trusts: (strategy: PartitionStrategy) => boolean,
): (path: string) => Knowledge {
  const prepared = strategies.map((strategy): Prepared => {
    const labelling = strategy.type === 'time' ? undefined : labellingOf(strategy);
    return { strategy, labelling, field: resolveField(strategy.field, schema) };
  });
  return (path) => {
    const segments = path.split('/');
    let at = 0;
    const placed = parsePartitionPath(path, strategies).flatMap((value, i): Placed[] => {
      const segment = segments[at]!;
      at += segmentCount(strategies[i]!);
      return value !== undefined && trusts(strategies[i]!) ? [{ ...prepared[i]!, value, segment }] : [];
    });
    return (source) => {
      const known = placed.flatMap((one) => boundsOf(one, source, schema, promotions) ?? []);
      return known.length < 2 ? known[0] : merge(known);
    };
  };
}

/** Several strategies over one field: the bounds of the first that has some, and what any of them lacks. */
function merge(known: readonly Bounds[]): Bounds {
  const lacks = (value: Value) => known.some((bounds) => bounds.lacks?.(value) === true);
  return Object.assign({}, ...known.toReversed().map(defined), { lacks });
}

function defined(bounds: Bounds): Bounds {
  return Object.fromEntries(Object.entries(bounds).filter(([, value]) => value !== undefined));
}

function boundsOf(placed: Placed, source: Source, schema: ReadSchema, promotions: readonly Promotion[]) {
  const { strategy, field } = placed;
  if (source.kind === 'nested') return undefined;
  const maps = field.maps?.filter((map) => schema.columns.some(({ name }) => name === map));
  if (source.kind === 'attribute') {
    if (maps === undefined || strategy.type === 'time' || source.key !== field.name) return undefined;
    // The first map that has the key decides: what the leading maps hold is what the strategy saw.
    if (!source.maps.every((map, i) => map === maps[i])) return undefined;
    return fieldBounds(placed, 'attribute', source.maps.length === maps.length);
  }
  const type = schema.columns.find(({ name }) => name === source.column)!.type;
  if (maps === undefined) {
    if (source.column !== field.name) return undefined;
    return strategy.type === 'time' ? timeBounds(placed.value, type) : fieldBounds(placed, type.kind, true);
  }
  // A promoted column holds what the attribute holds, where its type is right.
  const promotion = promotions.find(({ column }) => column === source.column);
  if (promotion === undefined || promotion.attribute !== field.name || maps.length < 2) return undefined;
  if (strategy.type === 'time' || (promotion.type !== 'string' && promotion.type !== 'int64')) return undefined;
  return fieldBounds(placed, promotion.type === 'string' ? 'attribute' : 'int64 as text', false);
}

type FieldKind = ReadType['kind'] | 'attribute' | 'int64 as text';

/** `nulls`: whether a row without the field has no value in the source either. */
function fieldBounds(placed: Placed, kind: FieldKind, nulls: boolean): Bounds {
  const { strategy, value, segment } = placed;
  const text = kind === 'string' || kind === 'id' || kind === 'attribute';
  if (value.type === 'missing') {
    // Value and range: the null name stands for missing and for empty text.
    if (text && strategy.type !== 'hash') return { min: utf8(''), max: utf8('') };
    return { allNull: true };
  }
  const nullCount = nulls ? 0 : undefined;
  const lacks = (asked: Value) => {
    const label = labelOf(placed, kind, asked);
    return label !== undefined && label !== segment;
  };
  if (value.type === 'value') {
    if (text) return { min: utf8(value.text), max: utf8(value.text), nullCount };
    return isOurs(placed, kind, value.text) ? { lacks, nullCount } : { nullCount };
  }
  if (value.type === 'range') return { ...rangeBounds(value), lacks, nullCount };
  return { lacks, nullCount };
}

/** Other writers write the same numbers and times in other ways: a text that would not be written here excludes nothing. */
function isOurs(placed: Placed, kind: FieldKind, text: string): boolean {
  const value = numberOf(kind, text);
  return value !== undefined && labelOf(placed, kind, value) === placed.segment;
}

function numberOf(kind: FieldKind, text: string): Value | undefined {
  if (kind === 'double') return Number(text);
  if (kind === 'bool') return Number(text === 'true');
  if (kind === 'timestamp') return parseTimestamp(text)?.floor;
  return /^-?\d+$/.test(text) ? BigInt(text) : undefined;
}

/** The segment the writer gives a value; undefined where several segments can hold values that are equal to it. */
function labelOf({ strategy, labelling }: Placed, kind: FieldKind, value: Value): string | undefined {
  if (labelling === undefined) return undefined;
  if (value instanceof Uint8Array) return kind === 'id' ? labelling.id(value) : labelling.text(value);
  switch (kind) {
    case 'int64 as text':
      return labelling.text(utf8(String(value)));
    case 'double':
      // 0 equals -0, whose text is another.
      return strategy.type === 'value' && Number(value) === 0 ? undefined : labelling.number(value, kind);
    case 'int32':
    case 'uint32':
    case 'int64':
    case 'timestamp':
    case 'bool':
      return labelling.number(value, kind);
    default:
      return undefined;
  }
}

/** Beyond this the writer's doubles are rounded, and a bound may lie on the wrong side of a value. */
const MAX_EXACT = 2 ** 53;

function rangeBounds({ ranges }: Extract<PartitionValue, { type: 'range' }>): Bounds {
  if (ranges.length === 0) return {};
  const exact = (bound: number) => (Math.abs(bound) <= MAX_EXACT ? bound : undefined);
  const min = exact(Math.min(...ranges.map(({ from }) => from)));
  const end = exact(Math.max(...ranges.map(({ to }) => to)));
  return { min, max: end === undefined ? undefined : justBelow(end) };
}

/** The next smaller double: the end of a range is not part of it. */
function justBelow(value: number): number {
  if (value === 0) return -Number.MIN_VALUE;
  const word = new DataView(new ArrayBuffer(8));
  word.setFloat64(0, value);
  word.setBigInt64(0, word.getBigInt64(0) - (value > 0 ? 1n : -1n));
  return word.getFloat64(0);
}

const MAX_INT64 = 2n ** 63n - 1n;

/** Of columns whose values are points in time: units of them in a millisecond. */
function unitsInMs(type: ReadType): bigint | undefined {
  if (type.kind === 'int64') return 1_000_000n;
  if (type.kind === 'timestamp') return 1000n;
  return type.kind === 'instant' ? { ms: 1n, us: 1000n, ns: 1_000_000n }[type.unit] : undefined;
}

function timeBounds(value: PartitionValue, type: ReadType): Bounds | undefined {
  const unit = unitsInMs(type);
  if (unit === undefined) return undefined;
  // Nanoseconds are never null: 0 is "no time".
  if (value.type === 'missing') return type.kind === 'int64' ? { min: 0n, max: 0n } : { allNull: true };
  if (value.type !== 'time') return undefined;
  const [min, max] = [BigInt(value.fromMs) * unit, BigInt(value.toMs) * unit - 1n];
  // Nanoseconds are unsigned: from 2262 on their int64 is negative.
  return max > MAX_INT64 ? undefined : { min, max, nullCount: 0 };
}
