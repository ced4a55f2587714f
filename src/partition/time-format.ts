/**
 * The strftime pattern of a time strategy: its check, its text for a time, and the time of a text.
 *
 * `/` separates path segments. A segment is `key=pattern` or `pattern`; only the pattern's text is percent-encoded.
 * Conversions are those that say one thing in UTC and in no locale but English, without blanks: see CONVERSIONS.
 */
import strftime from 'strftime';
import { BridgeError } from '../errors.ts';
import type { Granularity } from '../model/layout.ts';
import { encodeValue, NULL_NAME, percentEncode } from './encode-value.ts';

export const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The format where only the granularity is configured. */
export const DEFAULT_FORMATS: Readonly<Record<Granularity, string>> = {
  year: 'year=%Y',
  month: 'year=%Y/month=%m',
  day: 'date=%Y-%m-%d',
  hour: 'date=%Y-%m-%d/hour=%H',
  minute: 'date=%Y-%m-%d/hour=%H/minute=%M',
};

/** Regular expression of each conversion's text; named by letter where a time can be read from it. */
const CONVERSIONS: Readonly<Record<string, string>> = {
  Y: '(?<Y>\\d{4})',
  m: '(?<m>\\d{2})',
  d: '(?<d>\\d{2})',
  j: '(?<j>\\d{3})',
  H: '(?<H>\\d{2})',
  M: '(?<M>\\d{2})',
  S: '\\d{2}',
  s: '(?<s>\\d+)',
  y: '\\d{2}',
  C: '\\d{2}',
  b: '[A-Za-z]+',
  B: '[A-Za-z]+',
  a: '[A-Za-z]+',
  A: '[A-Za-z]+',
  u: '\\d',
  w: '\\d',
  U: '\\d{2}',
  W: '\\d{2}',
  I: '\\d{2}',
  p: '[AP]M',
  '%': '%25',
};
const COMPOSED: Readonly<Record<string, string>> = { F: '%Y-%m-%d', R: '%H:%M', T: '%H:%M:%S' };
const KEY = /^[A-Za-z0-9_]+$/;

export interface TimeSegment {
  /** Key of the path segment, if it has one. */
  readonly key: string | undefined;
  /** `key=` or nothing. */
  readonly prefix: string;
  readonly pattern: string;
  /** Of the whole encoded segment. */
  readonly expression: RegExp;
}

/** Formats parsed last: a read asks for them once or more for every partition. */
const MAX_PARSED = 64;
const parsed = new Map<string, readonly TimeSegment[]>();

/** Throws `config` for a format that cannot be used; the message begins with what was found. */
export function parseTimeFormat(format: string): readonly TimeSegment[] {
  const known = parsed.get(format);
  if (known !== undefined) return known;
  const segments = format
    .replace(/^\/+|\/+$/g, '')
    .split('/')
    .map((text) => parseSegment(text, format));
  if (parsed.size >= MAX_PARSED) parsed.clear();
  parsed.set(format, segments);
  return segments;
}

function parseSegment(text: string, format: string): TimeSegment {
  const fail = (what: string, hint: string) => new BridgeError('config', `format "${format}" ${what}`, { hint });
  const equals = text.indexOf('=');
  const key = equals < 0 ? undefined : text.slice(0, equals);
  const pattern = expand(equals < 0 ? text : text.slice(equals + 1));
  if (pattern === '') throw fail('has an empty segment', 'Use a format like date=%Y-%m-%d/hour=%H.');
  if (key !== undefined && !KEY.test(key)) {
    throw fail(`has the key "${key}"`, 'Keys consist of letters, digits and "_".');
  }
  if (key === undefined && /^[._]/.test(pattern)) {
    throw fail(`has a segment that begins with "${pattern[0]}"`, 'Engines take such folders for hidden ones.');
  }
  const expression = patternExpression(pattern, fail);
  const prefix = key === undefined ? '' : `${key}=`;
  return { key, prefix, pattern, expression: new RegExp(`^${prefix}${expression}$`) };
}

type Fail = (what: string, hint: string) => BridgeError;

function patternExpression(pattern: string, fail: Fail): string {
  let expression = '';
  const names = new Set<string>();
  for (const { 0: token, 1: flag, 2: letter, index } of pattern.matchAll(/%([-0]?)(.?)|[^%]+/gs)) {
    if (letter === undefined) {
      expression += percentEncode(token).replace(/[.]/g, '\\.');
      continue;
    }
    const fixed = Object.hasOwn(CONVERSIONS, letter) ? CONVERSIONS[letter]! : undefined;
    if (fixed === undefined || (flag !== '' && letter === '%')) {
      const all = [...Object.keys(COMPOSED), ...Object.keys(CONVERSIONS)].map((c) => `%${c}`).join(' ');
      throw fail(`has "${token}"`, `Known conversions are ${all}.`);
    }
    const isOpen = letter === 's' || (flag === '-' && fixed.includes('\\d{'));
    if (
      isOpen &&
      (/[\d%]/.test(pattern[index + token.length] ?? '') || /(\d|%[-0]?\w)$/.test(pattern.slice(0, index)))
    ) {
      throw fail(`has "${token}" beside other digits`, 'Two times could have one path; put a "-" between them.');
    }
    const known = flag === '-' ? fixed.replace(/\\d\{(\d)\}/, '\\d{1,$1}') : fixed;
    // A group name may stand once in an expression.
    expression += names.has(letter) ? known.replace(/\?<\w>/, '?:') : known;
    names.add(letter);
  }
  return expression;
}

