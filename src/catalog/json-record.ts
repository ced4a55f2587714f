/** Reading of small JSON records of the lake: whatever does not fit is a `corrupt` that names the key and the place. */
import { BridgeError } from '../errors.ts';
import { isEnvelope } from '../store/envelope.ts';

export interface RecordReader {
  string(name: string): string;
  /** A whole number that is not negative. */
  count(name: string): number;
  optionalCount(name: string): number | undefined;
  /** The members of an object that are all counts. */
  counts(name: string): Record<string, number>;
  optionalString(name: string): string | undefined;
  /** Null is kept: it says something else than a missing value. */
  nullableString(name: string): string | null;
  /** False where it is missing. */
  flag(name: string): boolean;
  list(name: string): RecordReader[];
  /** The members of an object that is a map. */
  entries(name: string): [string, RecordReader][];
  /** A member as it is, undefined where it is missing. */
  value(name: string): unknown;
  fail(found: string): BridgeError;
}

/** Parses UTF-8 JSON with `formatVersion` 1, the only one there is so far. */
export function parseRecord(body: Uint8Array, key: string): RecordReader {
  if (isEnvelope(body)) {
    throw new BridgeError('config', `${key} is encrypted, and the configuration has no key for it`, {
      hint: 'Set type = "client" and the key in [s3.encryption].',
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    throw corrupt(key, 'is no JSON', error);
  }
  const record = reader(value, key, '');
  const version = record.count('formatVersion');
  if (version === 1) return record;
  throw new BridgeError('corrupt', `${key} has format version ${version}; this version reads 1`, {
    hint: 'A newer version of the bridge wrote it: update this one.',
  });
}

function corrupt(key: string, found: string, cause?: unknown): BridgeError {
  return new BridgeError('corrupt', `${key} ${found}`, {
    hint: 'The record was damaged or written by something else; the objects it speaks of are untouched.',
    cause,
  });
}

function reader(value: unknown, key: string, path: string): RecordReader {
  const fail = (found: string) => corrupt(key, found);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fail(`${path === '' ? '' : `at ${path} `}is no JSON object`);
  }
  const members = value as Readonly<Record<string, unknown>>;
  const get = (name: string) => (Object.hasOwn(members, name) ? members[name] : undefined);
  const wrong = (name: string, expected: string) => fail(`has no ${expected} at ${path}${name}`);

  function string(name: string): string {
    const text = get(name);
    if (typeof text !== 'string') throw wrong(name, 'text');
    return text;
  }
  function count(name: string): number {
    const number = get(name);
    if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) throw wrong(name, 'count');
    return number;
  }
  function object(name: string): object {
    const map = get(name);
    if (typeof map !== 'object' || map === null || Array.isArray(map)) throw wrong(name, 'object');
    return map;
  }
  return {
    string,
    count,
    fail,
    value: get,
    optionalCount: (name) => (get(name) === undefined ? undefined : count(name)),
    optionalString: (name) => (get(name) === undefined ? undefined : string(name)),
    nullableString: (name) => (get(name) === null ? null : string(name)),
    flag(name) {
      const value = get(name) ?? false;
      if (typeof value !== 'boolean') throw wrong(name, 'true or false');
      return value;
    },
    list(name) {
      const list = get(name);
      if (!Array.isArray(list)) throw wrong(name, 'list');
      return list.map((item, i) => reader(item, key, `${path}${name}[${i}].`));
    },
    entries: (name) => {
      return Object.entries(object(name)).map(([member, item]) => [
        member,
        reader(item, key, `${path}${name}.${member}.`),
      ]);
    },
    counts(name) {
      const inner = reader(object(name), key, `${path}${name}.`);
      return Object.fromEntries(Object.keys(object(name)).map((member) => [member, inner.count(member)]));
    },
  };
}
