/** Which types hold every value of another type. */
import { printType } from './type-text.ts';
import type { FieldType, ParquetField } from './types.ts';

/** Whether the stored values mean the same: the zones of instants do not count, nor do ids of what is nested. */
export function sameType(one: FieldType, other: FieldType): boolean {
  return printType(inUtc(one)) === printType(inUtc(other));
}

function inUtc(type: FieldType): FieldType {
  const inner = (field: ParquetField): ParquetField => ({ ...field, type: inUtc(field.type) });
  switch (type.kind) {
    case 'timestamp':
      return type.timezone === undefined ? type : { ...type, timezone: 'UTC' };
    case 'list':
      return { kind: 'list', element: inner(type.element) };
    case 'map':
      return { kind: 'map', key: inner(type.key), value: inner(type.value) };
    case 'struct':
      return { kind: 'struct', fields: type.fields.map(inner) };
    default:
      return type;
  }
}

/**
 * Whether `to` holds every value of `from`, as the same kind of value: integers in wider integers, float32 in float64,
 * decimals in decimals with no fewer digits on either side of the point. Not for types that nest others.
 */
export function widens(from: FieldType, to: FieldType): boolean {
  if (sameType(from, to)) return true;
  if (from.kind === 'float32') return to.kind === 'float64';
  if (from.kind === 'decimal' && to.kind === 'decimal') {
    return to.scale >= from.scale && to.precision - to.scale >= from.precision - from.scale;
  }
  const [narrow, wide] = [integerOf(from), integerOf(to)];
  if (narrow === undefined || wide === undefined) return false;
  if (narrow.signed) return wide.signed && wide.bits >= narrow.bits;
  return wide.signed ? wide.bits > narrow.bits : wide.bits >= narrow.bits;
}

interface IntegerType {
  readonly bits: number;
  readonly signed: boolean;
}

function integerOf({ kind }: FieldType): IntegerType | undefined {
  const match = /^(u?)int(\d+)$/.exec(kind);
  return match ? { bits: Number(match[2]), signed: match[1] === '' } : undefined;
}
