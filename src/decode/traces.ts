/** Spans of an ExportTraceServiceRequest to rows of the table `traces` (rules for nulls: model/traces.ts). */
import type { TableBuilder } from '../batch/builder.ts';
import { AttributeList } from './attributes.ts';
import { type Context, pushRequiredText, readOptionalText } from './context.ts';
import { EnumColumn } from './enum-column.ts';
import { pushOptionalId, SPAN_ID_BYTES, TRACE_ID_BYTES, wrongOptionalId } from './ids.ts';
import { PromotedColumns } from './promoted.ts';
import type { RowOptions, RowReader } from './request.ts';
import { EventReader, LinkReader } from './span-lists.ts';
import type { Refusal, Tally } from './tally.ts';
import { pushDifference, pushTimestamp } from './time.ts';
import { FIXED32, FIXED64, LEN, tagOf, VARINT, type WireReader } from './wire.ts';

const TRACE_ID = tagOf(1, LEN);
const SPAN_ID = tagOf(2, LEN);
const TRACE_STATE = tagOf(3, LEN);
const PARENT_SPAN_ID = tagOf(4, LEN);
const NAME = tagOf(5, LEN);
const KIND = tagOf(6, VARINT);
const START_TIME = tagOf(7, FIXED64);
const END_TIME = tagOf(8, FIXED64);
const ATTRIBUTES = tagOf(9, LEN);
const DROPPED_ATTRIBUTES = tagOf(10, VARINT);
const EVENTS = tagOf(11, LEN);
const DROPPED_EVENTS = tagOf(12, VARINT);
const LINKS = tagOf(13, LEN);
const DROPPED_LINKS = tagOf(14, VARINT);
const STATUS = tagOf(15, LEN);
const FLAGS = tagOf(16, FIXED32);

const STATUS_MESSAGE = tagOf(2, LEN);
const STATUS_CODE = tagOf(3, VARINT);

const KIND_NAMES = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_NAMES = ['UNSET', 'OK', 'ERROR'];

