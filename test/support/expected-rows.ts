/**
 * Turns canonical items of the samples into the rows the lake should show, by rules written down here a second time,
 * independent of the decoder. Rows from the lake go through `normalRow` so that both can be compared as text.
 */
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Any = Record<string, Json>;
type Attributes = [string, Any][];

export interface NormalAttributes {
  readonly [key: string]: [letter: string, value: Json];
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES = ['UNSET', 'OK', 'ERROR'];

const TEMPORALITIES = ['UNSPECIFIED', 'DELTA', 'CUMULATIVE'];

/** The expected row of a canonical span. */
export function expectedSpan(item: Record<string, unknown>): Record<string, unknown> {
  const span = item.span as Any;
  const status = span.status as Any | null;
  const duration = BigInt(span.end_time_unix_nano as string) - BigInt(span.start_time_unix_nano as string);
  return {
    timestamp: isoTime(span.start_time_unix_nano),
    start_time_unix_nano: bits(span.start_time_unix_nano),
    duration_nano: String(BigInt.asIntN(64, duration)),
    trace_id: span.trace_id,
    span_id: span.span_id,
    parent_span_id: span.parent_span_id || null,
    trace_state: span.trace_state || null,
    flags: String(span.flags),
    name: span.name,
    kind: KINDS[span.kind as number] ?? String(span.kind),
    status_code: STATUS_CODES[(status?.code as number) ?? 0] ?? String(status?.code),
    status_message: status ? status.message : null,
    ...expectedContext(item),
    attributes: expectedAttributes(span.attributes as Attributes),
    dropped_attributes_count: String(span.dropped_attributes_count),
    dropped_events_count: String(span.dropped_events_count),
    dropped_links_count: String(span.dropped_links_count),
    events: (span.events as Any[]).map((event) => ({
      time_unix_nano: bits(event.time_unix_nano),
      name: event.name,
      attributes: expectedAttributes(event.attributes as Attributes),
      dropped_attributes_count: String(event.dropped_attributes_count),
    })),
    links: (span.links as Any[]).map((link) => ({
      trace_id: link.trace_id || null,
      span_id: link.span_id || null,
      trace_state: link.trace_state || null,
      flags: String(link.flags),
      attributes: expectedAttributes(link.attributes as Attributes),
      dropped_attributes_count: String(link.dropped_attributes_count),
    })),
  };
}

/** The expected row of a canonical log record. */
export function expectedLog(item: Record<string, unknown>): Record<string, unknown> {
  const log = item.log as Any;
  return {
    timestamp: isoTime(log.time_unix_nano) ?? isoTime(log.observed_time_unix_nano),
    time_unix_nano: bits(log.time_unix_nano),
    observed_time_unix_nano: bits(log.observed_time_unix_nano),
    trace_id: log.trace_id || null,
    span_id: log.span_id || null,
    flags: String(log.flags),
    severity_number: String(log.severity_number),
    severity_text: log.severity_text || null,
    event_name: log.event_name || null,
    body: log.body === null ? null : expectedValue(log.body as Any),
    ...expectedContext(item),
    attributes: expectedAttributes(log.attributes as Attributes),
    dropped_attributes_count: String(log.dropped_attributes_count),
  };
}

/** The expected row of a canonical data point. */
export function expectedPoint(item: Record<string, unknown>): Record<string, unknown> {
  const metric = item.metric as Any;
  const point = item.point as Any;
  const temporality = metric.aggregation_temporality as number | null;
  const buckets = (side: string, part: string) => ((point[side] ?? null) as Any | null)?.[part];
  return {
    timestamp: isoTime(point.time_unix_nano),
    time_unix_nano: bits(point.time_unix_nano),
    start_time_unix_nano: bits(point.start_time_unix_nano),
    metric_name: metric.name,
    description: metric.description || null,
    unit: metric.unit || null,
    type: (metric.type as string).toUpperCase(),
    aggregation_temporality: temporality === null ? null : (TEMPORALITIES[temporality] ?? String(temporality)),
    is_monotonic: metric.is_monotonic,
    ...numberColumns(point.value),
    count: present(point.count, bits),
    sum: present(point.sum, String),
    min: present(point.min, String),
    max: present(point.max, String),
    bucket_counts: present(point.bucket_counts, (counts) => (counts as Json[]).map(bits)),
    explicit_bounds: present(point.explicit_bounds, (bounds) => (bounds as Json[]).map(String)),
    scale: present(point.scale, String),
    zero_count: present(point.zero_count, bits),
    zero_threshold: present(point.zero_threshold, String),
    positive_offset: present(buckets('positive', 'offset'), String),
    positive_bucket_counts: present(buckets('positive', 'bucket_counts'), (counts) => (counts as Json[]).map(bits)),
    negative_offset: present(buckets('negative', 'offset'), String),
    negative_bucket_counts: present(buckets('negative', 'bucket_counts'), (counts) => (counts as Json[]).map(bits)),
    quantiles: present(point.quantile_values, (values) =>
      (values as Any[]).map(({ quantile, value }) => ({ quantile: String(quantile), value: String(value) })),
    ),
    exemplars: present(point.exemplars, (exemplars) =>
      (exemplars as Any[]).map((exemplar) => ({
        time_unix_nano: bits(exemplar.time_unix_nano),
        trace_id: exemplar.trace_id || null,
        span_id: exemplar.span_id || null,
        ...numberColumns(exemplar.value),
        attributes: expectedAttributes(exemplar.filtered_attributes as Attributes),
      })),
    ),
    flags: String(point.flags),
    metadata: expectedAttributes(metric.metadata as Attributes),
    ...expectedContext(item),
    attributes: expectedAttributes(point.attributes as Attributes),
  };
}

function numberColumns(value: Json | undefined): Record<string, unknown> {
  const { double, int } = (value ?? {}) as Any;
  return { value_double: present(double, String), value_int: present(int, bits) };
}

/** Null for what the point has not. */
function present(value: Json | undefined, text: (value: Json) => unknown): unknown {
  return value === undefined || value === null ? null : text(value);
}

/** The columns of resource and scope. */
function expectedContext(item: Record<string, unknown>): Record<string, unknown> {
  const resource = item.resource as Any;
  const scope = item.scope as Any;
  const serviceName = ((resource.attributes ?? []) as Attributes).find(([key]) => key === 'service.name')?.[1].string;
  const entityRefs = (resource.entity_refs as Any[]).map((ref) => ({
    schemaUrl: ref.schema_url,
    type: ref.type,
    idKeys: ref.id_keys,
    descriptionKeys: ref.description_keys,
  }));
  return {
    service_name: serviceName || null,
    scope_name: scope.name || null,
    scope_version: scope.version || null,
    resource_schema_url: resource.schema_url || null,
    scope_schema_url: scope.schema_url || null,
    resource_dropped_attributes_count: String(resource.dropped_attributes_count),
    scope_dropped_attributes_count: String(scope.dropped_attributes_count),
    resource_attributes: resource.set ? expectedAttributes(resource.attributes as Attributes) : null,
    scope_attributes: scope.set ? expectedAttributes(scope.attributes as Attributes) : null,
    resource_entity_refs: entityRefs.length === 0 ? null : entityRefs,
  };
}

/** The bits of a uint64 as the signed number that the lake shows. */
function bits(value: Json | undefined): string {
  return String(BigInt.asIntN(64, BigInt(value as string)));
}

/** Null for 0. */
function isoTime(nanos: Json | undefined): string | null {
  const value = BigInt(nanos as string);
  return value === 0n ? null : isoMicros(value / 1000n);
}

function isoMicros(micros: bigint): string {
  const text = new Date(Number(micros / 1000n)).toISOString();
  return `${text.slice(0, 23)}${String(micros % 1000n).padStart(3, '0')}Z`;
}

/** By key; of a repeated key the first entry counts. */
function expectedAttributes(attributes: Attributes): NormalAttributes {
  const normal: Record<string, [string, Json]> = {};
  for (const [key, value] of attributes) normal[key] ??= expectedValue(value);
  return normal;
}

function expectedValue(value: Any): [string, Json] {
  const [kind, content] = Object.entries(value)[0]!;
  switch (kind) {
    case 'string':
      return ['s', content];
    case 'int':
      return ['i', String(content)];
    case 'bool':
      return ['b', String(content)];
    case 'double':
      return ['d', typeof content === 'string' ? content : Number(content)];
    case 'bytes':
      return ['y', Buffer.from(content as string, 'hex').toString('base64')];
    case 'array':
      return ['a', simple(value)];
    case 'kvlist':
      return ['m', simple(value)];
    default:
      return ['n', null];
  }
}

/** The value without its types: what plain JSON and OTLP/JSON text both say. */
function simple(value: Any): Json {
  const [kind, content] = Object.entries(value)[0]!;
  if (kind === 'array') return (content as Any[]).map(simple);
  if (kind === 'kvlist') return (content as Attributes).map(([key, inner]) => [key, simple(inner)]).sort();
  if (kind === 'int') return Number(content);
  if (kind === 'bytes') return Buffer.from(content as string, 'hex').toString('base64');
  return content ?? null;
}

/** A row as `rows?format=ndjson` gives it, in the form of the expected rows. */
export function normalRow(row: Record<string, unknown>): Record<string, unknown> {
  const normal: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    if (LETTER_COLUMNS.test(name)) continue;
    if (name.endsWith('attributes')) normal[name] = normalAttributes(value, row[name.replace(/s$/, '_types')]);
    else if (name === 'metadata') normal[name] = normalAttributes(value, row.metadata_types);
    else if (name === 'body' && row.body_type !== null)
      normal[name] = normalValue(row.body_type as string, value as string);
    else if (name === 'resource_entity_refs' && value !== null) normal[name] = normalEntityRefs(value as string);
    else if (Array.isArray(value)) normal[name] = value.map(normalItem);
    else normal[name] = normalItem(value);
  }
  return normal;
}

