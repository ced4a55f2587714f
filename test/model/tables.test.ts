import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Field } from 'apache-arrow';
import { SIGNAL_LIST } from '../../src/model/signal.ts';
import { arrowSchema } from '../../src/model/table.ts';
import { TABLES } from '../../src/model/tables.ts';

/** Iceberg readers find columns by these: entries may be added, never changed or removed. */
const CONTEXT_IDS = {
  service_name: 50,
  scope_name: 51,
  scope_version: 52,
  resource_schema_url: 53,
  scope_schema_url: 54,
  resource_dropped_attributes_count: 55,
  scope_dropped_attributes_count: 56,
  resource_attributes: 57,
  resource_attribute_types: 58,
  scope_attributes: 59,
  scope_attribute_types: 60,
  resource_entity_refs: 61,
};
const OWN_IDS = {
  traces: {
    timestamp: 1,
    start_time_unix_nano: 2,
    duration_nano: 3,
    trace_id: 4,
    span_id: 5,
    parent_span_id: 6,
    trace_state: 7,
    flags: 8,
    name: 9,
    kind: 10,
    status_code: 11,
    status_message: 12,
    attributes: 13,
    attribute_types: 14,
    dropped_attributes_count: 15,
    dropped_events_count: 16,
    dropped_links_count: 17,
    events: 18,
    links: 19,
  },
  logs: {
    timestamp: 1,
    time_unix_nano: 2,
    observed_time_unix_nano: 3,
    trace_id: 4,
    span_id: 5,
    flags: 6,
    severity_number: 7,
    severity_text: 8,
    event_name: 9,
    body: 10,
    body_type: 11,
    attributes: 12,
    attribute_types: 13,
    dropped_attributes_count: 14,
  },
  metrics: {
    timestamp: 1,
    time_unix_nano: 2,
    start_time_unix_nano: 3,
    metric_name: 4,
    description: 5,
    unit: 6,
    type: 7,
    aggregation_temporality: 8,
    is_monotonic: 9,
    value_double: 10,
    value_int: 11,
    count: 12,
    sum: 13,
    min: 14,
    max: 15,
    bucket_counts: 16,
    explicit_bounds: 17,
    scale: 18,
    zero_count: 19,
    zero_threshold: 20,
    positive_offset: 21,
    positive_bucket_counts: 22,
    negative_offset: 23,
    negative_bucket_counts: 24,
    quantiles: 25,
    exemplars: 26,
    flags: 27,
    metadata: 28,
    metadata_types: 29,
    attributes: 30,
    attribute_types: 31,
  },
};

for (const { name } of SIGNAL_LIST) {
  const table = TABLES[name];

  test(`the field ids of ${name} are those that files of the lake have`, () => {
    const ids = Object.fromEntries(table.columns.map((column) => [column.name, column.fieldId]));
    assert.deepEqual(ids, { ...OWN_IDS[name], ...CONTEXT_IDS });
  });

  test(`no two fields of ${name} have one id, nested ones included`, () => {
    const ids = arrowSchema(table).fields.flatMap(idsOf);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(
      ids.every((id) => id > 0 && id < 0x40000000),
      'ids from 2^30 on belong to promoted columns',
    );
  });

  test(`every column of ${name} has a name of its own and a sentence about it`, () => {
    assert.equal(new Set(table.columns.map((column) => column.name)).size, table.columns.length);
    for (const column of table.columns) assert.match(column.doc, /^[A-Z0-9].*\.$/, column.name);
  });

  test(`every map of ${name} has the column of its types beside it`, () => {
    const maps = table.columns.filter(({ type }) => type.kind === 'map').map((column) => column.name);
    for (const map of maps) {
      const types = table.columns.find((column) => column.name === `${map.replace(/s$/, '')}_types`);
      assert.equal(types?.type.kind, 'string', map);
    }
  });
}

/** Maps and lists have a group between them and their fields, which has no id. */
function idsOf(field: Field): number[] {
  const id = field.metadata.get('PARQUET:field_id');
  const children = (field.type.children ?? []) as Field[];
  return [...(id === undefined ? [] : [Number(id)]), ...children.flatMap(idsOf)];
}
