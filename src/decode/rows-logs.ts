/** A row of the table `logs` back to a LogRecord. */
import type { PlainMessage } from './protobuf-writer.ts';
import { id, keyValues, type Row, text, uint32, uint64 } from './row-fields.ts';
import { readValue } from './value-reader.ts';

export function readLogRecord(row: Row): PlainMessage {
  return {
    timeUnixNano: uint64(row.time_unix_nano),
    severityNumber: Number(row.severity_number ?? 0),
    severityText: text(row.severity_text),
    body: readBody(row),
    attributes: keyValues(row.attributes, row.attribute_types) ?? [],
    droppedAttributesCount: uint32(row.dropped_attributes_count),
    flags: uint32(row.flags),
    traceId: id(row.trace_id),
    spanId: id(row.span_id),
    observedTimeUnixNano: uint64(row.observed_time_unix_nano),
    eventName: text(row.event_name),
  };
}

/** A null letter says that the record had no body at all. */
function readBody(row: Row): PlainMessage | undefined {
  if (row.body_type == null) return undefined;
  return readValue(String(row.body_type), row.body == null ? null : String(row.body));
}