function expand(pattern: string): string {
  return pattern.replace(/%%|%([FRT])/g, (token, letter?: string) =>
    letter === undefined ? token : COMPOSED[letter]!,
  );
}

/** The path text of a time, in UTC. */
export function formatTime(segments: readonly TimeSegment[], ms: number): string {
  const date = new UtcDate(ms);
  return segments.map(({ prefix, pattern }) => prefix + encodeValue(strftimeUtc(pattern, date))).join('/');
}

/** The path text of a row without a time. */
export function missingTime(segments: readonly TimeSegment[]): string {
  return segments.map(({ prefix }) => prefix + NULL_NAME).join('/');
}

function strftimeUtc(pattern: string, date: Date): string {
  // The library counts days up to the given moment, so that %j at midnight is a day behind.
  const day = Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS) + 1;
  const withDay = pattern.replace(/%%|%([-0]?)j/g, (token, flag?: string) =>
    flag === undefined ? token : flag === '-' ? String(day) : String(day).padStart(3, '0'),
  );
  return strftime(withDay, date);
}

/**
 * A date whose local time is UTC. `strftime.utc()` moves the moment by the zone's offset instead, and is an hour off in
 * the hour that the local clock skips in spring.
 */
class UtcDate extends Date {
  override getFullYear = () => this.getUTCFullYear();
  override getMonth = () => this.getUTCMonth();
  override getDate = () => this.getUTCDate();
  override getDay = () => this.getUTCDay();
  override getHours = () => this.getUTCHours();
  override getMinutes = () => this.getUTCMinutes();
  override getSeconds = () => this.getUTCSeconds();
  override getTimezoneOffset = () => 0;
}

export interface TimeRange {
  /** Inclusive. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
}

/**
 * The times that lie under a path's time segments: `null` for rows without a time, `undefined` where the text says no
 * range (foreign text, or a format without a year).
 */
export function parseTime(
  segments: readonly TimeSegment[],
  texts: readonly string[],
  granularity: Granularity,
): TimeRange | null | undefined {
  const found: Record<string, string> = {};
  for (const [i, { prefix, expression }] of segments.entries()) {
    if (texts[i] === prefix + NULL_NAME) return null;
    const match = expression.exec(texts[i]!);
    if (match === null) return undefined;
    // A letter that stands in two segments says the same in both, or the path is not ours.
    for (const [letter, text] of Object.entries(match.groups ?? {})) {
      if (found[letter] !== undefined && Number(found[letter]) !== Number(text)) return undefined;
      found[letter] = text;
    }
  }
  return rangeOf(found, granularity);
}

const UNITS: readonly Granularity[] = ['year', 'month', 'day', 'hour', 'minute'];

function rangeOf(found: Readonly<Record<string, string>>, granularity: Granularity): TimeRange | undefined {
  if (found.s !== undefined) return wholeUnit(new Date(Number(found.s) * 1000), granularity);
  // No OTLP time lies before 1970, and Date.UTC takes years below 100 for others.
  if (found.Y === undefined || Number(found.Y) < 1000) return undefined;
  const [year, month, day, hour, minute] = ['Y', 'm', 'd', 'H', 'M'].map((c) => Number(found[c] ?? Number.NaN));
  let depth = 0;
  let date = new Date(Date.UTC(year!, 0, 1));
  if (month! >= 1 && month! <= 12) {
    date = new Date(Date.UTC(year!, month! - 1, 1));
    depth = 1;
    if (day! >= 1 && day! <= 31) {
      date = new Date(Date.UTC(year!, month! - 1, day));
      if (date.getUTCDate() !== day) return undefined;
      depth = 2;
    }
  }
  if (depth < 2 && found.j !== undefined) {
    date = new Date(Date.UTC(year!, 0, Number(found.j)));
    if (date.getUTCFullYear() !== year) return undefined;
    depth = 2;
  }
  if (depth === 2 && hour! < 24) {
    date.setUTCHours(hour!);
    depth = 3;
    if (minute! < 60) {
      date.setUTCMinutes(minute!);
      depth = 4;
    }
  }
  // Times are truncated before they are formatted: a finer format still holds a whole unit of the granularity.
  return wholeUnit(date, UNITS[Math.min(depth, UNITS.indexOf(granularity))]!);
}

function wholeUnit(date: Date, unit: Granularity): TimeRange | undefined {
  const fromMs = date.getTime();
  if (Number.isNaN(fromMs)) return undefined;
  const end = new Date(fromMs);
  if (unit === 'year') end.setUTCFullYear(end.getUTCFullYear() + 1);
  else if (unit === 'month') end.setUTCMonth(end.getUTCMonth() + 1);
  else end.setTime(fromMs + (unit === 'day' ? DAY_MS : unit === 'hour' ? 60 * MINUTE_MS : MINUTE_MS));
  return { fromMs, toMs: end.getTime() };
}

/** The start of the unit that holds the time. */
export function truncateTime(ms: number, granularity: Granularity): number {
  const date = new Date(Math.floor(ms / MINUTE_MS) * MINUTE_MS);
  if (granularity === 'minute') return date.getTime();
  date.setUTCMinutes(0);
  if (granularity === 'hour') return date.getTime();
  date.setUTCHours(0);
  if (granularity === 'day') return date.getTime();
  date.setUTCDate(1);
  if (granularity === 'year') date.setUTCMonth(0);
  return date.getTime();
}
