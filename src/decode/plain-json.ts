/**
 * The text of attribute values, and the letter beside it. Both directions follow these rules; the letter decides.
 *
 * | letter | value            | text                                                                     |
 * |--------|------------------|--------------------------------------------------------------------------|
 * | s      | string_value     | the string itself                                                        |
 * | i      | int_value        | decimal digits, `-` before negative numbers                              |
 * | d      | double_value     | see `double` below; also `NaN`, `Infinity`, `-Infinity`                  |
 * | b      | bool_value       | `true` or `false`                                                        |
 * | y      | bytes_value      | base64 (RFC 4648 section 4, with padding)                                |
 * | a, m   | array, kvlist    | plain JSON by the grammar below; `a` text begins with `[`, `m` with `{`  |
 * | A, M   | array, kvlist    | the whole AnyValue as OTLP/JSON                                          |
 * | n      | no member set    | null: the map's value is null                                            |
 *
 * Plain JSON, without white space:
 *
 *     value  = string / int / double / "true" / "false" / "null" / array / map
 *     array  = "[" [ value *( "," value ) ] "]"            ; ArrayValue
 *     map    = "{" [ member *( "," member ) ] "}"          ; KeyValueList; keys unique, in the order received
 *     member = string ":" value
 *     string = a JSON string as JSON.stringify writes it   ; string_value
 *     int    = [ "-" ] 1*DIGIT                             ; int_value: never a point or an exponent, all 64 bits
 *     double = JSON number with a point or an exponent     ; double_value: "1.0", "-0.0", "1e+21"
 *     null                                                 ; AnyValue without a member, or KeyValue without a value
 *
 * A reader must keep integers exact beyond 2^53 and the order of members (also of keys such as "1" or "__proto__"), which
 * JSON.parse does not. A value is plain if the grammar has a form for all of it: not with NaN, Infinity or bytes
 * anywhere inside, nor with a key twice in one map. Others are written as OTLP/JSON
 * (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): `{"arrayValue":{"values":[{"intValue":"1"}]}}`,
 * int64 as strings, bytes in base64, `"NaN"` and the like as strings, `{}` for no member.
 */
import type { AnyValue, KeyValue } from './any-value.ts';

export const LETTERS = {
  string: 's',
  int: 'i',
  double: 'd',
  bool: 'b',
  bytes: 'y',
  plainArray: 'a',
  plainMap: 'm',
  array: 'A',
  map: 'M',
  unset: 'n',
} as const;

export type Letter = (typeof LETTERS)[keyof typeof LETTERS];

export interface ValueText {
  readonly letter: Letter;
  /** Null with the letter n only. */
  readonly text: string | null;
}

/** Letter and text of any value. */
export function valueText(value: AnyValue): ValueText {
  switch (value.kind) {
    case 'unset':
      return { letter: LETTERS.unset, text: null };
    case 'string':
      return { letter: LETTERS.string, text: value.text };
    case 'bool':
      return { letter: LETTERS.bool, text: String(value.value) };
    case 'int':
      return { letter: LETTERS.int, text: String(value.value) };
    case 'double':
      return { letter: LETTERS.double, text: doubleText(value.value) };
    case 'bytes':
      return { letter: LETTERS.bytes, text: base64(value.value) };
    case 'array':
      return isPlain(value)
        ? { letter: LETTERS.plainArray, text: plainJson(value) }
        : { letter: LETTERS.array, text: otlpJson(value) };
    case 'map':
      return isPlain(value)
        ? { letter: LETTERS.plainMap, text: plainJson(value) }
        : { letter: LETTERS.map, text: otlpJson(value) };
  }
}

/** The shortest text that reads back as the same double, always with a point or an exponent if it is finite. */
export function doubleText(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

function isPlain(value: AnyValue): boolean {
  switch (value.kind) {
    case 'bytes':
      return false;
    case 'double':
      return Number.isFinite(value.value);
    case 'array':
      return value.values.every(isPlain);
    case 'map':
      return hasUniqueKeys(value.entries) && value.entries.every((entry) => isPlain(entry.value));
    default:
      return true;
  }
}

function hasUniqueKeys(entries: readonly KeyValue[]): boolean {
  return new Set(entries.map((entry) => entry.key)).size === entries.length;
}

function plainJson(value: AnyValue): string {
  switch (value.kind) {
    case 'array':
      return `[${value.values.map(plainJson).join(',')}]`;
    case 'map':
      return `{${value.entries.map((entry) => `${JSON.stringify(entry.key)}:${plainJson(entry.value)}`).join(',')}}`;
    case 'string':
      return JSON.stringify(value.text);
    case 'unset':
      return 'null';
    default:
      return valueText(value).text!;
  }
}

function otlpJson(value: AnyValue): string {
  switch (value.kind) {
    case 'unset':
      return '{}';
    case 'string':
      return `{"stringValue":${JSON.stringify(value.text)}}`;
    case 'bool':
      return `{"boolValue":${value.value}}`;
    case 'int':
      return `{"intValue":"${value.value}"}`;
    case 'double': {
      const text = doubleText(value.value);
      return `{"doubleValue":${Number.isFinite(value.value) ? text : `"${text}"`}}`;
    }
    case 'bytes':
      return `{"bytesValue":"${base64(value.value)}"}`;
    case 'array':
      return `{"arrayValue":{"values":[${value.values.map(otlpJson).join(',')}]}}`;
    case 'map': {
      const entry = ({ key, value }: KeyValue) => `{"key":${JSON.stringify(key)},"value":${otlpJson(value)}}`;
      return `{"kvlistValue":{"values":[${value.entries.map(entry).join(',')}]}}`;
    }
  }
}
