/** Log records of an ExportLogsServiceRequest to rows of the table `logs` (rules for nulls: model/logs.ts). */
import type { TableBuilder } from '../batch/builder.ts';
import { AttributeList } from './attributes.ts';
import { type Context, readOptionalText } from './context.ts';
import { pushOptionalId, SPAN_ID_BYTES, TRACE_ID_BYTES, wrongOptionalId } from './ids.ts';
import { PromotedColumns } from './promoted.ts';
import type { RowOptions, RowReader } from './request.ts';
import type { Tally } from './tally.ts';
import { pushTimestamp } from './time.ts';
import { ValueColumn } from './value-column.ts';
import { FIXED32, FIXED64, LEN, tagOf, VARINT, type WireReader } from './wire.ts';

const TIME = tagOf(1, FIXED64);
const SEVERITY_NUMBER = tagOf(2, VARINT);
const SEVERITY_TEXT = tagOf(3, LEN);
const BODY = tagOf(5, LEN);
const ATTRIBUTES = tagOf(6, LEN);
const DROPPED_ATTRIBUTES = tagOf(7, VARINT);
const FLAGS = tagOf(8, FIXED32);
const TRACE_ID = tagOf(9, LEN);
const SPAN_ID = tagOf(10, LEN);
const OBSERVED_TIME = tagOf(11, FIXED64);
const EVENT_NAME = tagOf(12, LEN);

export function createLogReader(
  builder: TableBuilder,
  context: Context,
  tally: Tally,
  { limits, promote }: RowOptions,
): RowReader {
  const timestamp = builder.column('timestamp', 'timestamp');
  const time = builder.column('time_unix_nano', 'int64');
  const observedTime = builder.column('observed_time_unix_nano', 'int64');
  const traceId = builder.column('trace_id', 'id');
  const spanId = builder.column('span_id', 'id');
  const flags = builder.column('flags', 'uint32');
  const severityNumber = builder.column('severity_number', 'int32');
  const severityText = builder.column('severity_text', 'string');
  const eventName = builder.column('event_name', 'string');
  const body = new ValueColumn(builder.column('body', 'string'), builder.column('body_type', 'string'), limits);
  const map = builder.column('attributes', 'map');
  const attributes = new AttributeList(map, builder.column('attribute_types', 'string'), limits);
  const droppedAttributes = builder.column('dropped_attributes_count', 'uint32');
  const promoted = new PromotedColumns(builder, promote, attributes, context.resourceAttributes);

  function readItem(reader: WireReader, end: number): void {
    const { source } = reader;
    let timeHi = 0;
    let timeLo = 0;
    let observedHi = 0;
    let observedLo = 0;
    let traceIdStart = 0;
    let traceIdEnd = 0;
    let spanIdStart = 0;
    let spanIdEnd = 0;
    let flagBits = 0;
    let severity = 0;
    let severityTextCode = -1;
    let eventNameCode = -1;
    let droppedAttributeCount = 0;
    attributes.clear();
    body.clear();

    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case ATTRIBUTES:
          attributes.add(reader, reader.length(end));
          break;
        case TIME:
          reader.fixed64();
          timeHi = reader.hi;
          timeLo = reader.lo;
          break;
        case OBSERVED_TIME:
          reader.fixed64();
          observedHi = reader.hi;
          observedLo = reader.lo;
          break;
        case SEVERITY_NUMBER:
          severity = reader.int32();
          break;
        case SEVERITY_TEXT:
          severityTextCode = readOptionalText(severityText, reader, end);
          break;
        case BODY:
          body.add(reader, reader.length(end));
          break;
        case TRACE_ID:
          traceIdEnd = reader.length(end);
          traceIdStart = reader.pos;
          reader.pos = traceIdEnd;
          break;
        case SPAN_ID:
          spanIdEnd = reader.length(end);
          spanIdStart = reader.pos;
          reader.pos = spanIdEnd;
          break;
        case FLAGS:
          flagBits = reader.fixed32();
          break;
        case EVENT_NAME:
          eventNameCode = readOptionalText(eventName, reader, end);
          break;
        case DROPPED_ATTRIBUTES:
          droppedAttributeCount = reader.int32();
          break;
        default:
          reader.skip(tag, end);
      }
    }
    reader.endMessage(end, 'LogRecord');
    body.read(reader);

    const refusal =
      wrongOptionalId('trace_id', 'trace_id', traceIdEnd - traceIdStart, TRACE_ID_BYTES) ??
      wrongOptionalId('span_id', 'span_id', spanIdEnd - spanIdStart, SPAN_ID_BYTES) ??
      body.refusal ??
      attributes.refusal ??
      context.refusal;
    if (refusal !== undefined) {
      tally.refuse('log record', refusal);
      return;
    }

    const hasTime = (timeHi | timeLo) !== 0;
    const timeMs = pushTimestamp(timestamp, hasTime ? timeHi : observedHi, hasTime ? timeLo : observedLo);
    time.push(timeHi, timeLo);
    observedTime.push(observedHi, observedLo);
    pushOptionalId(traceId, source, traceIdStart, traceIdEnd);
    pushOptionalId(spanId, source, spanIdStart, spanIdEnd);
    flags.push(flagBits);
    severityNumber.push(severity);
    severityText.push(severityTextCode);
    eventName.push(eventNameCode);
    body.appendRow();
    context.appendRow();
    attributes.appendRow();
    droppedAttributes.push(droppedAttributeCount);
    promoted.appendRow();
    if (!tally.accept('log record', timeMs)) builder.truncate(builder.rows - 1);
  }

  return { readItem, attributeLists: [attributes], beginRequest: () => promoted.beginRequest() };
}
