/** All settings by dotted path: what is given, else the default. */
import type { Given } from './check.ts';
import type { DeriveContext } from './key.ts';
import { KEYS } from './keys.ts';

export interface Settings {
  /** Undefined for a key that is not given and has no default. */
  get(path: string): unknown;
  text(path: string): string;
  optional(path: string): string | undefined;
  number(path: string): number;
  flag(path: string): boolean;
  texts(path: string): readonly string[];
  /** Whether the configuration itself gives a key at or under the path. */
  has(path: string): boolean;
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cores: number;
}

export function withDefaults(given: Given, { env, cores }: Surroundings): Settings {
  const values = new Map<string, unknown>(given);
  const has = (path: string) => [...given.keys()].some((one) => one === path || one.startsWith(`${path}.`));
  for (const key of KEYS) if (!values.has(key.path) && key.default !== undefined) values.set(key.path, key.default);
  const context: DeriveContext = { get, has, env, cores };
  for (const key of KEYS) get(key.path);

  /** Derives what is asked for first: one key may follow from another, wherever it stands in the table. */
  function get(path: string): unknown {
    const derived = values.has(path) ? undefined : KEYS.find((key) => key.path === path)?.derived;
    if (derived) values.set(path, derived.value(context));
    return values.get(path);
  }

  // A key of the table without a default, or of another type, is a mistake in this program.
  const must = <T>(path: string, is: (value: unknown) => boolean): T => {
    const value = values.get(path);
    if (!is(value)) throw new TypeError(`setting ${path} is ${typeof value}`);
    return value as T;
  };
  return {
    get: (path) => values.get(path),
    text: (path) => must(path, (value) => typeof value === 'string'),
    optional: (path) => values.get(path) as string | undefined,
    number: (path) => must(path, (value) => typeof value === 'number'),
    flag: (path) => must(path, (value) => typeof value === 'boolean'),
    texts: (path) => must(path, Array.isArray),
    has,
  };
}
