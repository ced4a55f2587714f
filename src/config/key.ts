/** What is known about one key of the configuration. */

export type Scalar = string | number | boolean | readonly string[];

/** `map` is a table of strings whose keys are the user's own; `tables` is an array of tables. */
export type KeyType =
  | 'string'
  | 'integer'
  /** Also with a decimal point, from `min` to `max`. */
  | 'number'
  | 'boolean'
  | 'strings'
  | 'map'
  | 'address'
  | 'path'
  | 'url'
  | 'ranges'
  | 'tables';

type Table = Readonly<Record<string, unknown>>;

export interface Key {
  /** Dotted, as in the file. */
  readonly path: string;
  readonly type: KeyType;
  /** One sentence. */
  readonly doc: string;
  readonly default?: Scalar;
  /** A default that depends on the machine or on other keys; `text` says how. */
  readonly derived?: { readonly text: string; readonly value: (context: DeriveContext) => Scalar };
  readonly values?: readonly (string | number)[];
  readonly min?: number;
  readonly max?: number;
  /** Shown in the shipped file, commented out, where there is no fixed default. */
  readonly example?: Scalar | Table | readonly Table[];
  readonly secret?: true;
  /** What to do instead, where this version refuses the key. */
  readonly unsupported?: string;
  /** The same for values, by their text. */
  readonly unsupportedValues?: Readonly<Record<string, string>>;
}

export interface DeriveContext {
  /** A value given, defaulted or derived; keys must not derive from each other in a circle. */
  get(path: string): unknown;
  /** Whether the configuration gives a key at or under the path. */
  has(path: string): boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cores: number;
}

/** Name of a key or section of the file as a member of the Config: `otlp_grpc` is `otlpGrpc`. */
export function memberName(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

export const MIB = 1024 * 1024;
export const GIB = 1024 * MIB;
