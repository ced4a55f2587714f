import type { NumberValue } from './number.ts';

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/;

/**
 * Microseconds since the epoch of an ISO 8601 text: a date, or a date and a time of day with up to nine digits after
 * the second; UTC unless an offset is given. Nanoseconds below the microsecond are the fraction, so that comparisons
 * stay exact. Undefined where the text is no such time.
 */
export function parseTimestamp(text: string): NumberValue | undefined {
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
  const micros = BigInt(time.getTime() - offsetMinutes * 60_000) * 1000n + nanos / 1000n;
  return { floor: micros, fraction: nanos % 1000n !== 0n, decimal: false, double: Number(micros) };
}

function parseOffset(text: string | undefined): number | undefined {
  if (text === undefined || text === 'Z' || text === 'z') return 0;
  const digits = text.slice(1).replace(':', '');
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2) || 0);
  if (hours > 18 || minutes > 59) return undefined;
  return (text[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}
