/** Protobuf bytes written by hand, for messages that no encoder would write. */
export type Bytes = Uint8Array<ArrayBuffer>;

export function varint(value: number | bigint): Bytes {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.of(...bytes, Number(rest));
}

/** Field with wire type 2: bytes, text, or a message of the given parts. */
export function len(field: number, ...parts: (Uint8Array | string)[]): Bytes {
  const content = concat(...parts.map((part) => (typeof part === 'string' ? new TextEncoder().encode(part) : part)));
  return concat(varint(field * 8 + 2), varint(content.length), content);
}

export function int(field: number, value: number | bigint): Bytes {
  return concat(varint(field * 8), varint(value));
}

export function fixed32(field: number, value: number): Bytes {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setUint32(0, value, true);
  return concat(varint(field * 8 + 5), new Uint8Array(bytes.buffer));
}

export function fixed64(field: number, value: bigint): Bytes {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setBigUint64(0, value, true);
  return concat(varint(field * 8 + 1), new Uint8Array(bytes.buffer));
}

export function double(field: number, value: number): Bytes {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setFloat64(0, value, true);
  return concat(varint(field * 8 + 1), new Uint8Array(bytes.buffer));
}

export function concat(...parts: Uint8Array[]): Bytes {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

export const TRACE_ID = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
export const SPAN_ID = Uint8Array.from({ length: 8 }, (_, i) => i + 0xa0);

/** The fields a span must have. */
export const IDS = concat(len(1, TRACE_ID), len(2, SPAN_ID));

/** ExportTraceServiceRequest with one resource and scope around the given spans (their fields). */
export function request(...spans: Uint8Array[]): Bytes {
  return len(1, len(2, ...spans.map((span) => len(2, span))));
}

/** KeyValue with an AnyValue of the given parts. */
export function keyValue(key: string, ...value: Uint8Array[]): Bytes {
  return concat(len(1, key), len(2, ...value));
}

export const stringValue = (text: string) => len(1, text);
export const boolValue = (value: boolean) => int(2, value ? 1 : 0);
export const intValue = (value: number | bigint) => int(3, value);
export const doubleValue = (value: number) => double(4, value);
export const arrayValue = (...items: Uint8Array[]) => len(5, ...items.map((item) => len(1, item)));
export const mapValue = (...entries: Uint8Array[]) => len(6, ...entries.map((entry) => len(1, entry)));
export const bytesValue = (...bytes: number[]) => len(7, Uint8Array.from(bytes));
