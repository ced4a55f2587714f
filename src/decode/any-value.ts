/**
 * AnyValue and KeyValue of opentelemetry/proto/common/v1/common.proto as objects: for arrays, maps and merged values.
 * Scalars, which are nearly all there is, never come here (see attributes.ts).
 */
import { checkMessage } from './check-message.ts';
import { LEN, tagOf, VARINT, type WireReader } from './wire.ts';

export type AnyValue =
  | { readonly kind: 'unset' }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'array'; readonly values: AnyValue[] }
  | { readonly kind: 'map'; readonly entries: KeyValue[] };

export interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

export const UNSET: AnyValue = { kind: 'unset' };

/** Tags of AnyValue's fields; `string_value_strindex` (8) belongs to profiles and is unknown here. */
export const STRING_VALUE = tagOf(1, LEN);
export const BOOL_VALUE = tagOf(2, VARINT);
export const INT_VALUE = tagOf(3, VARINT);
export const DOUBLE_VALUE = tagOf(4, 1);
export const ARRAY_VALUE = tagOf(5, LEN);
export const KVLIST_VALUE = tagOf(6, LEN);
export const BYTES_VALUE = tagOf(7, LEN);

/** Tags of KeyValue's fields; `key_strindex` (3) belongs to profiles and is unknown here. */
export const KEY = tagOf(1, LEN);
export const VALUE = tagOf(2, LEN);

const VALUES = tagOf(1, LEN);

/** How deep arrays and maps may nest, and whether a value read with it went deeper (what is deeper is left out). */
export interface NestingLimit {
  readonly max: number;
  exceeded: boolean;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The AnyValue from `reader.pos` to `end`, at `depth` arrays and maps. The last member of the oneof wins; where that is an
 * array or a map and came before (here or in `earlier`, an earlier part of the same value), its items are added, as
 * protobuf merges messages.
 */
export function readAnyValue(
  reader: WireReader,
  end: number,
  limit: NestingLimit,
  depth: number,
  earlier: AnyValue = UNSET,
): AnyValue {
  let value = earlier;
  while (reader.pos < end) {
    const tag = reader.tag();
    switch (tag) {
      case STRING_VALUE:
        value = { kind: 'string', text: readText(reader, end) };
        break;
      case BOOL_VALUE:
        value = { kind: 'bool', value: reader.bool() };
        break;
      case INT_VALUE:
        reader.varint64();
        value = { kind: 'int', value: (BigInt(reader.hi) << 32n) | BigInt(reader.lo >>> 0) };
        break;
      case DOUBLE_VALUE:
        value = { kind: 'double', value: reader.double() };
        break;
      case BYTES_VALUE: {
        const valueEnd = reader.length(end);
        value = { kind: 'bytes', value: reader.bytes.slice(reader.pos, valueEnd) };
        reader.pos = valueEnd;
        break;
      }
      case ARRAY_VALUE: {
        const values = value.kind === 'array' ? value.values : [];
        readItems(reader, reader.length(end), 'ArrayValue', limit, depth, (itemEnd) => {
          values.push(readAnyValue(reader, itemEnd, limit, depth + 1));
        });
        value = { kind: 'array', values };
        break;
      }
      case KVLIST_VALUE: {
        const entries = value.kind === 'map' ? value.entries : [];
        readItems(reader, reader.length(end), 'KeyValueList', limit, depth, (itemEnd) => {
          entries.push(readKeyValue(reader, itemEnd, limit, depth + 1));
        });
        value = { kind: 'map', entries };
        break;
      }
      default:
        reader.skip(tag, end);
    }
  }
  reader.endMessage(end, 'AnyValue');
  return value;
}

/** The KeyValue from `reader.pos` to `end`. */
export function readKeyValue(reader: WireReader, end: number, limit: NestingLimit, depth: number): KeyValue {
  let key = '';
  let value = UNSET;
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === KEY) key = readText(reader, end);
    else if (tag === VALUE) value = readAnyValue(reader, reader.length(end), limit, depth, value);
    else reader.skip(tag, end);
  }
  reader.endMessage(end, 'KeyValue');
  return { key, value };
}

/** The items of an ArrayValue or KeyValueList, which have the same field number. */
function readItems(
  reader: WireReader,
  end: number,
  message: 'ArrayValue' | 'KeyValueList',
  limit: NestingLimit,
  depth: number,
  readItem: (itemEnd: number) => void,
): void {
  if (depth >= limit.max) {
    limit.exceeded = true;
    checkMessage(reader, message, end);
    return;
  }
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === VALUES) readItem(reader.length(end));
    else reader.skip(tag, end);
  }
  reader.endMessage(end, message);
}

/** Reads a string field. */
export function readText(reader: WireReader, end: number): string {
  const start = reader.pos;
  const textEnd = reader.length(end);
  const bytes = reader.bytes.subarray(reader.pos, textEnd);
  reader.pos = textEnd;
  try {
    return decoder.decode(bytes);
  } catch {
    reader.fail('a string that is not UTF-8', start);
  }
}
