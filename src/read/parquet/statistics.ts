import type { SchemaElement } from 'hyparquet';
import type { ColumnType, TableSchema } from '../../model/table.ts';
import type { Bounds } from '../filter/prune.ts';
import type { Footer } from './footer.ts';

/**
 * What a row group's statistics say of a column, for pruning. Only `min_value` and `max_value` are used: the older
 * fields order text by signed bytes. Text bounds may be cut, which leaves them bounds. Undefined where nothing is known.
 */
export function rowGroupBounds(footer: Footer, group: number, schema: TableSchema, name: string): Bounds | undefined {
  const { columns, num_rows } = footer.metadata.row_groups[group]!;
  const rows = Number(num_rows);
  const index = flatLeaf(footer, group, name);
  const statistics = columns[index]?.meta_data?.statistics;
  const type = schema.columns.find((column) => column.name === name)?.type;
  const element = footer.leaves[index];
  if (statistics === undefined || type === undefined || element === undefined) return undefined;
  const nullCount = statistics.null_count === undefined ? undefined : Number(statistics.null_count);
  return {
    rows,
    nullCount,
    min: typedBound(statistics.min_value, type, element),
    max: typedBound(statistics.max_value, type, element),
  };
}

/** The column chunk of a column that is not nested, -1 where there is none. */
export function flatLeaf(footer: Footer, group: number, name: string): number {
  return footer.metadata.row_groups[group]!.columns.findIndex(({ meta_data }) => {
    return meta_data!.path_in_schema.length === 1 && meta_data!.path_in_schema[0] === name;
  });
}

/** The value as the table's type has it; undefined where the file's type orders or reads differently. */
export function typedBound(value: unknown, type: ColumnType, element: SchemaElement): Bounds['min'] {
  const logical = element.logical_type?.type ?? element.converted_type;
  switch (type.kind) {
    case 'string':
    case 'id': {
      const text = element.type === 'BYTE_ARRAY' && (logical === undefined || /^(STRING|UTF8|ENUM)$/.test(logical));
      return text && value instanceof Uint8Array ? value : undefined;
    }
    case 'int32':
    case 'uint32':
    case 'int64': {
      const plain = logical === undefined || logical === 'INTEGER' || /^INT_/.test(logical);
      const unsigned = element.logical_type?.type === 'INTEGER' && !element.logical_type.isSigned;
      if (!plain || unsigned) return undefined;
      return typeof value === 'number' ? BigInt(value) : typeof value === 'bigint' ? value : undefined;
    }
    case 'timestamp':
      return logical?.startsWith('TIMESTAMP') && typeof value === 'bigint' ? value : undefined;
    case 'double': {
      const float = element.type === 'DOUBLE' || element.type === 'FLOAT';
      return float && typeof value === 'number' ? value : undefined;
    }
    case 'bool':
      return typeof value === 'boolean' ? Number(value) : undefined;
    default:
      return undefined;
  }
}
