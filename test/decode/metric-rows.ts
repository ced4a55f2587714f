/**
 * The rows of the table `metrics` expected for canonical items (canonical.ts), by the rules of model/metrics.ts written down a
 * second time.
 */
import type { Plain, PlainRow } from '../batch/sample-table.ts';
import {
  type Any,
  type Attributes,
  expectedContext,
  expectedTimestamp,
  orNull,
  prefixed,
  signed,
} from './expected-attributes.ts';

const TEMPORALITIES = ['UNSPECIFIED', 'DELTA', 'CUMULATIVE'];

/** Whether the ids of the exemplars have a width that can be stored. */
export function hasExemplarIds({ point }: Any): boolean {
  return (((point as Any).exemplars ?? []) as Record<string, string>[]).every(
    ({ trace_id, span_id }) => [0, 32].includes(trace_id!.length) && [0, 16].includes(span_id!.length),
  );
}

export function expectedPointRow(item: Any): PlainRow {
  const { metric, point } = item as Record<string, Any>;
  const temporality = metric!.aggregation_temporality as number | null;
  const { attributes: metadata, attribute_types: metadataTypes } = prefixed('', metric!.metadata as Attributes);
  return {
    timestamp: expectedTimestamp(point!.time_unix_nano),
    time_unix_nano: signed(point!.time_unix_nano),
    start_time_unix_nano: signed(point!.start_time_unix_nano),
    metric_name: metric!.name as string,
    description: orNull(metric!.description),
    unit: orNull(metric!.unit),
    type: (metric!.type as string).toUpperCase(),
    aggregation_temporality: temporality === null ? null : (TEMPORALITIES[temporality] ?? String(temporality)),
    is_monotonic: metric!.is_monotonic as boolean | null,
    ...expectedNumber(point!.value as Any | null | undefined),
    count: orAbsent(point!.count, signed),
    sum: orAbsent(point!.sum, expectedDouble),
    min: orAbsent(point!.min, expectedDouble),
    max: orAbsent(point!.max, expectedDouble),
    bucket_counts: orAbsent(point!.bucket_counts, (counts) => (counts as string[]).map(signed)),
    explicit_bounds: orAbsent(point!.explicit_bounds, (bounds) => (bounds as unknown[]).map(expectedDouble)),
    scale: orAbsent(point!.scale, (scale) => scale as number),
    zero_count: orAbsent(point!.zero_count, signed),
    zero_threshold: orAbsent(point!.zero_threshold, expectedDouble),
    ...expectedBuckets('positive', point!),
    ...expectedBuckets('negative', point!),
    quantiles: orAbsent(point!.quantile_values, (values) =>
      (values as Any[]).map(({ quantile, value }) => ({
        quantile: expectedDouble(quantile),
        value: expectedDouble(value),
      })),
    ),
    exemplars: orAbsent(point!.exemplars, (exemplars) => (exemplars as Any[]).map(expectedExemplar)),
    flags: point!.flags as number,
    metadata: metadata!,
    metadata_types: metadataTypes!,
    ...expectedContext(item),
    ...prefixed('', point!.attributes as Attributes),
  };
}

function expectedExemplar(exemplar: Any): PlainRow {
  return {
    time_unix_nano: signed(exemplar.time_unix_nano),
    trace_id: orNull(exemplar.trace_id),
    span_id: orNull(exemplar.span_id),
    ...expectedNumber(exemplar.value as Any | null),
    ...prefixed('', exemplar.filtered_attributes as Attributes),
  };
}

function expectedNumber(value: Any | null | undefined): PlainRow {
  return { value_double: orAbsent(value?.double, expectedDouble), value_int: orAbsent(value?.int, signed) };
}

function expectedBuckets(side: string, point: Any): PlainRow {
  const buckets = point[side] as Any | null | undefined;
  return {
    [`${side}_offset`]: orAbsent(buckets?.offset, (offset) => offset as number),
    [`${side}_bucket_counts`]: orAbsent(buckets?.bucket_counts, (counts) => (counts as string[]).map(signed)),
  };
}

/** NaN and the infinities are texts in canonical items. */
function expectedDouble(value: unknown): number {
  return Number(value);
}

/** Null for what the type of the point has not, or the point has not. */
function orAbsent(value: unknown, present: (value: unknown) => Plain): Plain {
  return value === null || value === undefined ? null : present(value);
}
