/**
 * Dates and times from text, as ISO 8601 and RFC 3339 write them; a space may stand for the T.
 *
 *   2024-02-29    13:45    13:45:30.123456789    2024-02-29T13:45:30.5+02:00    2024-02-29 13:45:30Z
 *
 * Years are 0001 to 9999. A second of 60 (a leap second) and an hour of 24 are no times here: nothing that is stored could
 * tell them from the time after.
 */

export interface TimeOfDay {
  readonly seconds: number;
  /** Nanoseconds of the second. */
  readonly nanos: number;
  /** Digits other than zeros follow on those of the nanoseconds. */
  readonly finer: boolean;
}

export interface DateTime extends TimeOfDay {
  /** Days since 1970-01-01. */
  readonly days: number;
  /** Minutes that the clock is ahead of UTC; undefined where the text does not say. */
  readonly offset: number | undefined;
}

const ZERO = 48;
const FRACTION_DIGITS = 9;

/** What `two` gives for what are no digits: small integers only, so that no number on the way is a double. */
const NO_DIGITS = -10_000;

/** Two digits at `at`; NO_DIGITS where they are none. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NO_DIGITS;
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days since 1970-01-01 of the first ten characters; undefined where they are no day. */
function dayAt(text: string): number | undefined {
  const year = two(text, 0) * 100 + two(text, 2);
  const month = two(text, 5);
  const day = two(text, 8);
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return undefined;
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1)) return undefined;
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= MONTH_DAYS[month - 1]! + (leap ? 1 : 0) ? daysOf(year, month, day) : undefined;
}

/** Days since 1970-01-01 (Howard Hinnant's days_from_civil, for years from 0 on). */
function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

function isTime(hours: number, minutes: number): boolean {
  return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60;
}

/** Where the last time ended in its text, and whether it had digits beyond nanoseconds. */
let end = 0;
let finer = false;

function timeAt(text: string, start: number): TimeOfDay | undefined {
  const hours = two(text, start);
  const minutes = two(text, start + 3);
  if (text.charCodeAt(start + 2) !== 58 || !isTime(hours, minutes)) return undefined;
  let seconds = 0;
  let nanos = 0;
  end = start + 5;
  finer = false;
  if (text.charCodeAt(end) === 58) {
    seconds = two(text, end + 1);
    if (!(seconds >= 0 && seconds < 60)) return undefined;
    end += 3;
    const point = text.charCodeAt(end);
    if (point === 46 || point === 44) {
      const fraction = fractionAt(text, end + 1);
      if (fraction === undefined) return undefined;
      nanos = fraction;
    }
  }
  return { seconds: hours * 3600 + minutes * 60 + seconds, nanos, finer };
}

function fractionAt(text: string, start: number): number | undefined {
  let value = 0;
  let digits = 0;
  for (end = start; end < text.length; end++) {
    const digit = text.charCodeAt(end) - ZERO;
    if (digit < 0 || digit > 9) break;
    if (digits < FRACTION_DIGITS) {
      value = value * 10 + digit;
      digits++;
    } else if (digit !== 0) {
      finer = true;
    }
  }
  if (digits === 0) return undefined;
  return value * 10 ** (FRACTION_DIGITS - digits);
}

/** Minutes; undefined where the text at `end` is no offset up to its end, null where there is none. */
function offsetAt(text: string): number | null | undefined {
  if (end === text.length) return null;
  const sign = text.charCodeAt(end);
  if ((sign === 90 || sign === 122) && end + 1 === text.length) return 0; // Z z
  if (sign !== 43 && sign !== 45) return undefined;
  const colon = text.charCodeAt(end + 3) === 58 ? 1 : 0;
  const rest = text.length - end;
  const minutes = rest === 3 ? 0 : rest === 5 + colon ? two(text, end + 3 + colon) : NO_DIGITS;
  const hours = two(text, end + 1);
  if (!isTime(hours, minutes)) return undefined;
  return (sign === 45 ? -1 : 1) * (hours * 60 + minutes);
}

/** Days since 1970-01-01. */
export function parseDate(text: string): number | undefined {
  return text.length === 10 ? dayAt(text) : undefined;
}

/** A time of day without an offset. */
export function parseTime(text: string): TimeOfDay | undefined {
  const time = timeAt(text, 0);
  return end === text.length ? time : undefined;
}

/** A date with a time, or a date alone, which is its midnight. */
export function parseDateTime(text: string): DateTime | undefined {
  const days = dayAt(text);
  if (days === undefined) return undefined;
  if (text.length === 10) return { days, seconds: 0, nanos: 0, finer: false, offset: undefined };
  const separator = text.charCodeAt(10);
  if (separator !== 84 && separator !== 32 && separator !== 116) return undefined; // T, space, t
  const time = timeAt(text, 11);
  if (time === undefined) return undefined;
  const offset = offsetAt(text);
  return offset === undefined ? undefined : { days, ...time, offset: offset ?? undefined };
}
