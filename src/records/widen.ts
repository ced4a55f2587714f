/** Which types take the values of another type. */
import { printType } from './type-text.ts';
import type { FieldType, ParquetField } from './types.ts';
import { widenType } from './unify.ts';

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
 * Whether values of `from` are read as `to`: where `to` is what unify.ts makes of both. Not for types that nest others.
 */
export function widens(from: FieldType, to: FieldType): boolean {
  const common = widenType(from, to);
  return sameType(from, to) || (common !== undefined && sameType(common, to));
}

/** Whether `to` has a place for every value of `from`; instants before 1677 and after 2262 have none in nanoseconds. */
export function holdsAll(from: FieldType, to: FieldType): boolean {
  if (from.kind === 'timestamp' && to.kind === 'timestamp' && to.unit === 'ns' && from.unit !== 'ns') return false;
  return widens(from, to);
}
