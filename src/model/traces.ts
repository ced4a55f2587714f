import { CONTEXT_COLUMNS, column, int64, map, spanId, string, traceId, uint32 } from './columns.ts';
import type { ColumnField, TableSchema } from './table.ts';

const EVENT_FIELDS: readonly ColumnField[] = [
  { name: 'time_unix_nano', type: int64, nullable: false },
  { name: 'name', type: string, nullable: false },
  { name: 'attributes', type: map, nullable: false },
  { name: 'attribute_types', type: string, nullable: false },
  { name: 'dropped_attributes_count', type: uint32, nullable: false },
];

const LINK_FIELDS: readonly ColumnField[] = [
  { name: 'trace_id', type: traceId, nullable: true },
  { name: 'span_id', type: spanId, nullable: true },
  { name: 'trace_state', type: string, nullable: true },
  { name: 'flags', type: uint32, nullable: false },
  { name: 'attributes', type: map, nullable: false },
  { name: 'attribute_types', type: string, nullable: false },
  { name: 'dropped_attributes_count', type: uint32, nullable: false },
];

/** A row a span. An empty string or id in OTLP means "not set" and is null here, but for `name`. */
export const TRACES: TableSchema = {
  name: 'traces',
  columns: [
    column(
      1,
      'timestamp',
      { kind: 'timestamp' },
      true,
      'Start of the span, microseconds UTC; null where the start is 0.',
    ),
    column(2, 'start_time_unix_nano', int64, false, 'Start of the span, nanoseconds since the epoch (uint64 bits).'),
    column(3, 'duration_nano', int64, false, 'End minus start, nanoseconds, modulo 2^64.'),
    column(4, 'trace_id', traceId, false, 'Trace id, 32 hex digits.'),
    column(5, 'span_id', spanId, false, 'Span id, 16 hex digits.'),
    column(6, 'parent_span_id', spanId, true, 'Span id of the parent; null for a root span.'),
    column(7, 'trace_state', string, true, 'W3C trace state; null where it is empty.'),
    column(8, 'flags', uint32, false, 'W3C trace flags and the remote bits of OTLP.'),
    column(9, 'name', string, false, 'Name of the span.'),
    column(
      10,
      'kind',
      string,
      false,
      'UNSPECIFIED, INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER, or the digits of an unknown number.',
    ),
    column(11, 'status_code', string, false, 'UNSET, OK, ERROR, or the digits of an unknown number.'),
    column(12, 'status_message', string, true, 'Message of the status; null where the span has no status at all.'),
    ...CONTEXT_COLUMNS,
    column(13, 'attributes', map, false, 'Attributes of the span.'),
    column(14, 'attribute_types', string, false, 'One letter an entry of attributes.'),
    column(15, 'dropped_attributes_count', uint32, false, 'Attributes dropped by the sender.'),
    column(16, 'dropped_events_count', uint32, false, 'Events dropped by the sender.'),
    column(17, 'dropped_links_count', uint32, false, 'Links dropped by the sender.'),
    column(
      18,
      'events',
      { kind: 'list', element: { kind: 'struct', fields: EVENT_FIELDS } },
      false,
      'Events of the span.',
    ),
    column(
      19,
      'links',
      { kind: 'list', element: { kind: 'struct', fields: LINK_FIELDS } },
      false,
      'Links of the span.',
    ),
  ],
};
