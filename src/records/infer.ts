/**
 * The schema of records, from their values.
 *
 * | values | type |
 * | --- | --- |
 * | booleans | bool |
 * | whole numbers, bigints | int64; uint64 or decimal where they are larger |
 * | numbers, also with whole numbers up to 2^53 among them | float64 |
 * | Date | timestamp(us, UTC) |
 * | text | string: what the text says is not looked at (for cells of text there is `inferTextSchema`) |
 * | Uint8Array | binary |
 * | arrays, Sets, other typed arrays | list of the type of all their items |
 * | objects | struct of all their keys; with more than 200 of them, a map |
 * | Map | map |
 * | booleans, numbers, arrays and objects mixed; objects without any key | json |
 * | no value at all | string |
 *
 * Columns come in the order in which their keys first do. Text, bytes, dates and Maps mixed with other kinds have no type
 * in common, and are an error.
 */
import { BridgeError } from '../errors.ts';
import { createSchema } from './schema.ts';
import type { FieldType, ParquetField, ParquetSchema } from './types.ts';

/** How far a schema is inferred from. */
export interface InferOptions {
  /** Records looked at, at most. Default 10,000. */
  readonly maxRecords?: number | undefined;
  /**
   * The records are a part of those that will be written: all columns may be null, because a null may still come.
   * Default: whether `maxRecords` were not enough.
   */
  readonly sample?: boolean | undefined;
}

const MAX_RECORDS = 10_000;
const MAX_STRUCT_FIELDS = 200;
const MAX_DEPTH = 32;

/**
 * The schema with the narrowest types that hold the values of all records, and with nulls where there are some.
 *
 * @throws BridgeError invalid_argument where there are no records, or none with a key, and with each column whose values
 *   have no type in common
 */
export function inferSchema(
  records: Iterable<Readonly<Record<string, unknown>>>,
  options: InferOptions = {},
): ParquetSchema {
  const { maxRecords = MAX_RECORDS } = options;
  const seen = createSeen();
  let count = 0;
  let cut = false;
  for (const record of records) {
    if (count === maxRecords) {
      cut = true;
      break;
    }
    noteObject(seen, record, 0);
    count++;
  }
  const context: Context = { sample: options.sample ?? cut, path: [], problems: [] };
  const fields = fieldsOf(seen, count, context);
  if (context.problems.length > 0) {
    throw new BridgeError('invalid_argument', `no schema fits these records: ${context.problems.join('; ')}`, {
      hint: 'Give a schema, and bring the records into its form.',
    });
  }
  return createSchema({ fields });
}

interface Context {
  readonly sample: boolean;
  /** Names on the way to where the type is made. */
  readonly path: string[];
  readonly problems: string[];
}

type Kind = 'bool' | 'integer' | 'float' | 'date' | 'text' | 'binary' | 'list' | 'object' | 'map' | 'other';

/** What has been seen in one place. */
interface Seen {
  readonly kinds: Set<Kind>;
  /** Values that are not null. */
  values: number;
  nulls: number;
  least: bigint;
  most: bigint;
  /** An integer that a double does not hold. */
  unsafe: boolean;
  /** Of objects. */
  readonly fields: Map<string, Seen>;
  objects: number;
  /** Of lists, and of the values of maps. */
  items: Seen | undefined;
  keys: Seen | undefined;
}

function createSeen(): Seen {
  const counts = { values: 0, nulls: 0, least: 0n, most: 0n, unsafe: false, objects: 0 };
  return { kinds: new Set(), ...counts, fields: new Map(), items: undefined, keys: undefined };
}

function note(seen: Seen, value: unknown, depth: number): void {
  if (value === null || value === undefined) {
    seen.nulls++;
    return;
  }
  seen.values++;
  const kind = depth > MAX_DEPTH ? 'other' : kindOf(value);
  seen.kinds.add(kind);
  if (kind === 'integer') noteInteger(seen, value as number | bigint);
  else if (kind === 'object') noteObject(seen, value as Record<string, unknown>, depth);
  else if (kind === 'list') {
    seen.items ??= createSeen();
    for (const item of value as Iterable<unknown>) note(seen.items, item, depth + 1);
  } else if (kind === 'map') {
    seen.keys ??= createSeen();
    seen.items ??= createSeen();
    for (const [key, item] of value as Map<unknown, unknown>) {
      note(seen.keys, key, depth + 1);
      note(seen.items, item, depth + 1);
    }
  }
}

function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'integer';
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? 'integer' : 'float';
    case 'string':
      return 'text';
    case 'object':
      break;
    default:
      return 'other';
  }
  if (value instanceof Date) return 'date';
  if (value instanceof Uint8Array) return 'binary';
  if (value instanceof Map) return 'map';
  if (Array.isArray(value) || value instanceof Set || ArrayBuffer.isView(value)) return 'list';
  return 'object';
}

function noteInteger(seen: Seen, value: number | bigint): void {
  const exact = BigInt(value);
  if (exact < seen.least) seen.least = exact;
  if (exact > seen.most) seen.most = exact;
  seen.unsafe ||= typeof value === 'bigint' && BigInt(Number(value)) !== value;
}

