/** How dates and times are stored: as counts of days or of the column's unit. */
import { type DateTime, parseDate, parseDateTime, parseTime, type TimeOfDay } from '../time-text.ts';
import { createInstantsOf, type InstantsOf } from '../timezone.ts';
import type { TimeUnit } from '../types.ts';
import type { Store } from './fixed.ts';
import { setSafeInt64 } from './numbers.ts';

const DAY_SECONDS = 86_400;
const DAY_MS = 86_400_000;
/** First millisecond of the year 1, and of the year 10000. */
const FIRST_MS = -62_135_596_800_000;
const END_MS = 253_402_300_800_000;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** Counts of each unit in a second, and nanoseconds in each count. */
const PER_SECOND: Readonly<Record<TimeUnit, number>> = { ms: 1e3, us: 1e6, ns: 1e9 };
const DIGITS: Readonly<Record<TimeUnit, number>> = { ms: 3, us: 6, ns: 9 };

export function storeDate(truncate: boolean): Store {
  return (view, at, value) => {
    const days = typeof value === 'string' ? dayOfText(value, truncate) : dayOfDate(value, truncate);
    if (days === undefined) return 'a date such as 2024-02-29 (date)';
    view.setInt32(at, days, true);
    return undefined;
  };
}

function dayOfText(text: string, truncate: boolean): number | undefined {
  const days = parseDate(text);
  if (days !== undefined) return days;
  const time = parseDateTime(text);
  if (time === undefined || (time.offset ?? 0) !== 0) return undefined;
  return truncate || (time.seconds === 0 && time.nanos === 0 && !time.finer) ? time.days : undefined;
}

function dayOfDate(value: unknown, truncate: boolean): number | undefined {
  const ms = value instanceof Date ? value.getTime() : Number.NaN;
  if (!(ms >= FIRST_MS && ms < END_MS)) return undefined;
  const days = Math.floor(ms / DAY_MS);
  return truncate || days * DAY_MS === ms ? days : undefined;
}

export function storeTime(unit: TimeUnit, truncate: boolean): Store {
  const perSecond = PER_SECOND[unit];
  const nanosEach = 1e9 / perSecond;
  const most = BigInt(DAY_SECONDS) * BigInt(perSecond);
  const expected = `a time of day such as 13:45:30.5 with at most ${DIGITS[unit]} digits of a second (time(${unit}))`;
  return (view, at, value) => {
    let count: number | undefined;
    if (typeof value === 'string') count = countOfTime(parseTime(value), perSecond, nanosEach, truncate);
    else if (typeof value === 'bigint') count = value >= 0n && value < most ? Number(value) : undefined;
    else if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < DAY_MS) {
      count = value * (perSecond / 1000);
    }
    if (count === undefined) return expected;
    if (unit === 'ms') view.setInt32(at, count, true);
    else setSafeInt64(view, at, count);
    return undefined;
  };
}

function countOfTime(
  time: TimeOfDay | undefined,
  perSecond: number,
  nanosEach: number,
  truncate: boolean,
): number | undefined {
  if (time === undefined) return undefined;
  const part = time.nanos / nanosEach;
  if (!truncate && (time.finer || !Number.isInteger(part))) return undefined;
  return time.seconds * perSecond + Math.floor(part);
}

/**
 * Text without an offset is a time of the column's zone; a column without a zone takes the offset zero only, because
 * another one could not be kept.
 */
export function storeTimestamp(unit: TimeUnit, timezone: string | undefined, truncate: boolean): Store {
  const perSecond = PER_SECOND[unit];
  const nanosEach = 1e9 / perSecond;
  const instantsOf = timezone === undefined || timezone === 'UTC' ? undefined : createInstantsOf(timezone);
  const expected = expectedOf(unit, timezone);

  function storeMs(view: DataView, at: number, ms: number): string | undefined {
    if (!(ms >= FIRST_MS && ms < END_MS && Number.isInteger(ms))) return expected;
    return storeCount(view, at, Math.floor(ms / 1000), (ms - Math.floor(ms / 1000) * 1000) * (perSecond / 1000));
  }

  function storeCount(view: DataView, at: number, seconds: number, part: number): string | undefined {
    const count = seconds * perSecond + part;
    if (Number.isSafeInteger(count)) {
      setSafeInt64(view, at, count);
      return undefined;
    }
    const exact = BigInt(seconds) * BigInt(perSecond) + BigInt(part);
    if (exact < MIN_INT64 || exact > MAX_INT64) return `${expected}, from the year 1677 to 2262`;
    view.setBigInt64(at, exact, true);
    return undefined;
  }

  function storeText(view: DataView, at: number, text: string): string | undefined {
    const time = parseDateTime(text);
    if (time === undefined) return expected;
    const part = time.nanos / nanosEach;
    if (!truncate && (time.finer || !Number.isInteger(part))) return expected;
    const seconds = secondsOf(time, timezone, instantsOf);
    return typeof seconds === 'string' ? seconds : storeCount(view, at, seconds, Math.floor(part));
  }

  return (view, at, value) => {
    if (typeof value === 'string') return storeText(view, at, value);
    if (typeof value === 'number') return storeMs(view, at, value);
    if (value instanceof Date) return storeMs(view, at, value.getTime());
    if (typeof value !== 'bigint' || value < MIN_INT64 || value > MAX_INT64) return expected;
    view.setBigInt64(at, value, true);
    return undefined;
  };
}

function expectedOf(unit: TimeUnit, timezone: string | undefined): string {
  const zone = timezone === undefined ? '' : `, ${timezone}`;
  const example = `2024-02-29T13:45:30.5${timezone === undefined ? '' : 'Z'}`;
  return `a time such as ${example} with at most ${DIGITS[unit]} digits of a second (timestamp(${unit}${zone}))`;
}

/** Seconds since the epoch, or what was expected. */
function secondsOf(
  { days, seconds, offset }: DateTime,
  timezone: string | undefined,
  instantsOf: InstantsOf | undefined,
): number | string {
  const shown = days * DAY_SECONDS + seconds;
  if (timezone === undefined && offset !== undefined && offset !== 0) {
    return 'a time without an offset, as the column has no zone (a column timestamp(us, UTC) takes any offset)';
  }
  if (offset !== undefined || instantsOf === undefined) return shown - (offset ?? 0) * 60;
  const instants = instantsOf(shown * 1000);
  if (instants.length === 1) return instants[0]! / 1000;
  const what = instants.length === 0 ? 'leave out' : 'show twice';
  return `a time with an offset, as this is one that the clocks of ${timezone} ${what}`;
}
