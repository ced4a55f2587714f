/** Exemplars of data points to their list of structs. */
import { listElement, structField } from '../batch/builder.ts';
import type { ListBuilder } from '../batch/columns.ts';
import type { IdBuilder, Int64Builder } from '../batch/fixed-columns.ts';
import type { RowLimits } from '../model/layout.ts';
import { AttributeList } from './attributes.ts';
import { pushOptionalId, SPAN_ID_BYTES, TRACE_ID_BYTES, wrongOptionalId } from './ids.ts';
import { NumberField, type PointField } from './point-fields.ts';
import type { Refusal } from './tally.ts';
import { FIXED64, LEN, tagOf, type WireReader } from './wire.ts';

const TIME = tagOf(2, FIXED64);
const AS_DOUBLE = tagOf(3, FIXED64);
const SPAN_ID = tagOf(4, LEN);
const TRACE_ID = tagOf(5, LEN);
const AS_INT = tagOf(6, FIXED64);
const ATTRIBUTES = tagOf(7, LEN);

export class ExemplarsField implements PointField {
  readonly attributes: AttributeList;
  /** Why the point cannot be taken, because of one of its exemplars. */
  refusal: Refusal | undefined;
  readonly #list: ListBuilder;
  readonly #time: Int64Builder;
  readonly #traceId: IdBuilder;
  readonly #spanId: IdBuilder;
  readonly #value: NumberField;

  constructor(list: ListBuilder, limits: RowLimits) {
    const exemplar = listElement(list, 'struct');
    this.#list = list;
    this.#time = structField(exemplar, 'time_unix_nano', 'int64');
    this.#traceId = structField(exemplar, 'trace_id', 'id');
    this.#spanId = structField(exemplar, 'span_id', 'id');
    this.#value = new NumberField(
      structField(exemplar, 'value_double', 'double'),
      structField(exemplar, 'value_int', 'int64'),
    );
    const types = structField(exemplar, 'attribute_types', 'string');
    this.attributes = new AttributeList(structField(exemplar, 'attributes', 'map'), types, limits);
  }

  clear(): void {
    this.refusal = undefined;
  }

  /** Appends the Exemplar from `reader.pos` to `end` to the list. */
  read(reader: WireReader, end: number): void {
    let hi = 0;
    let lo = 0;
    let traceIdStart = 0;
    let traceIdEnd = 0;
    let spanIdStart = 0;
    let spanIdEnd = 0;
    this.attributes.clear();
    this.#value.clear();
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case TIME:
          reader.fixed64();
          hi = reader.hi;
          lo = reader.lo;
          break;
        case AS_DOUBLE:
          this.#value.readDouble(reader);
          break;
        case AS_INT:
          this.#value.readInt(reader);
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
        case ATTRIBUTES:
          this.attributes.add(reader, reader.length(end));
          break;
        default:
          reader.skip(tag, end);
      }
    }
    reader.endMessage(end, 'Exemplar');
    this.refusal ??=
      this.attributes.refusal ??
      wrongOptionalId('exemplar_id', 'trace_id of an exemplar', traceIdEnd - traceIdStart, TRACE_ID_BYTES) ??
      wrongOptionalId('exemplar_id', 'span_id of an exemplar', spanIdEnd - spanIdStart, SPAN_ID_BYTES);
    this.#time.push(hi, lo);
    pushOptionalId(this.#traceId, reader.source, traceIdStart, traceIdEnd);
    pushOptionalId(this.#spanId, reader.source, spanIdStart, spanIdEnd);
    this.#value.appendRow();
    this.attributes.appendRow();
  }

  appendRow(): void {
    this.#list.endRow();
  }

  appendNull(): void {
    this.#list.pushNull();
  }
}