function noteObject(seen: Seen, object: Readonly<Record<string, unknown>>, depth: number): void {
  seen.objects++;
  for (const [key, value] of Object.entries(object)) {
    note(fieldAt(seen, key), value, depth + 1);
  }
}

function fieldAt({ fields }: Seen, name: string): Seen {
  let field = fields.get(name);
  if (field === undefined) {
    field = createSeen();
    fields.set(name, field);
  }
  return field;
}

function fieldsOf({ fields }: Seen, objects: number, context: Context): ParquetField[] {
  return [...fields].map(([name, seen]) => fieldOf(name, seen, objects, context));
}

/** @param expected values where none is null or missing */
function fieldOf(name: string, seen: Seen, expected: number, context: Context): ParquetField {
  const nullable = context.sample || seen.values < expected || seen.values === 0;
  context.path.push(name);
  const type = typeOf(seen, context);
  context.path.pop();
  return { name, type, nullable, metadata: {} };
}

function typeOf(seen: Seen, context: Context): FieldType {
  const [kind, second] = [...seen.kinds];
  if (kind === undefined) return { kind: 'string' };
  const numbers = seen.kinds.size === 2 && seen.kinds.has('integer') && seen.kinds.has('float');
  if (numbers) return seen.unsafe ? { kind: 'json' } : { kind: 'float64' };
  if (second !== undefined || kind === 'other') return mixedType(seen, context);
  switch (kind) {
    case 'bool':
      return { kind: 'bool' };
    case 'integer':
      return integerType(seen);
    case 'float':
      return { kind: 'float64' };
    case 'date':
      return { kind: 'timestamp', unit: 'us', timezone: 'UTC' };
    case 'text':
      return { kind: 'string' };
    case 'binary':
      return { kind: 'binary' };
    case 'list': {
      const items = seen.items!;
      return { kind: 'list', element: fieldOf('element', items, items.values + items.nulls, context) };
    }
    case 'map':
      return mapType(seen.keys!, seen.items!, context);
    case 'object':
      return objectType(seen, context);
    default:
      return { kind: 'json' };
  }
}

/** Kinds that are JSON as they are; text and bytes would have to become something else. */
const JSON_KINDS = new Set<Kind>(['bool', 'integer', 'float', 'list', 'object']);

function mixedType({ kinds }: Seen, { path, problems }: Context): FieldType {
  const strange = [...kinds].filter((kind) => !JSON_KINDS.has(kind));
  if (strange.length > 0) problems.push(`${path.join('.')} is ${[...kinds].map((kind) => NAMES[kind]).join(' and ')}`);
  return { kind: 'json' };
}

const NAMES: Readonly<Record<Kind, string>> = {
  bool: 'a boolean',
  integer: 'an integer',
  float: 'a number',
  date: 'a Date',
  text: 'text',
  binary: 'bytes',
  list: 'a list',
  object: 'an object',
  map: 'a Map',
  other: 'a value that no type takes',
};

function integerType({ least, most }: Seen): FieldType {
  if (BigInt.asIntN(64, least) === least && BigInt.asIntN(64, most) === most) return { kind: 'int64' };
  if (least === 0n && BigInt.asUintN(64, most) === most) return { kind: 'uint64' };
  const digits = Math.max(String(most).length, String(-least).length);
  return digits <= 76 ? { kind: 'decimal', precision: Math.max(digits, 38), scale: 0 } : { kind: 'json' };
}

function mapType(keys: Seen, items: Seen, context: Context): FieldType {
  const key = fieldOf('key', keys, 0, context);
  if (['list', 'struct', 'map', 'json'].includes(key.type.kind)) {
    context.problems.push(
      `${context.path.join('.')} is a Map with keys of different kinds, or with keys that are nested`,
    );
  }
  const value = fieldOf('value', items, items.values + items.nulls, context);
  return { kind: 'map', key: { ...key, nullable: false }, value };
}

function objectType(seen: Seen, context: Context): FieldType {
  const { fields, objects } = seen;
  if (fields.size === 0 || fields.has('')) return { kind: 'json' };
  if (fields.size <= MAX_STRUCT_FIELDS) return { kind: 'struct', fields: fieldsOf(seen, objects, context) };
  const all = createSeen();
  for (const field of fields.values()) merge(all, field);
  return {
    kind: 'map',
    key: { name: 'key', type: { kind: 'string' }, nullable: false, metadata: {} },
    value: fieldOf('value', all, all.values + all.nulls, context),
  };
}

function merge(into: Seen, seen: Seen): void {
  for (const kind of seen.kinds) into.kinds.add(kind);
  into.values += seen.values;
  into.nulls += seen.nulls;
  into.objects += seen.objects;
  if (seen.least < into.least) into.least = seen.least;
  if (seen.most > into.most) into.most = seen.most;
  into.unsafe ||= seen.unsafe;
  if (seen.items !== undefined) {
    into.items ??= createSeen();
    merge(into.items, seen.items);
  }
  if (seen.keys !== undefined) {
    into.keys ??= createSeen();
    merge(into.keys, seen.keys);
  }
  for (const [name, field] of seen.fields) {
    merge(fieldAt(into, name), field);
  }
}
