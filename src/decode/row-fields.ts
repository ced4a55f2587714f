/** Column values of a row back to values of OTLP fields; see rows.ts for the shapes readers may hand in. */
import { BridgeError } from '../errors.ts';
import { MESSAGES, type MessageName } from './messages.ts';
import type { PlainMessage } from './protobuf-writer.ts';
import { readValue } from './value-reader.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Null is the empty string. */
export function text(value: unknown): string {
  return value == null ? '' : String(value);
}

/** Hex text to bytes; null is an id of no bytes. */
export function id(value: unknown): Uint8Array {
  if (value == null) return new Uint8Array(0);
  const hex = String(value);
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length * 2 !== hex.length) throw new BridgeError('corrupt', 'the text of an id is not hex');
  return new Uint8Array(bytes);
}

export function uint32(value: unknown): number {
  return value == null ? 0 : Number(value) >>> 0;
}

/** The column keeps the bits of the uint64. */
export function uint64(value: unknown): bigint {
  return value == null ? 0n : BigInt.asUintN(64, BigInt(value as bigint | number));
}

/** The number of an enum's short name ("SERVER" of SPAN_KIND_SERVER) or of digits. */
export function enumNumber(message: MessageName, fieldNumber: number, prefix: string): (value: unknown) => number {
  const numbers = MESSAGES[message].byNumber.get(fieldNumber)!.enumNumbers!;
  return (value) => {
    if (value == null) return 0;
    const number = numbers.get(`${prefix}${value}`) ?? Number(value);
    if (!Number.isInteger(number)) throw new BridgeError('corrupt', `${message} has no ${prefix}${value}`);
    return number;
  };
}

/** A map column and the letters beside it; undefined where the map is null. */
export function keyValues(map: unknown, types: unknown): PlainMessage[] | undefined {
  const entries = mapEntries(map);
  if (entries === undefined) return undefined;
  const letters = text(types);
  if (letters.length !== entries.length) {
    throw new BridgeError(
      'corrupt',
      `attributes have ${entries.length} entries, but the column of their types has ${letters.length} letters`,
      { hint: 'Select the column of the types beside each map (attribute_types beside attributes).' },
    );
  }
  return entries.map(([key, value], i) => ({ key, value: readValue(letters[i], value) }));
}

export function mapEntries(map: unknown): [string, string | null][] | undefined {
  if (map == null) return undefined;
  const entries = isIterable(map) ? [...(map as Iterable<[string, string | null]>)] : Object.entries(map);
  return entries.map(([key, value]) => [String(key), value == null ? null : String(value)]);
}

export function list(value: unknown, readItem: (item: Row) => PlainMessage): PlainMessage[] {
  return value == null ? [] : Array.from(value as Iterable<Row>, readItem);
}

/** A list of numbers; none for null. */
export function numbers<T extends number | bigint>(value: unknown, readItem: (item: unknown) => T): T[] {
  return value == null ? [] : Array.from(value as Iterable<unknown>, readItem);
}

function isIterable(value: unknown): boolean {
  return typeof (value as Iterable<unknown>)[Symbol.iterator] === 'function';
}
