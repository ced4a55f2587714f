/** `key=value`: the text of a field. Ids as hex, timestamps as ISO 8601 with microseconds, doubles with a point or exponent. */
import type { NumberData } from '../model/batch.ts';
import type { ValueStrategy } from '../model/layout.ts';
import type { Labelling } from './assign.ts';
import { encodeUtf8, encodeValue, NULL_NAME } from './encode-value.ts';

export function valueLabelling(strategy: ValueStrategy): Labelling {
  const key = strategy.name;
  const text = (utf8: Uint8Array) => `${key}=${encodeUtf8(utf8)}`;
  return {
    missing: `${key}=${NULL_NAME}`,
    text,
    id: text,
    number: (value, kind) => `${key}=${encodeValue(numberText(value, kind))}`,
  };
}

/** A number as text, the same as in an attribute's value (DESIGN section 7). */
export function numberText(value: number | bigint, kind: NumberData['kind']): string {
  switch (kind) {
    case 'timestamp':
      return timestampText(BigInt(value));
    case 'bool':
      return value === 0 ? 'false' : 'true';
    case 'double':
      return doubleText(Number(value));
    default:
      return String(value);
  }
}

function doubleText(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function timestampText(micros: bigint): string {
  const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((micros - rest) / 1000n)).toISOString().slice(0, -5);
  return `${seconds}.${String(rest).padStart(6, '0')}Z`;
}
