/**
 * Values of the wider types as text: bytes in lower-case hex, UUIDs with their dashes, decimals with all digits of their
 * scale, dates and times in ISO 8601 with the digits of their unit. What is printed can be put into a filter.
 */
import type { DecimalView, DoubleView, IntForm, IntView, TextView } from '../columns/view.ts';
import { UNITS_IN_SECOND } from '../columns/wide.ts';
import { intWriter, type ScalarWriter } from './scalar.ts';
import { reserve, type Sink, writeAscii, writeByte } from './sink.ts';

const HEX = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const DASH = 0x2d;
/** Bytes of a UUID before which a dash stands (RFC 9562). */
const DASHES = new Set([4, 6, 8, 10]);
/** Days and seconds from the epoch that a Date can hold. */
const MAX_DAY = 100_000_000n;
const MAX_SECOND = 8_640_000_000_000n;

export function writeBytesAs(sink: Sink, { bytes, offsets, form }: TextView, index: number): void {
  const start = offsets[index]!;
  const end = offsets[index + 1]!;
  reserve(sink, 2 * (end - start) + DASHES.size);
  const out = sink.bytes;
  let at = sink.at;
  for (let i = start; i < end; i++) {
    if (form === 'uuid' && DASHES.has(i - start)) out[at++] = DASH;
    out[at++] = HEX[bytes[i]! >> 4]!;
    out[at++] = HEX[bytes[i]! & 15]!;
  }
  sink.at = at;
}

export function writeHex(sink: Sink, view: TextView, index: number): void {
  writeByte(sink, 0x22);
  writeBytesAs(sink, view, index);
  writeByte(sink, 0x22);
}

/** Whether the text of a form is a number (and stands without quotes in JSON). */
export function isNumber({ form }: IntView): boolean {
  return form === undefined || form.kind === 'unsigned';
}

export function formWriter(view: IntView): ScalarWriter {
  const { form, values } = view;
  if (form === undefined) return intWriter(view);
  return (sink, row) => writeAscii(sink, formText(values[row]!, form));
}

/** The text of a value of a column with this form. */
export function formText(value: bigint, form: IntForm): string {
  switch (form.kind) {
    case 'unsigned':
      return String(BigInt.asUintN(64, value));
    case 'date':
      return value > MAX_DAY || value < -MAX_DAY ? String(value) : dayText(value);
    case 'time':
      return timeText(value, form.unit);
    case 'instant': {
      const perSecond = UNITS_IN_SECOND[form.unit];
      const rest = modulo(value, perSecond);
      const second = (value - rest) / perSecond;
      if (second > MAX_SECOND || second < -MAX_SECOND) return String(value);
      const text = new Date(Number(second) * 1000).toISOString().slice(0, -5);
      return `${text}.${digits(rest, perSecond)}${form.local ? '' : 'Z'}`;
    }
  }
}

function dayText(day: bigint): string {
  return new Date(Number(day) * 86_400_000).toISOString().replace(/T.*/, '');
}

function timeText(value: bigint, unit: keyof typeof UNITS_IN_SECOND): string {
  const perSecond = UNITS_IN_SECOND[unit];
  const rest = modulo(value, perSecond);
  const second = (value - rest) / perSecond;
  const parts = [second / 3600n, (second / 60n) % 60n, second % 60n].map((part) => String(part).padStart(2, '0'));
  return `${parts.join(':')}.${digits(rest, perSecond)}`;
}

function digits(rest: bigint, perSecond: bigint): string {
  return String(rest).padStart(String(perSecond).length - 1, '0');
}

function modulo(value: bigint, by: bigint): bigint {
  return ((value % by) + by) % by;
}

export function decimalWriter({ values, scale }: DecimalView): ScalarWriter {
  return (sink, row) => writeAscii(sink, decimalText(values[row]!, scale));
}

export function decimalText(value: bigint, scale: number): string {
  if (scale === 0) return String(value);
  const text = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  return `${value < 0n ? '-' : ''}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

/** Digits that tell apart all values of 32 bits. */
const MAX_SINGLE_DIGITS = 9;

/** The double whose shortest text is the shortest that gives the same 32 bits. */
export function shortSingle(value: number): number {
  for (let precision = 6; precision < MAX_SINGLE_DIGITS; precision++) {
    const short = Number(value.toPrecision(precision));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** The value of a row, as it is to be written. */
export function doubleAt({ values, single }: DoubleView, row: number): number {
  return single === undefined ? values[row]! : shortSingle(values[row]!);
}
