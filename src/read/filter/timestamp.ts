import type { TimeUnit } from '../schema.ts';
import { type NumberValue, unitsOf } from './number.ts';

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/;
const TIME_OF_DAY = /^(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?$/;

const NANOS_IN = { ms: 1_000_000n, us: 1000n, ns: 1n } as const;
const NANOS_IN_DAY = 86_400_000_000_000n;

/**
 * Microseconds since the epoch of an ISO 8601 text: a date, or a date and a time of day with up to nine digits after
 * the second; UTC unless an offset is given. Nanoseconds below the microsecond are the fraction, so that comparisons
 * stay exact. Undefined where the text is no such time.
 */
export function parseTimestamp(text: string): NumberValue | undefined {
  return parseInstant(text, 'us');
}

/** The same in another unit. */
export function parseInstant(text: string, unit: TimeUnit): NumberValue | undefined {
  const nanos = parseNanos(text);
  return nanos === undefined ? undefined : unitsOf(nanos, NANOS_IN[unit]);
}

/** Days since the epoch; a time of day is the fraction. */
export function parseDay(text: string): NumberValue | undefined {
  const nanos = parseNanos(text);
  return nanos === undefined ? undefined : unitsOf(nanos, NANOS_IN_DAY);
}

/** Time since midnight of `08:30`, `08:30:00` or `08:30:00.123456789`. */
export function parseTimeOfDay(text: string, unit: TimeUnit): NumberValue | undefined {
  const parts = TIME_OF_DAY.exec(text.trim());
  if (parts === null) return undefined;
  const [hour, minute, second] = parts.slice(1, 4).map((part) => Number(part ?? 0));
  if (hour! > 23 || minute! > 59 || second! > 59) return undefined;
  const seconds = BigInt((hour! * 60 + minute!) * 60 + second!);
  return unitsOf(seconds * 1_000_000_000n + BigInt((parts[4] ?? '').padEnd(9, '0')), NANOS_IN[unit]);
}

function parseNanos(text: string): bigint | undefined {
  const parts = ISO.exec(text.trim());
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0));
  const time = new Date(0);
  time.setUTCFullYear(year!, month! - 1, day!);
  time.setUTCHours(hour!, minute!, second!);
  const real =
    time.getUTCMonth() === month! - 1 && time.getUTCDate() === day! && hour! < 24 && minute! < 60 && second! < 60;
  const offsetMinutes = parseOffset(parts[8]);
  if (!real || offsetMinutes === undefined) return undefined;
  const nanos = BigInt((parts[7] ?? '').padEnd(9, '0'));
  return BigInt(time.getTime() - offsetMinutes * 60_000) * 1_000_000n + nanos;
}

function parseOffset(text: string | undefined): number | undefined {
  if (text === undefined || text === 'Z' || text === 'z') return 0;
  const digits = text.slice(1).replace(':', '');
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2) || 0);
  if (hours > 18 || minutes > 59) return undefined;
  return (text[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}
