/**
 * Promoted columns: typed copies of attributes beside the maps, which stay complete.
 *
 * The field id of a promoted column is 2^30 plus the low 30 bits of murmur3 over the attribute's name and the type, so
 * that every bridge and every later version gives the same column the same id without a registry.
 */
import type { PromotedType, Promotion } from './layout.ts';
import { murmur3 } from './murmur3.ts';
import type { Column, ColumnType, TableSchema } from './table.ts';

const COLUMN_TYPES: Readonly<Record<PromotedType, ColumnType>> = {
  string: { kind: 'string' },
  int64: { kind: 'int64' },
  double: { kind: 'double' },
  bool: { kind: 'bool' },
};

/** `http.route` becomes `http_route`: what is neither letter, digit nor `_` becomes `_`, letters become lower case. */
export function promotedColumnName(attribute: string): string {
  return attribute.toLowerCase().replace(/[^a-z0-9_]/g, '_');
}

export function promotedFieldId(attribute: string, type: PromotedType): number {
  const text = new TextEncoder().encode(`${attribute}\0${type}`);
  return 0x40000000 + (murmur3(text) & 0x3fffffff);
}

export function withPromotions(schema: TableSchema, promotions: readonly Promotion[]): TableSchema {
  if (promotions.length === 0) return schema;
  return { name: schema.name, columns: [...schema.columns, ...promotions.map(promotedColumn)] };
}

function promotedColumn(promotion: Promotion): Column {
  return {
    fieldId: promotedFieldId(promotion.attribute, promotion.type),
    name: promotion.column,
    type: COLUMN_TYPES[promotion.type],
    nullable: true,
    doc: `Attribute ${promotion.attribute} of the row, else of its resource; null where missing or of another type.`,
  };
}
