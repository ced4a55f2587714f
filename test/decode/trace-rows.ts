/**
 * The rows of the table `traces` expected for canonical items (canonical.ts), by the rules of model/traces.ts written
 * down a second time.
 */
import type { PlainRow } from '../batch/sample-table.ts';
import {
  type Any,
  type Attributes,
  expectedContext,
  expectedTimestamp,
  orNull,
  prefixed,
  signed,
} from './expected-attributes.ts';

/** Whether the ids a span must have are there. */
export function hasIds({ span }: Any): boolean {
  const { trace_id, span_id } = span as Record<string, string>;
  return trace_id!.length === 32 && span_id!.length === 16;
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES = ['UNSET', 'OK', 'ERROR'];

export function expectedTraceRow(item: Any): PlainRow {
  const span = item.span as Any;
  const status = span.status as Any | null;
  return {
    timestamp: expectedTimestamp(span.start_time_unix_nano),
    start_time_unix_nano: signed(span.start_time_unix_nano),
    duration_nano: BigInt.asIntN(64, signed(span.end_time_unix_nano) - signed(span.start_time_unix_nano)),
    trace_id: span.trace_id as string,
    span_id: span.span_id as string,
    parent_span_id: orNull(span.parent_span_id),
    trace_state: orNull(span.trace_state),
    flags: span.flags as number,
    name: span.name as string,
    kind: KINDS[span.kind as number] ?? String(span.kind),
    status_code: STATUS_CODES[(status?.code as number) ?? 0] ?? String(status?.code),
    status_message: status === null ? null : (status.message as string),
    ...expectedContext(item),
    ...prefixed('', span.attributes as Attributes),
    dropped_attributes_count: span.dropped_attributes_count as number,
    dropped_events_count: span.dropped_events_count as number,
    dropped_links_count: span.dropped_links_count as number,
    events: (span.events as Any[]).map((event) => ({
      time_unix_nano: signed(event.time_unix_nano),
      name: event.name as string,
      ...prefixed('', event.attributes as Attributes),
      dropped_attributes_count: event.dropped_attributes_count as number,
    })),
    links: (span.links as Any[]).map((link) => ({
      trace_id: orNull(link.trace_id),
      span_id: orNull(link.span_id),
      trace_state: orNull(link.trace_state),
      flags: link.flags as number,
      ...prefixed('', link.attributes as Attributes),
      dropped_attributes_count: link.dropped_attributes_count as number,
    })),
  };
}
