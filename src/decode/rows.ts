/**
 * Rows of the lake back to an OTLP request. Resources and scopes of equal content become one, in the order of their first
 * row, and so do metrics of equal content in a scope; otherwise the rows keep their order.
 *
 * A row is an object with the table's columns, as Parquet and Arrow readers make them: 64-bit integers as bigint (or
 * number), ids as hex text, maps as a Map, as entries, or as an object, lists as any iterable of objects.
 */
import type { SignalName } from '../model/signal.ts';
import { entityRefs } from './entity-refs.ts';
import type { PlainMessage, PlainValue } from './protobuf-writer.ts';
import { keyValues, mapEntries, type Row, text, uint32 } from './row-fields.ts';
import { readLogRecord } from './rows-logs.ts';
import { addPoint, metricKey, readMetric } from './rows-metrics.ts';
import { readSpan } from './rows-traces.ts';

export type { Row } from './row-fields.ts';

export interface OtlpAssembler {
  /** Throws `corrupt` where a column does not hold what the table promises. */
  add(row: Row): void;
  readonly rows: number;
  /** The export request as a plain object (see protobuf-writer.ts). */
  finish(): PlainMessage;
}

/** The items of a scope. */
interface ScopeItems {
  readonly list: PlainValue[];
  /** Metrics by what their rows have in common; empty for other signals. */
  readonly metrics: Map<string, PlainMessage>;
}

/** How the rows of a table become items of its request. */
interface RowFormat {
  readonly resourceList: string;
  readonly scopeList: string;
  readonly itemList: string;
  readonly addRow: (row: Row, items: ScopeItems) => void;
}

const FORMATS: Readonly<Record<SignalName, RowFormat>> = {
  traces: {
    resourceList: 'resourceSpans',
    scopeList: 'scopeSpans',
    itemList: 'spans',
    addRow: (row, { list }) => list.push(readSpan(row)),
  },
  logs: {
    resourceList: 'resourceLogs',
    scopeList: 'scopeLogs',
    itemList: 'logRecords',
    addRow: (row, { list }) => list.push(readLogRecord(row)),
  },
  metrics: { resourceList: 'resourceMetrics', scopeList: 'scopeMetrics', itemList: 'metrics', addRow: addPointRow },
};

function addPointRow(row: Row, { list, metrics }: ScopeItems): void {
  const key = metricKey(row);
  let metric = metrics.get(key);
  if (metric === undefined) {
    metric = readMetric(row);
    metrics.set(key, metric);
    list.push(metric);
  }
  addPoint(metric, row);
}

interface ResourceGroup {
  readonly scopes: PlainValue[];
  readonly itemsByScope: Map<string, ScopeItems>;
}

export function createOtlpAssembler(signal: SignalName): OtlpAssembler {
  const { resourceList, scopeList, itemList, addRow } = FORMATS[signal];
  const resources: PlainValue[] = [];
  const groups = new Map<string, ResourceGroup>();
  let rows = 0;

  function groupOf(row: Row): ResourceGroup {
    const key = contextKey(row, RESOURCE_COLUMNS);
    const known = groups.get(key);
    if (known) return known;
    const scopes: PlainValue[] = [];
    resources.push({ resource: readResource(row), [scopeList]: scopes, schemaUrl: text(row.resource_schema_url) });
    const group: ResourceGroup = { scopes, itemsByScope: new Map() };
    groups.set(key, group);
    return group;
  }

  function itemsOf(row: Row, { scopes, itemsByScope }: ResourceGroup): ScopeItems {
    const key = contextKey(row, SCOPE_COLUMNS);
    const known = itemsByScope.get(key);
    if (known) return known;
    const items: ScopeItems = { list: [], metrics: new Map() };
    scopes.push({ scope: readScope(row), [itemList]: items.list, schemaUrl: text(row.scope_schema_url) });
    itemsByScope.set(key, items);
    return items;
  }

  return {
    add(row) {
      addRow(row, itemsOf(row, groupOf(row)));
      rows++;
    },
    get rows() {
      return rows;
    },
    finish: () => ({ [resourceList]: resources }),
  };
}

interface ContextColumns {
  readonly map: string;
  readonly scalars: readonly string[];
}

const RESOURCE_COLUMNS: ContextColumns = {
  map: 'resource_attributes',
  scalars: [
    'resource_attribute_types',
    'resource_dropped_attributes_count',
    'resource_schema_url',
    'resource_entity_refs',
  ],
};
const SCOPE_COLUMNS: ContextColumns = {
  map: 'scope_attributes',
  scalars: [
    'scope_attribute_types',
    'scope_dropped_attributes_count',
    'scope_name',
    'scope_version',
    'scope_schema_url',
  ],
};

/** Equal for rows whose resource (or scope) has equal content. */
function contextKey(row: Row, { map, scalars }: ContextColumns): string {
  const parts: unknown[] = scalars.map((column) => (row[column] == null ? '' : String(row[column])));
  parts.push(mapEntries(row[map]) ?? null);
  return JSON.stringify(parts);
}

/** Absent where the request had no resource. */
function readResource(row: Row): PlainMessage | undefined {
  const attributes = keyValues(row.resource_attributes, row.resource_attribute_types);
  if (attributes === undefined) return undefined;
  return {
    attributes,
    droppedAttributesCount: uint32(row.resource_dropped_attributes_count),
    entityRefs: entityRefs(row.resource_entity_refs),
  };
}

/** Absent where the request had no scope. */
function readScope(row: Row): PlainMessage | undefined {
  const attributes = keyValues(row.scope_attributes, row.scope_attribute_types);
  if (attributes === undefined) return undefined;
  return {
    name: text(row.scope_name),
    version: text(row.scope_version),
    attributes,
    droppedAttributesCount: uint32(row.scope_dropped_attributes_count),
  };
}
