/** The lists of structs in a span: events and links. */
import { listElement, structField } from '../batch/builder.ts';
import type { ListBuilder, StringBuilder } from '../batch/columns.ts';
import type { IdBuilder, Int32Builder, Int64Builder } from '../batch/fixed-columns.ts';
import type { RowLimits } from '../model/layout.ts';
import { AttributeList } from './attributes.ts';
import { pushRequiredText, readOptionalText } from './context.ts';
import { pushOptionalId, SPAN_ID_BYTES, TRACE_ID_BYTES, wrongOptionalId } from './ids.ts';
import type { Refusal } from './tally.ts';
import { FIXED32, FIXED64, LEN, tagOf, VARINT, type WireReader } from './wire.ts';

const EVENT_TIME = tagOf(1, FIXED64);
const EVENT_NAME = tagOf(2, LEN);
const EVENT_ATTRIBUTES = tagOf(3, LEN);
const EVENT_DROPPED_ATTRIBUTES = tagOf(4, VARINT);

const LINK_TRACE_ID = tagOf(1, LEN);
const LINK_SPAN_ID = tagOf(2, LEN);
const LINK_TRACE_STATE = tagOf(3, LEN);
const LINK_ATTRIBUTES = tagOf(4, LEN);
const LINK_DROPPED_ATTRIBUTES = tagOf(5, VARINT);
const LINK_FLAGS = tagOf(6, FIXED32);

export class EventReader {
  readonly attributes: AttributeList;
  /** Why the span cannot be taken, because of one of its events. */
  refusal: Refusal | undefined;
  readonly #list: ListBuilder;
  readonly #time: Int64Builder;
  readonly #name: StringBuilder;
  readonly #droppedAttributes: Int32Builder;

  constructor(list: ListBuilder, limits: RowLimits) {
    const event = listElement(list, 'struct');
    this.#list = list;
    this.#time = structField(event, 'time_unix_nano', 'int64');
    this.#name = structField(event, 'name', 'string');
    const types = structField(event, 'attribute_types', 'string');
    this.attributes = new AttributeList(structField(event, 'attributes', 'map'), types, limits);
    this.#droppedAttributes = structField(event, 'dropped_attributes_count', 'uint32');
  }

  /** Begins the list of a span. */
  clear(): void {
    this.refusal = undefined;
  }

  /** Appends the Span.Event from `reader.pos` to `end` to the list. */
  read(reader: WireReader, end: number): void {
    let hi = 0;
    let lo = 0;
    let nameCode = -1;
    let dropped = 0;
    this.attributes.clear();
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case EVENT_TIME:
          reader.fixed64();
          hi = reader.hi;
          lo = reader.lo;
          break;
        case EVENT_NAME:
          nameCode = readOptionalText(this.#name, reader, end);
          break;
        case EVENT_ATTRIBUTES:
          this.attributes.add(reader, reader.length(end));
          break;
        case EVENT_DROPPED_ATTRIBUTES:
          dropped = reader.int32();
          break;
        default:
          reader.skip(tag, end);
      }
    }
    reader.endMessage(end, 'Span.Event');
    this.refusal ??= this.attributes.refusal;
    this.#time.push(hi, lo);
    pushRequiredText(this.#name, nameCode);
    this.attributes.appendRow();
    this.#droppedAttributes.push(dropped);
  }

  endRow(): void {
    this.#list.endRow();
  }
}

export class LinkReader {
  readonly attributes: AttributeList;
  /** Why the span cannot be taken, because of one of its links. */
  refusal: Refusal | undefined;
  readonly #list: ListBuilder;
  readonly #traceId: IdBuilder;
  readonly #spanId: IdBuilder;
  readonly #traceState: StringBuilder;
  readonly #flags: Int32Builder;
  readonly #droppedAttributes: Int32Builder;

  constructor(list: ListBuilder, limits: RowLimits) {
    const link = listElement(list, 'struct');
    this.#list = list;
    this.#traceId = structField(link, 'trace_id', 'id');
    this.#spanId = structField(link, 'span_id', 'id');
    this.#traceState = structField(link, 'trace_state', 'string');
    this.#flags = structField(link, 'flags', 'uint32');
    const types = structField(link, 'attribute_types', 'string');
    this.attributes = new AttributeList(structField(link, 'attributes', 'map'), types, limits);
    this.#droppedAttributes = structField(link, 'dropped_attributes_count', 'uint32');
  }

  /** Begins the list of a span. */
  clear(): void {
    this.refusal = undefined;
  }

  /** Appends the Span.Link from `reader.pos` to `end` to the list. */
  read(reader: WireReader, end: number): void {
    let traceIdStart = 0;
    let traceIdEnd = 0;
    let spanIdStart = 0;
    let spanIdEnd = 0;
    let traceStateCode = -1;
    let flags = 0;
    let dropped = 0;
    this.attributes.clear();
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case LINK_TRACE_ID:
          traceIdEnd = reader.length(end);
          traceIdStart = reader.pos;
          reader.pos = traceIdEnd;
          break;
        case LINK_SPAN_ID:
          spanIdEnd = reader.length(end);
          spanIdStart = reader.pos;
          reader.pos = spanIdEnd;
          break;
        case LINK_TRACE_STATE:
          traceStateCode = readOptionalText(this.#traceState, reader, end);
          break;
        case LINK_ATTRIBUTES:
          this.attributes.add(reader, reader.length(end));
          break;
        case LINK_DROPPED_ATTRIBUTES:
          dropped = reader.int32();
          break;
        case LINK_FLAGS:
          flags = reader.fixed32();
          break;
        default:
          reader.skip(tag, end);
      }
    }
    reader.endMessage(end, 'Span.Link');
    this.refusal ??= this.attributes.refusal;
    this.refusal ??=
      wrongOptionalId('link_id', 'trace_id of a link', traceIdEnd - traceIdStart, TRACE_ID_BYTES) ??
      wrongOptionalId('link_id', 'span_id of a link', spanIdEnd - spanIdStart, SPAN_ID_BYTES);
    pushOptionalId(this.#traceId, reader.source, traceIdStart, traceIdEnd);
    pushOptionalId(this.#spanId, reader.source, spanIdStart, spanIdEnd);
    this.#traceState.push(traceStateCode);
    this.#flags.push(flags);
    this.attributes.appendRow();
    this.#droppedAttributes.push(dropped);
  }

  endRow(): void {
    this.#list.endRow();
  }
}
