/**
 * A request as the items of test/fixtures/otlp-samples/expected.jsonl.gz: the rules at the head of expected.py there.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { PlainMessage, PlainValue } from '../../src/decode/protobuf-writer.ts';
import type { SignalName } from '../../src/model/signal.ts';

const samples = new URL('../fixtures/otlp-samples/', import.meta.url);

export interface Sample {
  readonly file: string;
  readonly signal: SignalName;
  readonly encoding: 'json' | 'protobuf';
  readonly items: number;
}

export function sampleList(): Sample[] {
  const lines = readFileSync(new URL('manifest.jsonl', samples), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

export function sampleBody(file: string): Uint8Array {
  return readFileSync(new URL(file, samples));
}

/** The expected items of each file. */
export function expectedItems(): Map<string, object[]> {
  const items = new Map<string, object[]>();
  const text = gunzipSync(readFileSync(new URL('expected.jsonl.gz', samples))).toString();
  for (const line of text.trim().split('\n')) {
    const { file, index, signal, ...item } = JSON.parse(line);
    items.set(file, [...(items.get(file) ?? []), item]);
  }
  return items;
}

export function canonicalItems(signal: SignalName, request: PlainMessage): object[] {
  const items: object[] = [];
  const [resourceList, scopeList, itemList] = LISTS[signal];
  for (const group of messages(request, resourceList)) {
    for (const scopeGroup of messages(group, scopeList)) {
      const context = { resource: resource(group), scope: scope(scopeGroup) };
      for (const item of messages(scopeGroup, itemList)) {
        for (const canonical of ITEMS[signal](item)) items.push({ ...canonical, ...context });
      }
    }
  }
  return items;
}

const LISTS = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
} as const;

const ITEMS: Record<SignalName, (item: PlainMessage) => object[]> = {
  traces: (span) => [{ span: canonicalSpan(span) }],
  logs: (record) => [{ log: logRecord(record) }],
  metrics: metricPoints,
};

function messages(message: PlainMessage, name: string): PlainMessage[] {
  return (message[name] ?? []) as PlainMessage[];
}

function child(message: PlainMessage, name: string): PlainMessage | undefined {
  return message[name] as PlainMessage | undefined;
}

const text = (value: PlainValue | undefined) => (value ?? '') as string;
const number = (value: PlainValue | undefined) => (value ?? 0) as number;
const long = (value: PlainValue | undefined) => String(value ?? 0n);
const hex = (value: PlainValue | undefined) => Buffer.from((value ?? []) as Uint8Array).toString('hex');
const longs = (value: PlainValue | undefined) => ((value ?? []) as bigint[]).map(String);
const doubles = (value: PlainValue | undefined) => ((value ?? []) as number[]).map(double);
const optional = (value: PlainValue | undefined) => (value === undefined ? null : double(value));

function double(value: PlainValue | undefined): number | string {
  const number = (value ?? 0) as number;
  return Number.isFinite(number) ? number : String(number);
}

function anyValue(value: PlainMessage | undefined): object {
  const [name, content] = Object.entries(value ?? {}).find(([, member]) => member !== undefined) ?? [];
  switch (name) {
    case 'stringValue':
      return { string: content };
    case 'boolValue':
      return { bool: content };
    case 'intValue':
      return { int: long(content) };
    case 'doubleValue':
      return { double: double(content) };
    case 'bytesValue':
      return { bytes: hex(content) };
    case 'arrayValue':
      return { array: messages(content as PlainMessage, 'values').map(anyValue) };
    case 'kvlistValue':
      return { kvlist: attributes(content as PlainMessage, 'values') };
    case 'stringValueStrindex':
      return { strindex: content };
    default:
      return { unset: null };
  }
}

function attributes(message: PlainMessage, name = 'attributes'): [string, object][] {
  return messages(message, name).map((entry) => [text(entry.key), anyValue(child(entry, 'value'))]);
}

function resource(group: PlainMessage): object {
  const message = child(group, 'resource');
  const refs = messages(message ?? {}, 'entityRefs');
  return {
    schema_url: text(group.schemaUrl),
    set: message !== undefined,
    attributes: message ? attributes(message) : null,
    dropped_attributes_count: number(message?.droppedAttributesCount),
    entity_refs: refs.map((ref) => ({
      schema_url: text(ref.schemaUrl),
      type: text(ref.type),
      id_keys: ref.idKeys ?? [],
      description_keys: ref.descriptionKeys ?? [],
    })),
  };
}

function scope(group: PlainMessage): object {
  const message = child(group, 'scope');
  return {
    schema_url: text(group.schemaUrl),
    set: message !== undefined,
    name: text(message?.name),
    version: text(message?.version),
    attributes: message ? attributes(message) : null,
    dropped_attributes_count: number(message?.droppedAttributesCount),
  };
}

