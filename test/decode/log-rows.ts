/**
 * The rows of the table `logs` expected for canonical items (canonical.ts), by the rules of model/logs.ts written down a
 * second time.
 */
import type { PlainRow } from '../batch/sample-table.ts';
import {
  type Any,
  type Attributes,
  expectedContext,
  expectedText,
  expectedTimestamp,
  orNull,
  prefixed,
  signed,
} from './expected-attributes.ts';

/** Whether the ids have a width that can be stored. */
export function hasLogIds({ log }: Any): boolean {
  const { trace_id, span_id } = log as Record<string, string>;
  return [0, 32].includes(trace_id!.length) && [0, 16].includes(span_id!.length);
}

export function expectedLogRow(item: Any): PlainRow {
  const log = item.log as Any;
  const [letter, text] = log.body === null ? [null, null] : expectedText(log.body as Any);
  return {
    timestamp: expectedTimestamp(log.time_unix_nano) ?? expectedTimestamp(log.observed_time_unix_nano),
    time_unix_nano: signed(log.time_unix_nano),
    observed_time_unix_nano: signed(log.observed_time_unix_nano),
    trace_id: orNull(log.trace_id),
    span_id: orNull(log.span_id),
    flags: log.flags as number,
    severity_number: log.severity_number as number,
    severity_text: orNull(log.severity_text),
    event_name: orNull(log.event_name),
    body: text,
    body_type: letter,
    ...expectedContext(item),
    ...prefixed('', log.attributes as Attributes),
    dropped_attributes_count: log.dropped_attributes_count as number,
  };
}
