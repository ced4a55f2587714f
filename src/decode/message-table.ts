/** The messages of `proto/` as rows of a table. A test holds it equal to the .proto files, field by field. */

const COMMON = 'opentelemetry.proto.common.v1';
const RESOURCE = 'opentelemetry.proto.resource.v1';
const TRACE = 'opentelemetry.proto.trace.v1';
const LOGS = 'opentelemetry.proto.logs.v1';
const METRICS = 'opentelemetry.proto.metrics.v1';
const COLLECTOR = 'opentelemetry.proto.collector';

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

export const ENUMS: Readonly<Record<string, readonly string[]>> = {
  SpanKind: ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map((name) => `SPAN_KIND_${name}`),
  StatusCode: ['UNSET', 'OK', 'ERROR'].map((name) => `STATUS_CODE_${name}`),
  SeverityNumber: ['UNSPECIFIED', ...LEVELS.flatMap((level) => [level, `${level}2`, `${level}3`, `${level}4`])].map(
    (name) => `SEVERITY_NUMBER_${name}`,
  ),
  AggregationTemporality: ['UNSPECIFIED', 'DELTA', 'CUMULATIVE'].map((name) => `AGGREGATION_TEMPORALITY_${name}`),
};

/**
 * [number, name, type, presence]: a type is a scalar, a message or an enum; `[]` behind it means repeated. Presence is
 * absent (implicit), `optional`, or the name of the oneof.
 */
export type FieldRow = readonly [number: number, name: string, type: string, presence?: string];

