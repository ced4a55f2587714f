/**
 * Lists in data points. Their items go to the columns as they are read; where the point is refused, its row is cut off
 * with them. Repeated numbers come packed or one by one, also mixed (https://protobuf.dev/programming-guides/encoding/#packed).
 */
import { listElement, structField } from '../batch/builder.ts';
import type { ListBuilder } from '../batch/columns.ts';
import type { DoubleBuilder, Int32Builder, Int64Builder } from '../batch/fixed-columns.ts';
import { type PointField, SignedField } from './point-fields.ts';
import { FIXED64, LEN, tagOf, VARINT, type WireReader } from './wire.ts';

/** repeated fixed64 */
export class LongListField implements PointField {
  readonly #list: ListBuilder;
  readonly #items: Int64Builder;

  constructor(list: ListBuilder) {
    this.#list = list;
    this.#items = listElement(list, 'int64');
  }

  clear(): void {}

  readOne(reader: WireReader): void {
    reader.fixed64();
    this.#items.push(reader.hi, reader.lo);
  }

  readPacked(reader: WireReader, end: number): void {
    while (reader.pos < end) this.readOne(reader);
    reader.endMessage(end, 'packed numbers');
  }

  appendRow(): void {
    this.#list.endRow();
  }

  appendNull(): void {
    this.#list.pushNull();
  }
}

/** repeated double */
export class DoubleListField implements PointField {
  readonly #list: ListBuilder;
  readonly #items: DoubleBuilder;

  constructor(list: ListBuilder) {
    this.#list = list;
    this.#items = listElement(list, 'double');
  }

  clear(): void {}

  readOne(reader: WireReader): void {
    this.#items.push(reader.double());
  }

  readPacked(reader: WireReader, end: number): void {
    while (reader.pos < end) this.readOne(reader);
    reader.endMessage(end, 'packed numbers');
  }

  appendRow(): void {
    this.#list.endRow();
  }

  appendNull(): void {
    this.#list.pushNull();
  }
}

const OFFSET = tagOf(1, VARINT);
const ONE_COUNT = tagOf(2, VARINT);
const PACKED_COUNTS = tagOf(2, LEN);

/** ExponentialHistogramDataPoint.Buckets: both columns are null where the point has no such message. */
export class BucketsField implements PointField {
  #present = false;
  readonly #offset: SignedField;
  readonly #list: ListBuilder;
  readonly #counts: Int64Builder;

  constructor(offset: Int32Builder, counts: ListBuilder) {
    this.#offset = new SignedField(offset);
    this.#list = counts;
    this.#counts = listElement(counts, 'int64');
  }

  clear(): void {
    this.#present = false;
    this.#offset.clear();
  }

  /** The message from `reader.pos` to `end`, or a further part of it. */
  read(reader: WireReader, end: number): void {
    this.#present = true;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === PACKED_COUNTS) {
        const packedEnd = reader.length(end);
        while (reader.pos < packedEnd) this.#readCount(reader);
        reader.endMessage(packedEnd, 'packed numbers');
      } else if (tag === ONE_COUNT) this.#readCount(reader);
      else if (tag === OFFSET) this.#offset.read(reader);
      else reader.skip(tag, end);
    }
    reader.endMessage(end, 'Buckets');
  }

  appendRow(): void {
    if (!this.#present) {
      this.appendNull();
      return;
    }
    this.#offset.appendRow();
    this.#list.endRow();
  }

  appendNull(): void {
    this.#offset.appendNull();
    this.#list.pushNull();
  }

  #readCount(reader: WireReader): void {
    reader.varint64();
    this.#counts.push(reader.hi, reader.lo);
  }
}

const QUANTILE = tagOf(1, FIXED64);
const QUANTILE_VALUE = tagOf(2, FIXED64);

/** SummaryDataPoint.quantile_values */
export class QuantilesField implements PointField {
  readonly #list: ListBuilder;
  readonly #quantile: DoubleBuilder;
  readonly #value: DoubleBuilder;

  constructor(list: ListBuilder) {
    const item = listElement(list, 'struct');
    this.#list = list;
    this.#quantile = structField(item, 'quantile', 'double');
    this.#value = structField(item, 'value', 'double');
  }

  clear(): void {}

  /** Appends the ValueAtQuantile from `reader.pos` to `end` to the list. */
  read(reader: WireReader, end: number): void {
    let quantile = 0;
    let value = 0;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === QUANTILE) quantile = reader.double();
      else if (tag === QUANTILE_VALUE) value = reader.double();
      else reader.skip(tag, end);
    }
    reader.endMessage(end, 'ValueAtQuantile');
    this.#quantile.push(quantile);
    this.#value.push(value);
  }

  appendRow(): void {
    this.#list.endRow();
  }

  appendNull(): void {
    this.#list.pushNull();
  }
}
