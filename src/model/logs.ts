import { CONTEXT_COLUMNS, column, int32, int64, map, spanId, string, timestamp, traceId, uint32 } from './columns.ts';
import type { TableSchema } from './table.ts';

/** A row a log record. An empty string or id in OTLP means "not set" and is null here. */
export const LOGS: TableSchema = {
  name: 'logs',
  columns: [
    column(
      1,
      'timestamp',
      timestamp,
      true,
      'Time of the event, else the time it was observed, microseconds UTC; null where both are 0.',
    ),
    column(
      2,
      'time_unix_nano',
      int64,
      false,
      'Time of the event, nanoseconds since the epoch (uint64 bits); 0: unknown.',
    ),
    column(3, 'observed_time_unix_nano', int64, false, 'When the event was observed, as time_unix_nano.'),
    column(4, 'trace_id', traceId, true, 'Trace id, 32 hex digits; null where it is empty.'),
    column(5, 'span_id', spanId, true, 'Span id, 16 hex digits; null where it is empty.'),
    column(6, 'flags', uint32, false, 'W3C trace flags in the low 8 bits.'),
    column(
      7,
      'severity_number',
      int32,
      false,
      '1 to 4 TRACE, 5 DEBUG, 9 INFO, 13 WARN, 17 ERROR, 21 FATAL; 0: unknown.',
    ),
    column(8, 'severity_text', string, true, 'Severity as the source names it; null where it is empty.'),
    column(9, 'event_name', string, true, 'Name that tells which kind of event the record is; null where it is empty.'),
    column(10, 'body', string, true, 'Body as text, as the values of attributes are; null where there is none.'),
    column(
      11,
      'body_type',
      string,
      true,
      'Letter of the type of the body, as in attribute_types; null where there is none.',
    ),
    ...CONTEXT_COLUMNS,
    column(12, 'attributes', map, false, 'Attributes of the record.'),
    column(13, 'attribute_types', string, false, 'One letter an entry of attributes.'),
    column(14, 'dropped_attributes_count', uint32, false, 'Attributes dropped by the sender.'),
  ],
};
