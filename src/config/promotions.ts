/** `promote` of a table to promotions, refusing columns and field ids that are taken. */
import type { PromotedType, Promotion } from '../model/layout.ts';
import { promotedColumnName, promotedFieldId } from '../model/promote.ts';
import type { TableName } from '../model/signal.ts';
import { TABLES } from '../model/tables.ts';
import type { CheckContext, Given } from './check.ts';
import { readEntry } from './entries.ts';
import type { Key } from './key.ts';

const MAX_PROMOTIONS = 500;

/** The keys of an entry; `path` is their name alone. */
export const PROMOTE_KEYS: readonly Key[] = [
  { path: 'attribute', type: 'string', doc: 'Name of the attribute.' },
  {
    path: 'type',
    type: 'string',
    default: 'string',
    values: ['string', 'int64', 'double', 'bool'],
    doc: 'Type of the column; values of another type are null there.',
  },
];

export function readPromotions(table: TableName, given: Given, context: CheckContext): readonly Promotion[] {
  const path = `tables.${table}.promote`;
  const raw = (given.get(path) as readonly unknown[] | undefined) ?? [];
  if (raw.length > MAX_PROMOTIONS) {
    context.problems.report(path, `${path} has ${raw.length} entries; expected at most ${MAX_PROMOTIONS}`);
    return [];
  }
  const promotions = new Map<string, Promotion>();
  for (const [i, entry] of raw.entries()) {
    const at = `${path}[${i}]`;
    const promotion = readPromotion(entry, at, context);
    if (promotion !== undefined) promotions.set(at, promotion);
  }
  refuseTaken(table, promotions, context);
  return [...promotions.values()];
}

function readPromotion(entry: unknown, path: string, context: CheckContext): Promotion | undefined {
  const own = readEntry(entry, path, PROMOTE_KEYS, '{ attribute = "http.route", type = "string" }', context);
  if (own === undefined) return undefined;
  const attribute = own.get('attribute') as string | undefined;
  if (attribute === undefined) {
    context.problems.reportMissing(`${path}.attribute`, "expected an attribute's name");
    return undefined;
  }
  const type = (own.get('type') ?? 'string') as PromotedType;
  return { attribute, type, column: promotedColumnName(attribute) };
}

function refuseTaken(table: TableName, promotions: ReadonlyMap<string, Promotion>, { problems }: CheckContext): void {
  const columns = new Map<string, string>();
  const fieldIds = new Map<number, string>();
  for (const { name, fieldId } of TABLES[table].columns) {
    columns.set(name, `the table's column ${name}`);
    fieldIds.set(fieldId, `the table's column ${name}`);
  }
  for (const [path, { attribute, type, column }] of promotions) {
    const fieldId = promotedFieldId(attribute, type);
    const taken = columns.get(column);
    const takenId = fieldIds.get(fieldId);
    if (taken !== undefined) problems.report(path, `${path} gives the column ${column}, as ${taken} does`);
    else if (takenId !== undefined) problems.report(path, `${path} gives the field id ${fieldId}, as ${takenId} does`);
    columns.set(column, path);
    fieldIds.set(fieldId, path);
  }
}
