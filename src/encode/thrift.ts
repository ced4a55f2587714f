/**
 * Thrift's compact protocol, read and written without loss
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
 *
 * A Parquet footer is taken apart, mended and written again. What the encoder does not know must come through as it
 * was, with its wire type: an i16 written back as an i32 is skipped by readers that check the type (Arrow C++), and
 * the generic codecs of the Parquet libraries forget it. So a value here keeps the type it was read with.
 *
 * Integers are JavaScript numbers: a footer holds sizes, counts and offsets only, all below 2^53.
 */
import { BridgeError } from '../errors.ts';

export const THRIFT = {
  true: 1,
  false: 2,
  i8: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  struct: 12,
} as const;

export interface ThriftList {
  readonly element: number;
  readonly items: ThriftValue[];
}

/** Fields by id. */
export type ThriftStruct = Map<number, ThriftField>;

export type ThriftValue = boolean | number | Uint8Array | ThriftList | ThriftStruct;

export interface ThriftField {
  readonly type: number;
  readonly value: ThriftValue;
}

export const bool = (value: boolean): ThriftField => ({ type: value ? THRIFT.true : THRIFT.false, value });
export const i16 = (value: number): ThriftField => ({ type: THRIFT.i16, value });
export const i32 = (value: number): ThriftField => ({ type: THRIFT.i32, value });
export const i64 = (value: number): ThriftField => ({ type: THRIFT.i64, value });
export const text = (value: string): ThriftField => ({ type: THRIFT.binary, value: encoder.encode(value) });
export const list = (element: number, items: ThriftValue[]): ThriftField => ({
  type: THRIFT.list,
  value: { element, items },
});
export const struct = (...fields: [number, ThriftField][]): ThriftField => ({
  type: THRIFT.struct,
  value: new Map(fields),
});

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function structOf(parent: ThriftStruct, id: number): ThriftStruct {
  return present(optional(parent, id, THRIFT.struct), id) as ThriftStruct;
}

/** Items of a list of structs; an absent list is empty. */
export function structsOf(parent: ThriftStruct, id: number): ThriftStruct[] {
  const found = optional(parent, id, THRIFT.list) as ThriftList | undefined;
  return (found?.items ?? []) as ThriftStruct[];
}

export function numberOf(parent: ThriftStruct, id: number): number {
  return present(optionalNumber(parent, id), id);
}

export function optionalNumber(parent: ThriftStruct, id: number): number | undefined {
  const value = parent.get(id)?.value;
  return typeof value === 'number' ? value : undefined;
}

export function textOf(parent: ThriftStruct, id: number): string {
  return decoder.decode(present(optional(parent, id, THRIFT.binary), id) as Uint8Array);
}

function optional(parent: ThriftStruct, id: number, type: number): ThriftValue | undefined {
  const field = parent.get(id);
  return field?.type === type ? field.value : undefined;
}

function present<T>(value: T | undefined, id: number): T {
  if (value === undefined) throw new BridgeError('internal', `Parquet metadata lacks its required field ${id}`);
  return value;
}

/** Reads one struct; `bytes` may go on behind it. Throws RangeError where they end inside it. */
export function readStruct(bytes: Uint8Array): ThriftStruct {
  return new Reader(bytes).struct();
}

export function writeStruct(value: ThriftStruct): Uint8Array {
  const writer = new Writer();
  writer.struct(value);
  return writer.bytes();
}

class Reader {
  private readonly view: DataView;
  private readonly source: Uint8Array;
  private position = 0;

  constructor(source: Uint8Array) {
    this.source = source;
    this.view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  }

  struct(): ThriftStruct {
    const fields: ThriftStruct = new Map();
    let id = 0;
    for (;;) {
      const header = this.byte();
      const type = header & 0x0f;
      if (type === 0) return fields;
      id = header >> 4 === 0 ? this.zigzag() : id + (header >> 4);
      const value = type === THRIFT.true ? true : type === THRIFT.false ? false : this.value(type);
      fields.set(id, { type, value });
    }
  }

  private value(type: number): ThriftValue {
    switch (type) {
      case THRIFT.true:
      case THRIFT.false:
        return this.byte() === THRIFT.true;
      case THRIFT.i8:
        return (this.byte() << 24) >> 24;
      case THRIFT.i16:
      case THRIFT.i32:
      case THRIFT.i64:
        return this.zigzag();
      case THRIFT.double:
        this.position += 8;
        return this.view.getFloat64(this.position - 8, true);
      case THRIFT.binary:
        return this.binary();
      case THRIFT.list:
        return this.list();
      case THRIFT.struct:
        return this.struct();
      default:
        throw new BridgeError('internal', `Parquet metadata holds thrift type ${type}, which Parquet does not use`);
    }
  }

  private list(): ThriftList {
    const header = this.byte();
    const count = header >> 4 === 15 ? this.varint() : header >> 4;
    const element = header & 0x0f;
    const items: ThriftValue[] = [];
    for (let i = 0; i < count; i++) items.push(this.value(element));
    return { element, items };
  }

  private binary(): Uint8Array {
    const length = this.varint();
    const start = this.position;
    if (start + length > this.source.length) throw new RangeError('thrift binary goes past the end');
    this.position = start + length;
    return this.source.slice(start, this.position);
  }

  private byte(): number {
    return this.view.getUint8(this.position++);
  }

  private varint(): number {
    let result = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.byte();
      result += (byte & 0x7f) * unit;
      if (byte < 0x80) return result;
    }
  }

  private zigzag(): number {
    const value = this.varint();
    if (value > Number.MAX_SAFE_INTEGER) throw new BridgeError('internal', 'Parquet metadata holds a number over 2^52');
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

class Writer {
  private buffer = new Uint8Array(1024);
  private length = 0;

  bytes(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  struct(fields: ThriftStruct): void {
    let last = 0;
    for (const id of [...fields.keys()].sort((a, b) => a - b)) {
      const { type, value } = fields.get(id)!;
      if (id - last < 16) {
        this.byte(((id - last) << 4) | type);
      } else {
        this.byte(type);
        this.zigzag(id);
      }
      if (type !== THRIFT.true && type !== THRIFT.false) this.value(type, value);
      last = id;
    }
    this.byte(0);
  }

  private value(type: number, value: ThriftValue): void {
    if (type === THRIFT.true || type === THRIFT.false) this.byte(value ? THRIFT.true : THRIFT.false);
    else if (type === THRIFT.i8) this.byte(value as number);
    else if (type === THRIFT.double) this.raw(new Uint8Array(new Float64Array([value as number]).buffer));
    else if (type === THRIFT.binary) this.binary(value as Uint8Array);
    else if (type === THRIFT.list) this.list(value as ThriftList);
    else if (type === THRIFT.struct) this.struct(value as ThriftStruct);
    else this.zigzag(value as number);
  }

  private list({ element, items }: ThriftList): void {
    if (items.length < 15) {
      this.byte((items.length << 4) | element);
    } else {
      this.byte(0xf0 | element);
      this.varint(items.length);
    }
    for (const item of items) this.value(element, item);
  }

  private binary(value: Uint8Array): void {
    this.varint(value.length);
    this.raw(value);
  }

  private raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
  }

  private byte(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  private varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 0x80);
    this.byte(rest);
  }

  private zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  private reserve(more: number): void {
    if (this.length + more <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.length + more));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }
}
