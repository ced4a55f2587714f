/**
 * `key=label`: the range a number lies in. Text that spells a number counts as that number, so that attributes such as
 * `http.response.status_code` work; what is present but in no range, or no number, has the default label.
 */
import type { Range, RangeStrategy } from '../model/layout.ts';
import type { Labelling } from './assign.ts';
import { encodeValue, NULL_NAME, utf8Text } from './encode-value.ts';

const NUMBER = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|Infinity)$/;

export function rangeLabelling(strategy: RangeStrategy): Labelling {
  const sorted = strategy.ranges.toSorted((a, b) => a.from - b.from);
  const segments = new Map(sorted.map(({ label }) => [label, `${strategy.name}=${encodeValue(label)}`]));
  const missing = `${strategy.name}=${NULL_NAME}`;
  const outside = `${strategy.name}=${encodeValue(strategy.default)}`;
  const label = (value: number) => {
    const range = findRange(sorted, value);
    return range === undefined ? outside : segments.get(range.label)!;
  };
  const text = (utf8: Uint8Array) => {
    const string = utf8Text(utf8);
    return string === '' ? missing : NUMBER.test(string) ? label(Number(string)) : outside;
  };
  return { missing, text, id: () => outside, number: (value) => label(Number(value)) };
}

/** The range that holds the value, of ranges sorted by `from` that do not overlap; NaN lies in none. */
export function findRange(sorted: readonly Range[], value: number): Range | undefined {
  const range = sorted.findLast(({ from }) => from <= value);
  return range !== undefined && value < range.to ? range : undefined;
}