function canonicalSpan(span: PlainMessage): object {
  const status = child(span, 'status');
  return {
    trace_id: hex(span.traceId),
    span_id: hex(span.spanId),
    parent_span_id: hex(span.parentSpanId),
    trace_state: text(span.traceState),
    flags: number(span.flags),
    name: text(span.name),
    kind: number(span.kind),
    start_time_unix_nano: long(span.startTimeUnixNano),
    end_time_unix_nano: long(span.endTimeUnixNano),
    attributes: attributes(span),
    dropped_attributes_count: number(span.droppedAttributesCount),
    events: messages(span, 'events').map((event) => ({
      time_unix_nano: long(event.timeUnixNano),
      name: text(event.name),
      attributes: attributes(event),
      dropped_attributes_count: number(event.droppedAttributesCount),
    })),
    dropped_events_count: number(span.droppedEventsCount),
    links: messages(span, 'links').map((link) => ({
      trace_id: hex(link.traceId),
      span_id: hex(link.spanId),
      trace_state: text(link.traceState),
      flags: number(link.flags),
      attributes: attributes(link),
      dropped_attributes_count: number(link.droppedAttributesCount),
    })),
    dropped_links_count: number(span.droppedLinksCount),
    status: status ? { code: number(status.code), message: text(status.message) } : null,
  };
}

function logRecord(record: PlainMessage): object {
  const body = child(record, 'body');
  return {
    time_unix_nano: long(record.timeUnixNano),
    observed_time_unix_nano: long(record.observedTimeUnixNano),
    severity_number: number(record.severityNumber),
    severity_text: text(record.severityText),
    body: body ? anyValue(body) : null,
    attributes: attributes(record),
    dropped_attributes_count: number(record.droppedAttributesCount),
    flags: number(record.flags),
    trace_id: hex(record.traceId),
    span_id: hex(record.spanId),
    event_name: text(record.eventName),
  };
}

const METRIC_TYPES = {
  gauge: 'gauge',
  sum: 'sum',
  histogram: 'histogram',
  exponentialHistogram: 'exponential_histogram',
  summary: 'summary',
} as const;

function metricPoints(metric: PlainMessage): object[] {
  const kind = (Object.keys(METRIC_TYPES) as (keyof typeof METRIC_TYPES)[]).find((name) => metric[name] !== undefined);
  if (kind === undefined) return [];
  const data = child(metric, kind)!;
  const description = {
    name: text(metric.name),
    description: text(metric.description),
    unit: text(metric.unit),
    metadata: attributes(metric, 'metadata'),
    type: METRIC_TYPES[kind],
    aggregation_temporality: kind === 'gauge' || kind === 'summary' ? null : number(data.aggregationTemporality),
    is_monotonic: kind === 'sum' ? (data.isMonotonic ?? false) : null,
  };
  return messages(data, 'dataPoints').map((point) => ({ metric: description, point: dataPoint(kind, point) }));
}

function dataPoint(kind: keyof typeof METRIC_TYPES, point: PlainMessage): object {
  const common = {
    attributes: attributes(point),
    start_time_unix_nano: long(point.startTimeUnixNano),
    time_unix_nano: long(point.timeUnixNano),
    flags: number(point.flags),
  };
  const distribution = {
    count: long(point.count),
    sum: optional(point.sum),
    min: optional(point.min),
    max: optional(point.max),
    exemplars: exemplars(point),
  };
  switch (kind) {
    case 'gauge':
    case 'sum':
      return { ...common, value: numberValue(point), exemplars: exemplars(point) };
    case 'histogram':
      return {
        ...common,
        ...distribution,
        bucket_counts: longs(point.bucketCounts),
        explicit_bounds: doubles(point.explicitBounds),
      };
    case 'exponentialHistogram':
      return {
        ...common,
        ...distribution,
        scale: number(point.scale),
        zero_count: long(point.zeroCount),
        zero_threshold: double(point.zeroThreshold),
        positive: buckets(child(point, 'positive')),
        negative: buckets(child(point, 'negative')),
      };
    case 'summary':
      return {
        ...common,
        count: long(point.count),
        sum: double(point.sum),
        quantile_values: messages(point, 'quantileValues').map((at) => ({
          quantile: double(at.quantile),
          value: double(at.value),
        })),
      };
  }
}

function numberValue(point: PlainMessage): object | null {
  if (point.asInt !== undefined) return { int: long(point.asInt) };
  return point.asDouble === undefined ? null : { double: double(point.asDouble) };
}

function exemplars(point: PlainMessage): object[] {
  return messages(point, 'exemplars').map((exemplar) => ({
    filtered_attributes: attributes(exemplar, 'filteredAttributes'),
    time_unix_nano: long(exemplar.timeUnixNano),
    value: numberValue(exemplar),
    span_id: hex(exemplar.spanId),
    trace_id: hex(exemplar.traceId),
  }));
}

function buckets(message: PlainMessage | undefined): object | null {
  return message ? { offset: number(message.offset), bucket_counts: longs(message.bucketCounts) } : null;
}