/** Columns that say how their neighbour is read. */
const LETTER_COLUMNS = /(attribute_types|metadata_types|body_type)$/;

function normalItem(value: unknown): unknown {
  if (typeof value === 'number') return String(value);
  return value === null || typeof value !== 'object' ? value : normalRow(value as Record<string, unknown>);
}

function normalEntityRefs(text: string): unknown {
  const refs = JSON.parse(text) as Record<string, unknown>[];
  return refs.map((ref) => ({ schemaUrl: '', type: '', idKeys: [], descriptionKeys: [], ...ref }));
}

function normalAttributes(map: unknown, letters: unknown): NormalAttributes | null {
  if (map === null) return null;
  const entries = Object.entries(map as Record<string, string | null>);
  return Object.fromEntries(entries.map(([key, text], i) => [key, normalValue((letters as string)[i]!, text)]));
}

function normalValue(letter: string, text: string | null): [string, Json] {
  if (letter === 'd') return ['d', Number.isFinite(Number(text)) ? Number(text) : text];
  if (letter === 'a' || letter === 'm') return [letter, sorted(JSON.parse(text!) as Json)];
  if (letter === 'A' || letter === 'M') return [letter.toLowerCase(), fromOtlpJson(JSON.parse(text!) as Any)];
  return [letter, text];
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.entries(value)
    .map(([key, inner]) => [key, sorted(inner)])
    .sort();
}

function fromOtlpJson(value: Any): Json {
  const [kind, content] = Object.entries(value)[0] ?? ['unset', null];
  if (kind === 'arrayValue') return (((content as Any).values ?? []) as Any[]).map(fromOtlpJson);
  if (kind === 'kvlistValue') {
    const values = ((content as Any).values ?? []) as { key?: string; value?: Any }[];
    return values.map(({ key, value: inner }) => [key ?? '', fromOtlpJson(inner ?? {})]).sort() as Json;
  }
  return kind === 'intValue' ? Number(content) : content;
}
