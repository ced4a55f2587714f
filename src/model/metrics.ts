import {
  bool,
  CONTEXT_COLUMNS,
  column,
  double,
  int32,
  int64,
  map,
  spanId,
  string,
  timestamp,
  traceId,
  uint32,
} from './columns.ts';
import type { ColumnField, ColumnType, TableSchema } from './table.ts';

const QUANTILE_FIELDS: readonly ColumnField[] = [
  { name: 'quantile', type: double, nullable: false },
  { name: 'value', type: double, nullable: false },
];

const EXEMPLAR_FIELDS: readonly ColumnField[] = [
  { name: 'time_unix_nano', type: int64, nullable: false },
  { name: 'trace_id', type: traceId, nullable: true },
  { name: 'span_id', type: spanId, nullable: true },
  { name: 'value_double', type: double, nullable: true },
  { name: 'value_int', type: int64, nullable: true },
  { name: 'attributes', type: map, nullable: false },
  { name: 'attribute_types', type: string, nullable: false },
];

const int64List: ColumnType = { kind: 'list', element: int64 };
const doubleList: ColumnType = { kind: 'list', element: double };
const quantileList: ColumnType = { kind: 'list', element: { kind: 'struct', fields: QUANTILE_FIELDS } };
const exemplarList: ColumnType = { kind: 'list', element: { kind: 'struct', fields: EXEMPLAR_FIELDS } };

/**
 * A row a data point; what belongs to its metric stands in each of its rows, and columns of other types of points are
 * null. A metric without points makes no row.
 */
export const METRICS: TableSchema = {
  name: 'metrics',
  columns: [
    column(1, 'timestamp', timestamp, true, 'Time of the point, microseconds UTC; null where the time is 0.'),
    column(2, 'time_unix_nano', int64, false, 'Time of the point, nanoseconds since the epoch (uint64 bits).'),
    column(3, 'start_time_unix_nano', int64, false, 'Begin of what the point sums up, as time_unix_nano; 0: unknown.'),
    column(4, 'metric_name', string, false, 'Name of the metric.'),
    column(5, 'description', string, true, 'Description of the metric; null where it is empty.'),
    column(6, 'unit', string, true, 'Unit of the metric, UCUM; null where it is empty.'),
    column(7, 'type', string, false, 'GAUGE, SUM, HISTOGRAM, EXPONENTIAL_HISTOGRAM or SUMMARY.'),
    column(
      8,
      'aggregation_temporality',
      string,
      true,
      'UNSPECIFIED, DELTA, CUMULATIVE, or the digits of an unknown number; null for gauges and summaries.',
    ),
    column(9, 'is_monotonic', bool, true, 'Whether a sum only grows; null for other types.'),
    column(10, 'value_double', double, true, 'Value of a gauge or sum; null where it is an integer or missing.'),
    column(11, 'value_int', int64, true, 'Value of a gauge or sum; null where it is a double or missing.'),
    column(12, 'count', int64, true, 'Measurements in a histogram or summary (uint64 bits).'),
    column(13, 'sum', double, true, 'Sum of the measurements of a histogram or summary.'),
    column(14, 'min', double, true, 'Least measurement of a histogram.'),
    column(15, 'max', double, true, 'Greatest measurement of a histogram.'),
    column(16, 'bucket_counts', int64List, true, 'Measurements in each bucket of a histogram (uint64 bits).'),
    column(17, 'explicit_bounds', doubleList, true, 'Upper bounds of the buckets of a histogram but the last.'),
    column(18, 'scale', int32, true, 'Scale of an exponential histogram: the base of its buckets is 2^(2^-scale).'),
    column(19, 'zero_count', int64, true, 'Measurements of an exponential histogram that count as 0 (uint64 bits).'),
    column(20, 'zero_threshold', double, true, 'Measurements up to this size count as 0 in an exponential histogram.'),
    column(21, 'positive_offset', int32, true, 'Index of the first positive bucket; null without such buckets.'),
    column(22, 'positive_bucket_counts', int64List, true, 'Measurements in each positive bucket (uint64 bits).'),
    column(23, 'negative_offset', int32, true, 'Index of the first negative bucket; null without such buckets.'),
    column(24, 'negative_bucket_counts', int64List, true, 'Measurements in each negative bucket (uint64 bits).'),
    column(25, 'quantiles', quantileList, true, 'Quantiles of a summary and their values.'),
    column(26, 'exemplars', exemplarList, true, 'Measurements kept as examples; null for summaries.'),
    column(27, 'flags', uint32, false, 'Bits; 1 says that no value was recorded, which ends the series.'),
    column(28, 'metadata', map, false, 'Metadata of the metric.'),
    column(29, 'metadata_types', string, false, 'One letter an entry of metadata.'),
    ...CONTEXT_COLUMNS,
    column(30, 'attributes', map, false, 'Attributes of the point.'),
    column(31, 'attribute_types', string, false, 'One letter an entry of attributes.'),
  ],
};
