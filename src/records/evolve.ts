/**
 * How the schema of a table may change over time, so that files of all its generations are read as one table (unify.ts).
 * Columns are told by name.
 *
 * What loses nothing is compatible: columns that are new and may be null, columns that now may be null, wider types
 * (those of unify.ts, where they have a place for every value), another order. Everything else is refused, with every reason.
 */
import { printType } from './type-text.ts';
import type { ParquetField, ParquetSchema } from './types.ts';
import { holdsAll, sameType } from './widen.ts';

/** One way in which a schema differs from the one before. */
export interface SchemaChange {
  readonly kind: 'added' | 'widened' | 'made_nullable' | 'reordered';
  /** With the way into nested types, as in `address.zip`; empty for the order of all columns. */
  readonly column: string;
  /** As a sentence. */
  readonly text: string;
}

/** What a change of a schema means for files that are there. */
export interface SchemaCompatibility {
  readonly compatible: boolean;
  /** Why not, a sentence each; empty where it is compatible. */
  readonly reasons: readonly string[];
  /** What changes in the way of compatible changes. */
  readonly changes: readonly SchemaChange[];
}

/**
 * Whether files under `next` can be written beside those under `old`, and all of them read under `next` without loss.
 * Metadata and time zones of instants may change, as they change no value.
 */
export function validateSchemaCompatibility(old: ParquetSchema, next: ParquetSchema): SchemaCompatibility {
  const reasons: string[] = [];
  const changes: SchemaChange[] = [];
  compareFields(old.fields, next.fields, '', reasons, changes);
  return { compatible: reasons.length === 0, reasons, changes };
}

function compareFields(
  old: readonly ParquetField[],
  next: readonly ParquetField[],
  parent: string,
  reasons: string[],
  changes: SchemaChange[],
): void {
  const byName = new Map(next.map((field) => [field.name, field]));
  const known = new Set(old.map(({ name }) => name));
  for (const before of old) {
    const column = join(parent, before.name);
    const after = byName.get(before.name);
    if (after === undefined) {
      reasons.push(`${column} is gone; a column stays in the schema, and rows may leave it null`);
    } else {
      compareField(before, after, column, reasons, changes);
    }
  }
  for (const { name, type, nullable } of next) {
    if (known.has(name)) continue;
    const column = join(parent, name);
    if (nullable) changes.push({ kind: 'added', column, text: `${column} is new (${printType(type)})` });
    else reasons.push(`${column} is new and may not be null, but older rows have no value for it`);
  }
  const order = next.flatMap(({ name }) => (known.has(name) ? [name] : []));
  const before = old.flatMap(({ name }) => (byName.has(name) ? [name] : []));
  if (order.some((name, i) => name !== before[i])) {
    changes.push({ kind: 'reordered', column: parent, text: `the order is now ${order.join(', ')}` });
  }
}

function compareField(
  before: ParquetField,
  after: ParquetField,
  column: string,
  reasons: string[],
  changes: SchemaChange[],
): void {
  if (before.nullable && !after.nullable) reasons.push(`${column} could be null and may not be any more`);
  if (!before.nullable && after.nullable) {
    changes.push({ kind: 'made_nullable', column, text: `${column} may be null` });
  }
  if (before.fieldId !== undefined && after.fieldId !== undefined && before.fieldId !== after.fieldId) {
    reasons.push(`${column} had the field id ${before.fieldId} and now has ${after.fieldId}; ids never change`);
  }
  const [from, to] = [before.type, after.type];
  if (from.kind === 'struct' && to.kind === 'struct') {
    compareFields(from.fields, to.fields, column, reasons, changes);
  } else if (from.kind === 'list' && to.kind === 'list') {
    compareField(from.element, to.element, join(column, 'element'), reasons, changes);
  } else if (from.kind === 'map' && to.kind === 'map') {
    compareField(from.key, to.key, join(column, 'key'), reasons, changes);
    compareField(from.value, to.value, join(column, 'value'), reasons, changes);
  } else if (!sameType(from, to)) {
    const text = `${column} was ${printType(from)} and is now ${printType(to)}`;
    if (holdsAll(from, to)) changes.push({ kind: 'widened', column, text });
    else reasons.push(`${text}, which cannot hold every value of before`);
  }
}

function join(parent: string, name: string): string {
  return parent === '' ? name : `${parent}.${name}`;
}
