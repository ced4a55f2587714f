/** Rows of the table `traces` from the project's decoder, and the rows expected for canonical items (canonical.ts). */
import assert from 'node:assert/strict';
import { createTableBuilder } from '../../src/batch/builder.ts';
import { createDecoder } from '../../src/decode/decoder.ts';
import type { DecodeResult } from '../../src/decode/tally.ts';
import type { Promotion, RowLimits } from '../../src/model/layout.ts';
import { withPromotions } from '../../src/model/promote.ts';
import { TRACES } from '../../src/model/traces.ts';
import { type Plain, type PlainRow, plainRows } from '../batch/sample-table.ts';

export const LIMITS: RowLimits = { maxAttributeCount: 1024, maxNesting: 32 };

export interface Decoded {
  readonly rows: PlainRow[];
  readonly result: DecodeResult;
}

export function decodeTraces(body: Uint8Array, limits = LIMITS, promote: readonly Promotion[] = []): Decoded {
  const schema = withPromotions(TRACES, promote);
  const builder = createTableBuilder(schema);
  const result = createDecoder('traces', builder, { limits, promote }).decode(body);
  return { rows: plainRows(builder.finish(), schema), result };
}

type Any = Record<string, unknown>;

/** Asserts that the body becomes the rows of its canonical items, and that spans without the ids they need are refused. */
export function assertTraceRows(body: Uint8Array, items: readonly Any[]): void {
  const { rows, result } = decodeTraces(body);
  const accepted = items.filter(hasIds);
  assert.equal(result.accepted, accepted.length);
  assert.equal(result.rejected, items.length - accepted.length);
  assertEqualRows(rows, accepted.map(expectedTraceRow));
}

/** Row by row: the difference of whole lists takes assert minutes to print. */
export function assertEqualRows(rows: readonly PlainRow[], expected: readonly PlainRow[]): void {
  assert.equal(rows.length, expected.length);
  for (const [i, row] of rows.entries()) assert.deepEqual(row, expected[i]);
}

export function hasIds({ span }: Any): boolean {
  const { trace_id, span_id } = span as Record<string, string>;
  return trace_id!.length === 32 && span_id!.length === 16;
}
type Attributes = [string, Any][];

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES = ['UNSET', 'OK', 'ERROR'];

/** The row of a canonical item, by the rules of model/traces.ts written down a second time. */
export function expectedTraceRow(item: Any): PlainRow {
  const { span, resource, scope } = item as Record<string, Any>;
  const start = BigInt(span!.start_time_unix_nano as string);
  const status = span!.status as Any | null;
  const resourceAttributes = resource!.set ? (resource!.attributes as Attributes) : null;
  return {
    timestamp: start === 0n ? null : start / 1000n,
    start_time_unix_nano: BigInt.asIntN(64, start),
    duration_nano: BigInt.asIntN(64, BigInt(span!.end_time_unix_nano as string) - start),
    trace_id: span!.trace_id as string,
    span_id: span!.span_id as string,
    parent_span_id: orNull(span!.parent_span_id),
    trace_state: orNull(span!.trace_state),
    flags: span!.flags as number,
    name: span!.name as string,
    kind: KINDS[span!.kind as number] ?? String(span!.kind),
    status_code: STATUS_CODES[(status?.code as number) ?? 0] ?? String(status?.code),
    status_message: status === null ? null : (status.message as string),
    service_name: orNull(resourceAttributes?.find(([key]) => key === 'service.name')?.[1].string),
    scope_name: orNull(scope!.name),
    scope_version: orNull(scope!.version),
    resource_schema_url: orNull(resource!.schema_url),
    scope_schema_url: orNull(scope!.schema_url),
    resource_dropped_attributes_count: resource!.dropped_attributes_count as number,
    scope_dropped_attributes_count: scope!.dropped_attributes_count as number,
    ...prefixed('resource_', resourceAttributes),
    ...prefixed('scope_', scope!.set ? (scope!.attributes as Attributes) : null),
    ...prefixed('', span!.attributes as Attributes),
    dropped_attributes_count: span!.dropped_attributes_count as number,
    dropped_events_count: span!.dropped_events_count as number,
    dropped_links_count: span!.dropped_links_count as number,
    events: (span!.events as Any[]).map((event) => ({
      time_unix_nano: BigInt.asIntN(64, BigInt(event.time_unix_nano as string)),
      name: event.name as string,
      ...prefixed('', event.attributes as Attributes),
      dropped_attributes_count: event.dropped_attributes_count as number,
    })),
    links: (span!.links as Any[]).map((link) => ({
      trace_id: orNull(link.trace_id),
      span_id: orNull(link.span_id),
      trace_state: orNull(link.trace_state),
      flags: link.flags as number,
      ...prefixed('', link.attributes as Attributes),
      dropped_attributes_count: link.dropped_attributes_count as number,
    })),
  };
}

