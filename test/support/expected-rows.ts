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

/** The expected row of a canonical span. */
export function expectedSpan(item: Record<string, unknown>): Record<string, unknown> {
  const span = item.span as Any;
  const resource = item.resource as Any;
  const scope = item.scope as Any;
  const start = BigInt(span.start_time_unix_nano as string);
  const end = BigInt(span.end_time_unix_nano as string);
  const status = span.status as Any | null;
  const serviceName = ((resource.attributes ?? []) as Attributes).find(([key]) => key === 'service.name')?.[1].string;
  return {
    timestamp: start === 0n ? null : isoMicros(start / 1000n),
    start_time_unix_nano: String(BigInt.asIntN(64, start)),
    duration_nano: String(BigInt.asIntN(64, end - start)),
    trace_id: span.trace_id,
    span_id: span.span_id,
    parent_span_id: span.parent_span_id || null,
    trace_state: span.trace_state || null,
    flags: String(span.flags),
    name: span.name,
    kind: KINDS[span.kind as number] ?? String(span.kind),
    status_code: STATUS_CODES[(status?.code as number) ?? 0] ?? String(status?.code),
    status_message: status ? status.message : null,
    service_name: serviceName || null,
    scope_name: scope.name || null,
    scope_version: scope.version || null,
    resource_schema_url: resource.schema_url || null,
    scope_schema_url: scope.schema_url || null,
    resource_dropped_attributes_count: String(resource.dropped_attributes_count),
    scope_dropped_attributes_count: String(scope.dropped_attributes_count),
    resource_attributes: resource.set ? expectedAttributes(resource.attributes as Attributes) : null,
    scope_attributes: scope.set ? expectedAttributes(scope.attributes as Attributes) : null,
    attributes: expectedAttributes(span.attributes as Attributes),
    dropped_attributes_count: String(span.dropped_attributes_count),
    dropped_events_count: String(span.dropped_events_count),
    dropped_links_count: String(span.dropped_links_count),
    events: (span.events as Any[]).map((event) => ({
      time_unix_nano: String(BigInt.asIntN(64, BigInt(event.time_unix_nano as string))),
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

/** A row as `rows?format=ndjson` gives it, in the form of `expectedSpan`. */
export function normalRow(row: Record<string, unknown>): Record<string, unknown> {
  const normal: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    if (name.endsWith('attribute_types')) continue;
    if (name.endsWith('attributes')) normal[name] = normalAttributes(value, row[name.replace(/s$/, '_types')]);
    else if (Array.isArray(value)) normal[name] = value.map((item) => normalRow(item as Record<string, unknown>));
    else normal[name] = typeof value === 'number' ? String(value) : value;
  }
  return normal;
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
