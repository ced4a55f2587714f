/** What a type must hold beyond its shape. */
import { isTimezone } from './timezone.ts';
import type { FieldType, ParquetField } from './types.ts';

/** Decimal digits that 256 bits hold. */
export const MAX_PRECISION = 76;
const MAX_FIXED_BYTES = 1024 * 1024;

/** What is wrong with a type itself, not with what is nested in it; undefined where nothing is. */
export function checkType(type: FieldType): string | undefined {
  switch (type.kind) {
    case 'decimal':
      return checkDecimal(type.precision, type.scale);
    case 'fixed_binary':
      return isWithin(type.bytes, 1, MAX_FIXED_BYTES)
        ? undefined
        : `bytes are 1 to ${MAX_FIXED_BYTES}, not ${type.bytes}`;
    case 'timestamp':
      return type.timezone === undefined || isTimezone(type.timezone)
        ? undefined
        : `no time zone "${type.timezone}" is known`;
    case 'map':
      if (isNested(type.key.type)) return `the key of a map cannot be a ${type.key.type.kind}`;
      return type.key.nullable ? 'the key of a map cannot be null' : undefined;
    case 'struct':
      return checkNames(type.fields);
    default:
      return undefined;
  }
}

export function isNested(type: FieldType): boolean {
  return type.kind === 'list' || type.kind === 'map' || type.kind === 'struct';
}

/** What is wrong with the names of fields that stand beside each other. */
export function checkNames(fields: readonly ParquetField[]): string | undefined {
  if (fields.length === 0) return 'there are no fields';
  const seen = new Set<string>();
  for (const { name } of fields) {
    if (name === '') return 'a field has no name';
    if (seen.has(name)) return `the name "${name}" is there twice`;
    seen.add(name);
  }
  return undefined;
}

function checkDecimal(precision: number, scale: number): string | undefined {
  if (!isWithin(precision, 1, MAX_PRECISION)) return `a decimal has 1 to ${MAX_PRECISION} digits, not ${precision}`;
  if (!isWithin(scale, 0, precision))
    return `of ${precision} digits 0 to ${precision} can stand behind the point, not ${scale}`;
  return undefined;
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
