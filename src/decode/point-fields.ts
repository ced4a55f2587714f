/**
 * Fields that some types of data points have and others not: each keeps the value of the point that is read, until the
 * point's row is appended.
 */
import type { DoubleBuilder, Int32Builder, Int64Builder } from '../batch/fixed-columns.ts';
import type { WireReader } from './wire.ts';

export interface PointField {
  /** Begins a point. */
  clear(): void;
  /** The next row: the value of the point. */
  appendRow(): void;
  /** The next row: a point of a type that has no such field. */
  appendNull(): void;
}

/** fixed64 without presence. */
export class LongField implements PointField {
  hi = 0;
  lo = 0;
  readonly #column: Int64Builder;

  constructor(column: Int64Builder) {
    this.#column = column;
  }

  clear(): void {
    this.hi = 0;
    this.lo = 0;
  }

  read(reader: WireReader): void {
    reader.fixed64();
    this.hi = reader.hi;
    this.lo = reader.lo;
  }

  appendRow(): void {
    this.#column.push(this.hi, this.lo);
  }

  appendNull(): void {
    this.#column.pushNull();
  }
}

/** A double that is null where the point has none. */
export class OptionalDoubleField implements PointField {
  #present = false;
  #value = 0;
  readonly #column: DoubleBuilder;

  constructor(column: DoubleBuilder) {
    this.#column = column;
  }

  clear(): void {
    this.#present = false;
  }

  read(reader: WireReader): void {
    this.set(reader.double());
  }

  set(value: number): void {
    this.#value = value;
    this.#present = true;
  }

  appendRow(): void {
    if (this.#present) this.#column.push(this.#value);
    else this.#column.pushNull();
  }

  appendNull(): void {
    this.#column.pushNull();
  }
}

/** sint32 without presence. */
export class SignedField implements PointField {
  #value = 0;
  readonly #column: Int32Builder;

  constructor(column: Int32Builder) {
    this.#column = column;
  }

  clear(): void {
    this.#value = 0;
  }

  /** ZigZag: 0, -1, 1, -2 … are written as 0, 1, 2, 3 … */
  read(reader: WireReader): void {
    const bits = reader.int32();
    this.#value = (bits >>> 1) ^ -(bits & 1);
  }

  appendRow(): void {
    this.#column.push(this.#value);
  }

  appendNull(): void {
    this.#column.pushNull();
  }
}

const NONE = 0;
const DOUBLE = 1;
const INT = 2;

/** The oneof of as_double and as_int, which points and exemplars have: the last on the wire is the value. */
export class NumberField implements PointField {
  #member = NONE;
  #double = 0;
  #hi = 0;
  #lo = 0;
  readonly #doubles: DoubleBuilder;
  readonly #ints: Int64Builder;

  constructor(doubles: DoubleBuilder, ints: Int64Builder) {
    this.#doubles = doubles;
    this.#ints = ints;
  }

  clear(): void {
    this.#member = NONE;
  }

  readDouble(reader: WireReader): void {
    this.#double = reader.double();
    this.#member = DOUBLE;
  }

  readInt(reader: WireReader): void {
    reader.fixed64();
    this.#hi = reader.hi;
    this.#lo = reader.lo;
    this.#member = INT;
  }

  appendRow(): void {
    if (this.#member === DOUBLE) this.#doubles.push(this.#double);
    else this.#doubles.pushNull();
    if (this.#member === INT) this.#ints.push(this.#hi, this.#lo);
    else this.#ints.pushNull();
  }

  appendNull(): void {
    this.#doubles.pushNull();
    this.#ints.pushNull();
  }
}
