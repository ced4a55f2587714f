/**
 * Schemas of several generations as one, by the names of the columns: what is new is null in older files, orders may
 * differ, and types widen where every value of the one is a value of the other:
 *
 * - integers to larger ones, unsigned ones also to a signed one that holds them; float32 to float64
 * - decimals to as many digits before and behind the point as both need, up to 76
 * - times and timestamps to the finer unit (a timestamp with a time zone never to one without)
 * - json to string; fixed_binary to binary; lists, maps and structs by what stands in them
 *
 * Everything else is incompatible, and named.
 */
import { MAX_PRECISION } from './check-type.ts';
import { printType } from './type-text.ts';
import type { FieldType, ParquetField, ParquetSchema, TimeUnit } from './types.ts';

export type Unified =
  | { readonly schema: ParquetSchema; readonly reasons: readonly [] }
  /** One sentence a column that does not fit. */
  | { readonly schema: undefined; readonly reasons: readonly string[] };

/** @param names of what the schemas are of, for the reasons; by default "schema 1", "schema 2" … */
export function unifySchemas(schemas: readonly ParquetSchema[], names: readonly string[] = []): Unified {
  const reasons: string[] = [];
  let whole: ParquetSchema | undefined;
  for (const [i, schema] of schemas.entries()) {
    const next: Unified =
      whole === undefined ? { schema, reasons: [] } : unifyTwo(whole, schema, names[i] ?? `schema ${i + 1}`);
    reasons.push(...next.reasons);
    whole = next.schema ?? whole;
  }
  if (reasons.length > 0) return { schema: undefined, reasons };
  return { schema: whole ?? { fields: [], metadata: {} }, reasons: [] };
}

/** A schema that takes in one more; `name` is what the second one is of. Metadata is the first one's. */
export function unifyTwo(whole: ParquetSchema, next: ParquetSchema, name: string): Unified {
  const reasons: string[] = [];
  const fields = unifyFields(whole.fields, next.fields, (path, a, b) => {
    reasons.push(`column ${path} is ${printType(b)} in ${name}, which is no ${printType(a)} and does not widen to one`);
  });
  return reasons.length > 0 ? { schema: undefined, reasons } : { schema: { ...whole, fields }, reasons: [] };
}

type Clash = (path: string, a: FieldType, b: FieldType) => void;

function unifyFields(
  first: readonly ParquetField[],
  second: readonly ParquetField[],
  clash: Clash,
  parent = '',
): readonly ParquetField[] {
  const others = new Map(second.map((field) => [field.name, field]));
  const common = first.map((field): ParquetField => {
    const other = others.get(field.name);
    others.delete(field.name);
    return other === undefined ? { ...field, nullable: true } : unifyField(field, other, clash, parent);
  });
  return [...common, ...[...others.values()].map((field) => ({ ...field, nullable: true }))];
}

function unifyField(a: ParquetField, b: ParquetField, clash: Clash, parent: string): ParquetField {
  const path = parent === '' ? a.name : `${parent}.${a.name}`;
  return { ...a, nullable: a.nullable || b.nullable, type: unifyType(a.type, b.type, clash, path) };
}

function unifyType(a: FieldType, b: FieldType, clash: Clash, path: string): FieldType {
  if (a.kind === 'list' && b.kind === 'list') {
    return { kind: 'list', element: unifyField(a.element, b.element, clash, path) };
  }
  if (a.kind === 'struct' && b.kind === 'struct') {
    return { kind: 'struct', fields: unifyFields(a.fields, b.fields, clash, path) };
  }
  if (a.kind === 'map' && b.kind === 'map') {
    const key = unifyField(a.key, b.key, clash, path);
    return { kind: 'map', key, value: unifyField(a.value, b.value, clash, path) };
  }
  const wider = widenType(a, b);
  if (wider === undefined) clash(path, a, b);
  return wider ?? a;
}

/** The narrowest type that has all values of both; undefined where there is none. Not for nested types. */
export function widenType(a: FieldType, b: FieldType): FieldType | undefined {
  if (printType(a) === printType(b)) return a;
  const [x, y] = [integerOf(a), integerOf(b)];
  if (x !== undefined && y !== undefined) return widenIntegers(x, y);
  if (a.kind === 'decimal' && b.kind === 'decimal') {
    const scale = Math.max(a.scale, b.scale);
    const precision = Math.max(a.precision - a.scale, b.precision - b.scale) + scale;
    return precision > MAX_PRECISION ? undefined : { kind: 'decimal', precision, scale };
  }
  if (a.kind === 'time' && b.kind === 'time') return { kind: 'time', unit: finer(a.unit, b.unit) };
  if (a.kind === 'timestamp' && b.kind === 'timestamp') {
    const bothZoned = (a.timezone === undefined) === (b.timezone === undefined);
    return bothZoned ? { ...a, unit: finer(a.unit, b.unit) } : undefined;
  }
  const kinds = [a.kind, b.kind];
  if (kinds.every((kind) => kind === 'float32' || kind === 'float64')) return { kind: 'float64' };
  if (kinds.every((kind) => kind === 'string' || kind === 'json')) return { kind: 'string' };
  if (kinds.every((kind) => kind === 'binary' || kind === 'fixed_binary')) return { kind: 'binary' };
  return undefined;
}

interface IntegerType {
  readonly signed: boolean;
  readonly bits: number;
}

function integerOf({ kind }: FieldType): IntegerType | undefined {
  const parts = /^(u?)int(\d+)$/.exec(kind);
  return parts === null ? undefined : { signed: parts[1] === '', bits: Number(parts[2]) };
}

function widenIntegers(a: IntegerType, b: IntegerType): FieldType | undefined {
  const signed = a.signed || b.signed;
  // A signed integer needs one more bit than the unsigned one that it holds.
  const needed = Math.max(...[a, b].map((one) => (signed && !one.signed ? 2 * one.bits : one.bits)));
  if (needed > 64) return undefined;
  return { kind: `${signed ? '' : 'u'}int${needed as 8 | 16 | 32 | 64}` };
}

const UNITS: readonly TimeUnit[] = ['ms', 'us', 'ns'];

function finer(a: TimeUnit, b: TimeUnit): TimeUnit {
  return UNITS[Math.max(UNITS.indexOf(a), UNITS.indexOf(b))]!;
}