export const DEFINITIONS = {
  AnyValue: [
    COMMON,
    [1, 'string_value', 'string', 'value'],
    [2, 'bool_value', 'bool', 'value'],
    [3, 'int_value', 'int64', 'value'],
    [4, 'double_value', 'double', 'value'],
    [5, 'array_value', 'ArrayValue', 'value'],
    [6, 'kvlist_value', 'KeyValueList', 'value'],
    [7, 'bytes_value', 'bytes', 'value'],
    [8, 'string_value_strindex', 'int32', 'value'],
  ],
  ArrayValue: [COMMON, [1, 'values', 'AnyValue[]']],
  KeyValueList: [COMMON, [1, 'values', 'KeyValue[]']],
  KeyValue: [COMMON, [1, 'key', 'string'], [2, 'value', 'AnyValue'], [3, 'key_strindex', 'int32']],
  InstrumentationScope: [
    COMMON,
    [1, 'name', 'string'],
    [2, 'version', 'string'],
    [3, 'attributes', 'KeyValue[]'],
    [4, 'dropped_attributes_count', 'uint32'],
  ],
  EntityRef: [
    COMMON,
    [1, 'schema_url', 'string'],
    [2, 'type', 'string'],
    [3, 'id_keys', 'string[]'],
    [4, 'description_keys', 'string[]'],
  ],
  Resource: [
    RESOURCE,
    [1, 'attributes', 'KeyValue[]'],
    [2, 'dropped_attributes_count', 'uint32'],
    [3, 'entity_refs', 'EntityRef[]'],
  ],

  ResourceSpans: [TRACE, [1, 'resource', 'Resource'], [2, 'scope_spans', 'ScopeSpans[]'], [3, 'schema_url', 'string']],
  ScopeSpans: [TRACE, [1, 'scope', 'InstrumentationScope'], [2, 'spans', 'Span[]'], [3, 'schema_url', 'string']],
  Span: [
    TRACE,
    [1, 'trace_id', 'id'],
    [2, 'span_id', 'id'],
    [3, 'trace_state', 'string'],
    [4, 'parent_span_id', 'id'],
    [5, 'name', 'string'],
    [6, 'kind', 'SpanKind'],
    [7, 'start_time_unix_nano', 'fixed64'],
    [8, 'end_time_unix_nano', 'fixed64'],
    [9, 'attributes', 'KeyValue[]'],
    [10, 'dropped_attributes_count', 'uint32'],
    [11, 'events', 'Span.Event[]'],
    [12, 'dropped_events_count', 'uint32'],
    [13, 'links', 'Span.Link[]'],
    [14, 'dropped_links_count', 'uint32'],
    [15, 'status', 'Status'],
    [16, 'flags', 'fixed32'],
  ],
  'Span.Event': [
    TRACE,
    [1, 'time_unix_nano', 'fixed64'],
    [2, 'name', 'string'],
    [3, 'attributes', 'KeyValue[]'],
    [4, 'dropped_attributes_count', 'uint32'],
  ],
  'Span.Link': [
    TRACE,
    [1, 'trace_id', 'id'],
    [2, 'span_id', 'id'],
    [3, 'trace_state', 'string'],
    [4, 'attributes', 'KeyValue[]'],
    [5, 'dropped_attributes_count', 'uint32'],
    [6, 'flags', 'fixed32'],
  ],
  Status: [TRACE, [2, 'message', 'string'], [3, 'code', 'StatusCode']],

  ResourceLogs: [LOGS, [1, 'resource', 'Resource'], [2, 'scope_logs', 'ScopeLogs[]'], [3, 'schema_url', 'string']],
  ScopeLogs: [
    LOGS,
    [1, 'scope', 'InstrumentationScope'],
    [2, 'log_records', 'LogRecord[]'],
    [3, 'schema_url', 'string'],
  ],
  LogRecord: [
    LOGS,
    [1, 'time_unix_nano', 'fixed64'],
    [2, 'severity_number', 'SeverityNumber'],
    [3, 'severity_text', 'string'],
    [5, 'body', 'AnyValue'],
    [6, 'attributes', 'KeyValue[]'],
    [7, 'dropped_attributes_count', 'uint32'],
    [8, 'flags', 'fixed32'],
    [9, 'trace_id', 'id'],
    [10, 'span_id', 'id'],
    [11, 'observed_time_unix_nano', 'fixed64'],
    [12, 'event_name', 'string'],
  ],

  ResourceMetrics: [
    METRICS,
    [1, 'resource', 'Resource'],
    [2, 'scope_metrics', 'ScopeMetrics[]'],
    [3, 'schema_url', 'string'],
  ],
  ScopeMetrics: [
    METRICS,
    [1, 'scope', 'InstrumentationScope'],
    [2, 'metrics', 'Metric[]'],
    [3, 'schema_url', 'string'],
  ],
  Metric: [
    METRICS,
    [1, 'name', 'string'],
    [2, 'description', 'string'],
    [3, 'unit', 'string'],
    [5, 'gauge', 'Gauge', 'data'],
    [7, 'sum', 'Sum', 'data'],
    [9, 'histogram', 'Histogram', 'data'],
    [10, 'exponential_histogram', 'ExponentialHistogram', 'data'],
    [11, 'summary', 'Summary', 'data'],
    [12, 'metadata', 'KeyValue[]'],
  ],
  Gauge: [METRICS, [1, 'data_points', 'NumberDataPoint[]']],
  Sum: [
    METRICS,
    [1, 'data_points', 'NumberDataPoint[]'],
    [2, 'aggregation_temporality', 'AggregationTemporality'],
    [3, 'is_monotonic', 'bool'],
  ],
  Histogram: [
    METRICS,
    [1, 'data_points', 'HistogramDataPoint[]'],
    [2, 'aggregation_temporality', 'AggregationTemporality'],
  ],
  ExponentialHistogram: [
    METRICS,
    [1, 'data_points', 'ExponentialHistogramDataPoint[]'],
    [2, 'aggregation_temporality', 'AggregationTemporality'],
  ],
  Summary: [METRICS, [1, 'data_points', 'SummaryDataPoint[]']],
  NumberDataPoint: [
    METRICS,
    [2, 'start_time_unix_nano', 'fixed64'],
    [3, 'time_unix_nano', 'fixed64'],
    [4, 'as_double', 'double', 'value'],
    [5, 'exemplars', 'Exemplar[]'],
    [6, 'as_int', 'sfixed64', 'value'],
    [7, 'attributes', 'KeyValue[]'],
    [8, 'flags', 'uint32'],
  ],
  HistogramDataPoint: [
    METRICS,
    [2, 'start_time_unix_nano', 'fixed64'],
    [3, 'time_unix_nano', 'fixed64'],
    [4, 'count', 'fixed64'],
    [5, 'sum', 'double', 'optional'],
    [6, 'bucket_counts', 'fixed64[]'],
    [7, 'explicit_bounds', 'double[]'],
    [8, 'exemplars', 'Exemplar[]'],
    [9, 'attributes', 'KeyValue[]'],
    [10, 'flags', 'uint32'],
    [11, 'min', 'double', 'optional'],
    [12, 'max', 'double', 'optional'],
  ],
  ExponentialHistogramDataPoint: [
    METRICS,
    [1, 'attributes', 'KeyValue[]'],
    [2, 'start_time_unix_nano', 'fixed64'],
    [3, 'time_unix_nano', 'fixed64'],
    [4, 'count', 'fixed64'],
    [5, 'sum', 'double', 'optional'],
    [6, 'scale', 'sint32'],
    [7, 'zero_count', 'fixed64'],
    [8, 'positive', 'ExponentialHistogramDataPoint.Buckets'],
    [9, 'negative', 'ExponentialHistogramDataPoint.Buckets'],
    [10, 'flags', 'uint32'],
    [11, 'exemplars', 'Exemplar[]'],
    [12, 'min', 'double', 'optional'],
    [13, 'max', 'double', 'optional'],
    [14, 'zero_threshold', 'double'],
  ],
  'ExponentialHistogramDataPoint.Buckets': [METRICS, [1, 'offset', 'sint32'], [2, 'bucket_counts', 'uint64[]']],
  SummaryDataPoint: [
    METRICS,
    [2, 'start_time_unix_nano', 'fixed64'],
    [3, 'time_unix_nano', 'fixed64'],
    [4, 'count', 'fixed64'],
    [5, 'sum', 'double'],
    [6, 'quantile_values', 'SummaryDataPoint.ValueAtQuantile[]'],
    [7, 'attributes', 'KeyValue[]'],
    [8, 'flags', 'uint32'],
  ],
  'SummaryDataPoint.ValueAtQuantile': [METRICS, [1, 'quantile', 'double'], [2, 'value', 'double']],
  Exemplar: [
    METRICS,
    [2, 'time_unix_nano', 'fixed64'],
    [3, 'as_double', 'double', 'value'],
    [4, 'span_id', 'id'],
    [5, 'trace_id', 'id'],
    [6, 'as_int', 'sfixed64', 'value'],
    [7, 'filtered_attributes', 'KeyValue[]'],
  ],

  ExportTraceServiceRequest: [`${COLLECTOR}.trace.v1`, [1, 'resource_spans', 'ResourceSpans[]']],
  ExportTraceServiceResponse: [`${COLLECTOR}.trace.v1`, [1, 'partial_success', 'ExportTracePartialSuccess']],
  ExportTracePartialSuccess: [`${COLLECTOR}.trace.v1`, [1, 'rejected_spans', 'int64'], [2, 'error_message', 'string']],
  ExportLogsServiceRequest: [`${COLLECTOR}.logs.v1`, [1, 'resource_logs', 'ResourceLogs[]']],
  ExportLogsServiceResponse: [`${COLLECTOR}.logs.v1`, [1, 'partial_success', 'ExportLogsPartialSuccess']],
  ExportLogsPartialSuccess: [
    `${COLLECTOR}.logs.v1`,
    [1, 'rejected_log_records', 'int64'],
    [2, 'error_message', 'string'],
  ],
  ExportMetricsServiceRequest: [`${COLLECTOR}.metrics.v1`, [1, 'resource_metrics', 'ResourceMetrics[]']],
  ExportMetricsServiceResponse: [`${COLLECTOR}.metrics.v1`, [1, 'partial_success', 'ExportMetricsPartialSuccess']],
  ExportMetricsPartialSuccess: [
    `${COLLECTOR}.metrics.v1`,
    [1, 'rejected_data_points', 'int64'],
    [2, 'error_message', 'string'],
  ],

  'google.rpc.Status': ['', [1, 'code', 'int32'], [2, 'message', 'string'], [3, 'details', 'google.rpc.Status.Any[]']],
  'google.rpc.Status.Any': ['', [1, 'type_url', 'string'], [2, 'value', 'bytes']],
  'google.rpc.RetryInfo': ['', [1, 'retry_delay', 'google.rpc.RetryInfo.Duration']],
  'google.rpc.RetryInfo.Duration': ['', [1, 'seconds', 'int64'], [2, 'nanos', 'int32']],
} as const satisfies Record<string, readonly [packageName: string, ...fields: FieldRow[]]>;