function orNull(text: unknown): string | null {
  return (text as string | undefined) || null;
}

function prefixed(prefix: string, attributes: Attributes | null): PlainRow {
  const first = attributes?.filter(([key], i) => attributes.findIndex(([other]) => other === key) === i);
  const entries = first?.map(([key, value]) => [key, ...expectedText(value)] as const);
  return {
    [`${prefix}attributes`]: entries?.map(([key, , text]) => [key, text] as Plain[]) ?? null,
    [`${prefix}attribute_types`]: entries?.map(([, letter]) => letter).join('') ?? null,
  };
}

function expectedText(value: Any): [letter: string, text: string | null] {
  const [kind, content] = Object.entries(value)[0]!;
  switch (kind) {
    case 'string':
      return ['s', content as string];
    case 'bool':
      return ['b', String(content)];
    case 'int':
      return ['i', String(content)];
    case 'double':
      return ['d', expectedDouble(content as number | string)];
    case 'bytes':
      return ['y', Buffer.from(content as string, 'hex').toString('base64')];
    case 'array':
    case 'kvlist': {
      const plain = plainText(value);
      const letter = kind === 'array' ? 'a' : 'm';
      return plain === undefined ? [letter.toUpperCase(), otlpText(value)] : [letter, plain];
    }
    default:
      return ['n', null];
  }
}

function expectedDouble(value: number | string): string {
  if (typeof value === 'string') return value;
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Undefined where plain JSON would lose something. */
function plainText(value: Any): string | undefined {
  const [kind, content] = Object.entries(value)[0]!;
  switch (kind) {
    case 'string':
      return JSON.stringify(content);
    case 'double':
      return typeof content === 'string' ? undefined : expectedDouble(content as number);
    case 'bytes':
      return undefined;
    case 'array': {
      const items = (content as Any[]).map(plainText);
      return items.includes(undefined) ? undefined : `[${items.join(',')}]`;
    }
    case 'kvlist': {
      const entries = content as Attributes;
      const items = entries.map(([, item]) => plainText(item));
      if (items.includes(undefined) || new Map(entries).size < entries.length) return undefined;
      return `{${entries.map(([key], i) => `${JSON.stringify(key)}:${items[i]}`).join(',')}}`;
    }
    case 'unset':
      return 'null';
    default:
      return String(content);
  }
}

function otlpText(value: Any): string {
  const [kind, content] = Object.entries(value)[0]!;
  switch (kind) {
    case 'string':
      return `{"stringValue":${JSON.stringify(content)}}`;
    case 'bool':
      return `{"boolValue":${content}}`;
    case 'int':
      return `{"intValue":"${content}"}`;
    case 'double':
      return `{"doubleValue":${typeof content === 'string' ? `"${content}"` : expectedDouble(content as number)}}`;
    case 'bytes':
      return `{"bytesValue":"${Buffer.from(content as string, 'hex').toString('base64')}"}`;
    case 'array':
      return `{"arrayValue":{"values":[${(content as Any[]).map(otlpText).join(',')}]}}`;
    case 'kvlist': {
      const entries = (content as Attributes).map(
        ([key, item]) => `{"key":${JSON.stringify(key)},"value":${otlpText(item)}}`,
      );
      return `{"kvlistValue":{"values":[${entries.join(',')}]}}`;
    }
    default:
      return '{}';
  }
}
