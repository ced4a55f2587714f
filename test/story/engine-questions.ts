/** What users ask an engine about a lake, in DuckDB's SQL, and the same of the rows that the bridge reads. */
import type { SignalName } from '../../src/model/signal.ts';

type Row = Record<string, unknown>;

export interface Question {
  readonly what: string;
  readonly signal: SignalName;
  readonly sql: string;
  /** The same of one row that the bridge reads. */
  readonly own: (row: Row) => readonly (readonly unknown[])[];
}

const list = <T = number>(value: unknown) => (value ?? []) as T[];
const total = (value: unknown) => list(value).reduce((sum, count) => sum + Number(count), 0);

export const QUESTIONS: readonly Question[] = [
  {
    what: 'the rows of one partition',
    signal: 'traces',
    sql: "SELECT trace_id, span_id FROM traces WHERE date = '2026-11-20' AND hour = 12",
    own: ({ timestamp, trace_id, span_id }) =>
      String(timestamp).startsWith('2026-11-20T12') ? [[trace_id, span_id]] : [],
  },
  {
    what: 'rows by an attribute of the span and one of the resource',
    signal: 'traces',
    sql: `SELECT span_id, name FROM traces
      WHERE attributes['http.request.method'] = 'GET' AND resource_attributes['telemetry.sdk.language'] = 'nodejs'`,
    own: ({ attributes, resource_attributes, span_id, name }) =>
      (attributes as Row)['http.request.method'] === 'GET' &&
      (resource_attributes as Row | null)?.['telemetry.sdk.language'] === 'nodejs'
        ? [[span_id, name]]
        : [],
  },
  {
    what: 'the events of spans with their attributes',
    signal: 'traces',
    sql: "SELECT span_id, e.name, e.attributes['exception.type'] FROM (SELECT span_id, unnest(events) AS e FROM traces)",
    own: ({ span_id, events }) =>
      list<Row>(events).map(({ name, attributes }) => [span_id, name, (attributes as Row)['exception.type'] ?? null]),
  },
  {
    what: 'members of structured bodies',
    signal: 'logs',
    sql: "SELECT time_unix_nano, json_keys(body), body->>'$.title' FROM logs WHERE body_type = 'm'",
    own: ({ time_unix_nano, body, body_type }) => {
      if (body_type !== 'm') return [];
      const map = JSON.parse(body as string) as Row;
      return [[time_unix_nano, Object.keys(map), map.title ?? null]];
    },
  },
  {
    what: 'the lengths of bodies that are arrays',
    signal: 'logs',
    sql: "SELECT time_unix_nano, json_array_length(body) FROM logs WHERE body_type = 'a'",
    own: ({ time_unix_nano, body, body_type }) =>
      body_type === 'a' ? [[time_unix_nano, (JSON.parse(body as string) as unknown[]).length]] : [],
  },
  {
    what: 'errors a service',
    signal: 'logs',
    sql: 'SELECT service_name, severity_text, event_name FROM logs WHERE severity_number >= 17',
    own: ({ severity_number, service_name, severity_text, event_name }) =>
      (severity_number as number) >= 17 ? [[service_name, severity_text, event_name]] : [],
  },
  {
    what: 'values of gauges and sums',
    signal: 'metrics',
    sql: `SELECT metric_name, attributes['http.route'], value_double, value_int, is_monotonic, aggregation_temporality
      FROM metrics WHERE type IN ('GAUGE', 'SUM')`,
    own: ({ type, metric_name, attributes, value_double, value_int, is_monotonic, aggregation_temporality }) =>
      type === 'GAUGE' || type === 'SUM'
        ? [
            [
              metric_name,
              (attributes as Row)['http.route'] ?? null,
              value_double,
              value_int,
              is_monotonic,
              aggregation_temporality,
            ],
          ]
        : [],
  },
  {
    what: 'the buckets of histograms, one a row',
    signal: 'metrics',
    sql: `SELECT metric_name, unnest(list_append(explicit_bounds, 'Infinity'::DOUBLE)), unnest(bucket_counts)
      FROM metrics WHERE type = 'HISTOGRAM' AND len(bucket_counts) > 0`,
    own: ({ type, metric_name, explicit_bounds, bucket_counts }) =>
      type === 'HISTOGRAM'
        ? list(bucket_counts).map((count, i) => [metric_name, list(explicit_bounds)[i] ?? 'Infinity', count])
        : [],
  },
  {
    what: 'the buckets of exponential histograms, which add up to their count',
    signal: 'metrics',
    sql: `SELECT metric_name, scale, positive_offset, negative_offset, zero_count,
        coalesce(list_sum(positive_bucket_counts), 0)::BIGINT, coalesce(list_sum(negative_bucket_counts), 0)::BIGINT,
        min, max, sum FROM metrics WHERE type = 'EXPONENTIAL_HISTOGRAM'`,
    own: ({ type, metric_name, scale, zero_count, min, max, sum, ...row }) =>
      type === 'EXPONENTIAL_HISTOGRAM'
        ? [
            [
              metric_name,
              scale,
              row.positive_offset,
              row.negative_offset,
              zero_count,
              total(row.positive_bucket_counts),
              total(row.negative_bucket_counts),
              min,
              max,
              sum,
            ],
          ]
        : [],
  },
  {
    what: 'the median of summaries',
    signal: 'metrics',
    sql: `SELECT metric_name, list_filter(quantiles, lambda q: q.quantile = 0.5)[1].value
      FROM metrics WHERE type = 'SUMMARY'`,
    own: ({ type, metric_name, quantiles }) =>
      type === 'SUMMARY'
        ? [[metric_name, list<Row>(quantiles).find(({ quantile }) => quantile === 0.5)?.value ?? null]]
        : [],
  },
  {
    what: 'exemplars with the traces they lead to',
    signal: 'metrics',
    sql: `SELECT metric_name, e.trace_id, e.span_id, e.value_double, e.value_int, e.attributes
      FROM (SELECT metric_name, unnest(exemplars) AS e FROM metrics)`,
    own: ({ metric_name, exemplars }) =>
      list<Row>(exemplars).map(({ trace_id, span_id, value_double, value_int, attributes }) => [
        metric_name,
        trace_id,
        span_id,
        value_double,
        value_int,
        attributes,
      ]),
  },
];
