/**
 * Rows of the table `metrics` back to Metrics. Points follow each other in one metric where all that a metric has is equal
 * (name, description, unit, type, temporality, monotonicity, metadata), in the order of their rows.
 */
import { BridgeError } from '../errors.ts';
import type { PlainMessage, PlainValue } from './protobuf-writer.ts';
import { enumNumber, id, keyValues, list, mapEntries, numbers, type Row, text, uint32, uint64 } from './row-fields.ts';

const temporality = enumNumber('Sum', 2, 'AGGREGATION_TEMPORALITY_');

interface MetricType {
  /** The member of the oneof in Metric. */
  readonly member: string;
  readonly hasTemporality: boolean;
  readonly hasMonotonic: boolean;
  readonly readPoint: (row: Row) => PlainMessage;
}

const TYPES: ReadonlyMap<unknown, MetricType> = new Map(
  Object.entries({
    GAUGE: { member: 'gauge', hasTemporality: false, hasMonotonic: false, readPoint: readNumberPoint },
    SUM: { member: 'sum', hasTemporality: true, hasMonotonic: true, readPoint: readNumberPoint },
    HISTOGRAM: { member: 'histogram', hasTemporality: true, hasMonotonic: false, readPoint: readHistogramPoint },
    EXPONENTIAL_HISTOGRAM: {
      member: 'exponentialHistogram',
      hasTemporality: true,
      hasMonotonic: false,
      readPoint: readExponentialPoint,
    },
    SUMMARY: { member: 'summary', hasTemporality: false, hasMonotonic: false, readPoint: readSummaryPoint },
  }),
);

const METRIC_COLUMNS = [
  'metric_name',
  'description',
  'unit',
  'type',
  'aggregation_temporality',
  'is_monotonic',
  'metadata_types',
];

/** Equal for rows of one metric. */
export function metricKey(row: Row): string {
  const parts: unknown[] = METRIC_COLUMNS.map((column) => (row[column] == null ? '' : String(row[column])));
  parts.push(mapEntries(row.metadata) ?? null);
  return JSON.stringify(parts);
}

/** The metric of a row, without points. */
export function readMetric(row: Row): PlainMessage {
  const { member, hasTemporality, hasMonotonic } = typeOf(row);
  const data: PlainMessage = { dataPoints: [] };
  if (hasTemporality) data.aggregationTemporality = temporality(row.aggregation_temporality);
  if (hasMonotonic) data.isMonotonic = row.is_monotonic === true;
  return {
    name: text(row.metric_name),
    description: text(row.description),
    unit: text(row.unit),
    metadata: keyValues(row.metadata, row.metadata_types) ?? [],
    [member]: data,
  };
}

/** Adds the point of a row to its metric. */
export function addPoint(metric: PlainMessage, row: Row): void {
  const { member, readPoint } = typeOf(row);
  ((metric[member] as PlainMessage).dataPoints as PlainValue[]).push(readPoint(row));
}

function typeOf(row: Row): MetricType {
  const type = TYPES.get(row.type);
  if (type === undefined) throw new BridgeError('corrupt', `a metric of the type ${String(row.type)}`);
  return type;
}

function readCommon(row: Row): PlainMessage {
  return {
    attributes: keyValues(row.attributes, row.attribute_types) ?? [],
    startTimeUnixNano: uint64(row.start_time_unix_nano),
    timeUnixNano: uint64(row.time_unix_nano),
    flags: uint32(row.flags),
  };
}

/** The oneof of as_double and as_int. */
function readNumber(row: Row): PlainMessage {
  if (row.value_int != null) return { asInt: BigInt(row.value_int as bigint | number) };
  return row.value_double == null ? {} : { asDouble: Number(row.value_double) };
}

function readNumberPoint(row: Row): PlainMessage {
  return { ...readCommon(row), ...readNumber(row), exemplars: list(row.exemplars, readExemplar) };
}

/** What histograms of both kinds have. */
function readDistribution(row: Row): PlainMessage {
  return {
    ...readCommon(row),
    count: uint64(row.count),
    sum: optionalDouble(row.sum),
    min: optionalDouble(row.min),
    max: optionalDouble(row.max),
    exemplars: list(row.exemplars, readExemplar),
  };
}

function readHistogramPoint(row: Row): PlainMessage {
  return {
    ...readDistribution(row),
    bucketCounts: numbers(row.bucket_counts, uint64),
    explicitBounds: numbers(row.explicit_bounds, Number),
  };
}

function readExponentialPoint(row: Row): PlainMessage {
  return {
    ...readDistribution(row),
    scale: Number(row.scale ?? 0),
    zeroCount: uint64(row.zero_count),
    zeroThreshold: Number(row.zero_threshold ?? 0),
    positive: readBuckets(row.positive_offset, row.positive_bucket_counts),
    negative: readBuckets(row.negative_offset, row.negative_bucket_counts),
  };
}

function readBuckets(offset: unknown, counts: unknown): PlainMessage | undefined {
  if (offset == null && counts == null) return undefined;
  return { offset: Number(offset ?? 0), bucketCounts: numbers(counts, uint64) };
}

function readSummaryPoint(row: Row): PlainMessage {
  return {
    ...readCommon(row),
    count: uint64(row.count),
    sum: Number(row.sum ?? 0),
    quantileValues: list(row.quantiles, ({ quantile, value }) => ({
      quantile: Number(quantile),
      value: Number(value),
    })),
  };
}

function readExemplar(row: Row): PlainMessage {
  return {
    timeUnixNano: uint64(row.time_unix_nano),
    traceId: id(row.trace_id),
    spanId: id(row.span_id),
    ...readNumber(row),
    filteredAttributes: keyValues(row.attributes, row.attribute_types) ?? [],
  };
}

function optionalDouble(value: unknown): number | undefined {
  return value == null ? undefined : Number(value);
}