export function createSpanReader(
  builder: TableBuilder,
  context: Context,
  tally: Tally,
  { limits, promote }: RowOptions,
): RowReader {
  const timestamp = builder.column('timestamp', 'timestamp');
  const startTime = builder.column('start_time_unix_nano', 'int64');
  const duration = builder.column('duration_nano', 'int64');
  const traceId = builder.column('trace_id', 'id');
  const spanId = builder.column('span_id', 'id');
  const parentSpanId = builder.column('parent_span_id', 'id');
  const traceState = builder.column('trace_state', 'string');
  const flags = builder.column('flags', 'uint32');
  const name = builder.column('name', 'string');
  const kind = new EnumColumn(builder.column('kind', 'string'), KIND_NAMES);
  const statusCode = new EnumColumn(builder.column('status_code', 'string'), STATUS_NAMES);
  const statusMessage = builder.column('status_message', 'string');
  const map = builder.column('attributes', 'map');
  const attributes = new AttributeList(map, builder.column('attribute_types', 'string'), limits);
  const droppedAttributes = builder.column('dropped_attributes_count', 'uint32');
  const droppedEvents = builder.column('dropped_events_count', 'uint32');
  const droppedLinks = builder.column('dropped_links_count', 'uint32');
  const events = new EventReader(builder.column('events', 'list'), limits);
  const links = new LinkReader(builder.column('links', 'list'), limits);
  const promoted = new PromotedColumns(builder, promote, attributes, context.resourceAttributes);

  const status = { present: false, code: 0, messageCode: -1 };

  function readStatus(reader: WireReader, end: number): void {
    status.present = true;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === STATUS_CODE) status.code = reader.int32();
      else if (tag === STATUS_MESSAGE) status.messageCode = readOptionalText(statusMessage, reader, end);
      else reader.skip(tag, end);
    }
    reader.endMessage(end, 'Status');
  }

  /** Reads all of the span; what belongs to lists goes to their columns at once and is cut off again if it is refused. */
  function readItem(reader: WireReader, end: number): void {
    const row = builder.rows;
    const { source } = reader;
    let traceIdStart = 0;
    let traceIdEnd = 0;
    let spanIdStart = 0;
    let spanIdEnd = 0;
    let parentStart = 0;
    let parentEnd = 0;
    let nameCode = -1;
    let traceStateCode = -1;
    let kindNumber = 0;
    let flagBits = 0;
    let startHi = 0;
    let startLo = 0;
    let endHi = 0;
    let endLo = 0;
    let droppedAttributeCount = 0;
    let droppedEventCount = 0;
    let droppedLinkCount = 0;
    status.present = false;
    status.code = 0;
    status.messageCode = -1;
    attributes.clear();
    events.clear();
    links.clear();

    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case ATTRIBUTES:
          attributes.add(reader, reader.length(end));
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
        case PARENT_SPAN_ID:
          parentEnd = reader.length(end);
          parentStart = reader.pos;
          reader.pos = parentEnd;
          break;
        case NAME:
          nameCode = readOptionalText(name, reader, end);
          break;
        case TRACE_STATE:
          traceStateCode = readOptionalText(traceState, reader, end);
          break;
        case KIND:
          kindNumber = reader.int32();
          break;
        case START_TIME:
          reader.fixed64();
          startHi = reader.hi;
          startLo = reader.lo;
          break;
        case END_TIME:
          reader.fixed64();
          endHi = reader.hi;
          endLo = reader.lo;
          break;
        case EVENTS:
          events.read(reader, reader.length(end));
          break;
        case LINKS:
          links.read(reader, reader.length(end));
          break;
        case STATUS:
          readStatus(reader, reader.length(end));
          break;
        case FLAGS:
          flagBits = reader.fixed32();
          break;
        case DROPPED_ATTRIBUTES:
          droppedAttributeCount = reader.int32();
          break;
        case DROPPED_EVENTS:
          droppedEventCount = reader.int32();
          break;
        case DROPPED_LINKS:
          droppedLinkCount = reader.int32();
          break;
        default:
          reader.skip(tag, end);
      }
    }
    reader.endMessage(end, 'Span');

    const refusal =
      wrongId('trace_id', traceIdEnd - traceIdStart, TRACE_ID_BYTES) ??
      wrongId('span_id', spanIdEnd - spanIdStart, SPAN_ID_BYTES) ??
      wrongOptionalId('parent_span_id', 'parent_span_id', parentEnd - parentStart, SPAN_ID_BYTES) ??
      attributes.refusal ??
      events.refusal ??
      links.refusal ??
      context.refusal;
    if (refusal !== undefined) {
      builder.truncate(row);
      tally.refuse('span', refusal);
      return;
    }

    const timeMs = pushTimestamp(timestamp, startHi, startLo);
    startTime.push(startHi, startLo);
    pushDifference(duration, endHi, endLo, startHi, startLo);
    traceId.push(source, traceIdStart);
    spanId.push(source, spanIdStart);
    pushOptionalId(parentSpanId, source, parentStart, parentEnd);
    traceState.push(traceStateCode);
    flags.push(flagBits);
    pushRequiredText(name, nameCode);
    kind.push(kindNumber);
    statusCode.push(status.code);
    if (!status.present) statusMessage.pushNull();
    else pushRequiredText(statusMessage, status.messageCode);
    context.appendRow();
    attributes.appendRow();
    droppedAttributes.push(droppedAttributeCount);
    droppedEvents.push(droppedEventCount);
    droppedLinks.push(droppedLinkCount);
    events.endRow();
    links.endRow();
    promoted.appendRow();
    if (!tally.accept('span', timeMs)) builder.truncate(row);
  }

  return {
    readItem,
    attributeLists: [attributes, events.attributes, links.attributes],
    beginRequest() {
      kind.beginRequest();
      statusCode.beginRequest();
      promoted.beginRequest();
    },
  };
}

/** Ids of zeros only are invalid by W3C Trace Context, but have the length OTLP asks for: they are kept as they came. */
function wrongId(field: 'trace_id' | 'span_id', length: number, width: number): Refusal | undefined {
  if (length === width) return undefined;
  return { kind: field, text: `${field} has ${length} bytes, it must have ${width}` };
}
