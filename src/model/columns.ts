/** What the tables have in common: kinds of columns, and the columns of resource and scope. */
import type { Column, ColumnType } from './table.ts';

export const string: ColumnType = { kind: 'string' };
export const traceId: ColumnType = { kind: 'id', bytes: 16 };
export const spanId: ColumnType = { kind: 'id', bytes: 8 };
export const int32: ColumnType = { kind: 'int32' };
export const uint32: ColumnType = { kind: 'uint32' };
export const int64: ColumnType = { kind: 'int64' };
export const double: ColumnType = { kind: 'double' };
export const bool: ColumnType = { kind: 'bool' };
export const timestamp: ColumnType = { kind: 'timestamp' };
export const map: ColumnType = { kind: 'map' };

export function column(fieldId: number, name: string, type: ColumnType, nullable: boolean, doc: string): Column {
  return { fieldId, name, type, nullable, doc };
}

/** Columns of resource and scope, alike in every table. Their field ids are 50 to 69, those of a table's own columns 1 to 49. */
export const CONTEXT_COLUMNS: readonly Column[] = [
  column(50, 'service_name', string, true, 'Resource attribute service.name; null where it is missing or no string.'),
  column(51, 'scope_name', string, true, 'Name of the instrumentation scope; null where it is empty.'),
  column(52, 'scope_version', string, true, 'Version of the instrumentation scope; null where it is empty.'),
  column(53, 'resource_schema_url', string, true, 'Schema URL of the resource; null where it is empty.'),
  column(54, 'scope_schema_url', string, true, 'Schema URL of the scope; null where it is empty.'),
  column(55, 'resource_dropped_attributes_count', uint32, false, 'Attributes the sender dropped from the resource.'),
  column(56, 'scope_dropped_attributes_count', uint32, false, 'Attributes the sender dropped from the scope.'),
  column(57, 'resource_attributes', map, true, 'Attributes of the resource; null where the request has no resource.'),
  column(58, 'resource_attribute_types', string, true, 'One letter an entry of resource_attributes.'),
  column(59, 'scope_attributes', map, true, 'Attributes of the scope; null where the request has no scope.'),
  column(60, 'scope_attribute_types', string, true, 'One letter an entry of scope_attributes.'),
  column(
    61,
    'resource_entity_refs',
    string,
    true,
    'References to entities in the resource: the list as OTLP/JSON text; null where it is empty.',
  ),
];
