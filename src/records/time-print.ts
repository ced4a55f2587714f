/** Dates and times as ISO 8601 text, with every digit of their unit; time-text.ts reads them. */
import type { TimeUnit } from './types.ts';

const UNITS: Readonly<
  Record<TimeUnit, { readonly perDay: bigint; readonly perSecond: number; readonly digits: number }>
> = {
  ms: { perDay: 86_400_000n, perSecond: 1e3, digits: 3 },
  us: { perDay: 86_400_000_000n, perSecond: 1e6, digits: 6 },
  ns: { perDay: 86_400_000_000_000n, perSecond: 1e9, digits: 9 },
};

/** @param days since 1970-01-01. Years over 9999 and before 0 have a sign and six digits, as ISO 8601 extends them. */
export function printDate(days: number): string {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return `${printYear(yearOfEra + era * 400 + (month <= 2 ? 1 : 0))}-${pad(month)}-${pad(day)}`;
}

/** @param count of the unit since midnight */
export function printTime(count: number, unit: TimeUnit): string {
  const { perSecond, digits } = UNITS[unit];
  const seconds = Math.floor(count / perSecond);
  const fraction = String(count - seconds * perSecond).padStart(digits, '0');
  return `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}.${fraction}`;
}

/**
 * @param count of the unit since the epoch
 * @param isInstant whether it is one, which a Z at the end says
 */
export function printTimestamp(count: bigint, unit: TimeUnit, isInstant: boolean): string {
  const { perDay } = UNITS[unit];
  const inDay = ((count % perDay) + perDay) % perDay;
  const days = Number((count - inDay) / perDay);
  return `${printDate(days)}T${printTime(Number(inDay), unit)}${isInstant ? 'Z' : ''}`;
}

function printYear(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0');
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
