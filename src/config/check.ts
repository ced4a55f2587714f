/** The tree of a parsed file against the table of keys: unknown keys, types, bounds, names from the environment. */
import { parseAddress } from './address.ts';
import type { Key } from './key.ts';
import { KEY_BY_PATH, KEYS, SECTIONS } from './keys.ts';
import { joinPath } from './locate.ts';
import { nearestPath } from './nearest.ts';
import { foundText, isSecretPath, maskUrlUsers, type Problems } from './problems.ts';

/** Elements of an array of strings. */
const MAX_STRINGS = 1000;
const MAX_STRING_CHARS = 4096;

/** Keys of the file as given: scalars checked, `tables` and `ranges` raw. */
export type Given = ReadonlyMap<string, unknown>;

export interface CheckContext {
  readonly problems: Problems;
  /** Paths whose text came from the environment or the command line. */
  readonly foreign: ReadonlySet<string>;
}

/** Checks the whole tree but for what stands in arrays of tables, which have modules of their own. */
export function checkTree(raw: Readonly<Record<string, unknown>>, context: CheckContext): Given {
  const given = new Map<string, unknown>();
  walk(raw, '');
  return given;

  function walk(table: Readonly<Record<string, unknown>>, parent: string): void {
    for (const [name, value] of Object.entries(table)) {
      const path = joinPath(parent, name);
      const key = KEY_BY_PATH.get(path);
      if (key !== undefined) {
        const checked = checkValue(key, value, path, context);
        if (checked !== undefined) given.set(path, checked);
      } else if (!SECTIONS.has(path)) {
        context.problems.report(path, unknownKey(path, KNOWN_PATHS), 'key');
      } else if (isTable(value)) {
        walk(value, path);
      } else {
        context.problems.report(path, `${path} is ${foundText(value)}; expected a table: [${path}]${arrayHint(path)}`);
      }
    }
  }
}

const KNOWN_PATHS = KEYS.filter((key) => key.unsupported === undefined).map((key) => key.path);

function arrayHint(path: string): string {
  return path === 'partitioning' ? ', or [[partitioning.by]] for several strategies' : '';
}

export function unknownKey(path: string, known: readonly string[]): string {
  const nearest = nearestPath(path, [...known, ...SECTIONS]);
  return `${path} is not a known key${nearest === undefined ? '' : `; did you mean ${nearest}?`}`;
}

export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** The value in the key's type; undefined after a report. `path` is where it stands, which for array entries differs from the key's. */
export function checkValue(key: Key, value: unknown, path: string, context: CheckContext): unknown {
  const { problems, foreign } = context;
  if (key.unsupported !== undefined) {
    problems.report(path, `${path} is not supported by this version. ${key.unsupported}`, 'key');
    return undefined;
  }
  const typed = foreign.has(path) && typeof value === 'string' ? convert(key, value) : value;
  const instead = Object.entries(key.unsupportedValues ?? {}).find(([text]) => text === String(typed))?.[1];
  if (instead !== undefined) {
    problems.report(path, `${path} = ${foundText(typed)} is not supported by this version. ${instead}`);
    return undefined;
  }
  const expected = expectedInstead(key, typed);
  if (expected === undefined) return typed;
  const hidden = isSecretPath(path) || key.secret === true ? 'of another type' : `${foreignText(path, foreign)}`;
  const found = hidden || (typeof value === 'number' ? numberText(value) : foundText(value));
  problems.report(path, `${path} is ${found}; expected ${expected}`);
  return undefined;
}

/** What the value is called where it must not be shown; empty where it may. */
function foreignText(path: string, foreign: ReadonlySet<string>): string {
  return foreign.has(path) ? 'a value from the environment or the command line (not shown)' : '';
}

function numberText(value: number): string {
  return value === Number.POSITIVE_INFINITY ? 'inf' : String(value);
}

/** Text from the environment in the key's type; left as it is where it has another form. */
function convert(key: Key, text: string): unknown {
  if (key.type === 'integer' && /^[+-]?\d{1,15}$/.test(text)) return Number(text);
  if (key.type === 'number' && /^\d{1,15}(\.\d{1,15})?$/.test(text)) return Number(text);
  if (key.type === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
  if (key.type === 'strings') return text === '' ? [] : text.split(',').map((part) => part.trim());
  return text;
}

/** What was expected instead of the value; undefined where the value is right. */
function expectedInstead(key: Key, value: unknown): string | undefined {
  if (key.values !== undefined) {
    const all = key.values.map((one) => JSON.stringify(one)).join(', ');
    return key.values.includes(value as string) ? undefined : `one of ${all}`;
  }
  switch (key.type) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'integer':
      return isIntegerIn(value, key.min!, key.max!) ? undefined : `an integer from ${key.min} to ${key.max}`;
    case 'number':
      return isNumberIn(value, key.min!, key.max!) ? undefined : `a number from ${key.min} to ${key.max}`;
    case 'strings':
      return stringsProblem(value);
    case 'map':
      return mapProblem(value);
    case 'tables':
      return Array.isArray(value) ? undefined : 'an array of tables';
    case 'ranges':
      return Array.isArray(value) ? undefined : 'an array of [from, to, "label"]';
    default:
      return textProblem(key, value);
  }
}

function isIntegerIn(value: unknown, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}

function isNumberIn(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}

function stringsProblem(value: unknown): string | undefined {
  const isList = Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '');
  if (!isList || value.length > MAX_STRINGS) return 'an array of strings that are not empty';
  return new Set(value).size === value.length ? undefined : 'an array without repeated strings';
}

function mapProblem(value: unknown): string | undefined {
  if (!isTable(value) || Object.keys(value).length > MAX_STRINGS) return 'a table of strings';
  const texts = Object.entries(value).flat();
  if (!texts.every((one) => typeof one === 'string')) return 'a table of strings';
  return texts.some(hasControlCharacter) ? 'a table of strings without control characters' : undefined;
}

function textProblem(key: Key, value: unknown): string | undefined {
  if (typeof value !== 'string') return 'a string in quotes';
  if (value === '' && key.default !== '') return 'a string that is not empty; remove the key to leave it unset';
  if (value.length > MAX_STRING_CHARS) return `a string of at most ${MAX_STRING_CHARS} characters`;
  if (hasControlCharacter(value)) return 'a string without control characters';
  if (key.type === 'address') return parseAddress(value) ? undefined : ADDRESS_EXPECTED;
  if (key.type === 'url') return urlProblem(value);
  return undefined;
}

const ADDRESS_EXPECTED =
  '"host:port" with a port of 0 (a free one) to 65535, such as "127.0.0.1:4317", or "unix:/path" of at most 103 bytes';

function hasControlCharacter(text: string): boolean {
  return [...text].some((char) => char < ' ' || char === '\x7f');
}

function urlProblem(text: string): string | undefined {
  if (maskUrlUsers(text) !== text) return 'a URL without user and password; credentials have keys of their own';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  return isHttp && url.hostname !== '' ? undefined : 'a URL that begins with http:// or https://';
}
