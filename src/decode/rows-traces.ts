/** A row of the table `traces` back to a Span. */
import type { PlainMessage } from './protobuf-writer.ts';
import { enumNumber, id, keyValues, list, type Row, text, uint32, uint64 } from './row-fields.ts';

const spanKind = enumNumber('Span', 6, 'SPAN_KIND_');
const statusCode = enumNumber('Status', 3, 'STATUS_CODE_');

export function readSpan(row: Row): PlainMessage {
  const start = uint64(row.start_time_unix_nano);
  return {
    traceId: id(row.trace_id),
    spanId: id(row.span_id),
    traceState: text(row.trace_state),
    parentSpanId: id(row.parent_span_id),
    name: text(row.name),
    kind: spanKind(row.kind),
    startTimeUnixNano: start,
    endTimeUnixNano: BigInt.asUintN(64, start + uint64(row.duration_nano)),
    attributes: keyValues(row.attributes, row.attribute_types) ?? [],
    droppedAttributesCount: uint32(row.dropped_attributes_count),
    events: list(row.events, readEvent),
    droppedEventsCount: uint32(row.dropped_events_count),
    links: list(row.links, readLink),
    droppedLinksCount: uint32(row.dropped_links_count),
    status: readStatus(row),
    flags: uint32(row.flags),
  };
}

function readEvent(row: Row): PlainMessage {
  return {
    timeUnixNano: uint64(row.time_unix_nano),
    name: text(row.name),
    attributes: keyValues(row.attributes, row.attribute_types) ?? [],
    droppedAttributesCount: uint32(row.dropped_attributes_count),
  };
}

function readLink(row: Row): PlainMessage {
  return {
    traceId: id(row.trace_id),
    spanId: id(row.span_id),
    traceState: text(row.trace_state),
    attributes: keyValues(row.attributes, row.attribute_types) ?? [],
    droppedAttributesCount: uint32(row.dropped_attributes_count),
    flags: uint32(row.flags),
  };
}

/** A null message says that the span had no status at all. */
function readStatus(row: Row): PlainMessage | undefined {
  if (row.status_message == null) return undefined;
  return { message: text(row.status_message), code: statusCode(row.status_code) };
}
