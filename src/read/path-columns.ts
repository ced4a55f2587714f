/**
 * Columns that a file of another writer has in its path alone: Spark, pyarrow and DuckDB leave out of a file what its
 * folder says (Hive's layout), `service_name=cart/part-0.parquet`. A column that is in the file is never taken from its
 * path, and files of the bridge have all their columns in them.
 */
import { BridgeError } from '../errors.ts';
import type { PartitionStrategy } from '../model/layout.ts';
import { partitionKeys } from '../partition/describe.ts';
import { NULL_NAME } from '../partition/encode-value.ts';
import { nullView } from './columns/nulls.ts';
import type { View } from './columns/view.ts';
import type { Bounds, Value } from './filter/prune.ts';
import { utf8 } from './filter/text.ts';
import { parseTimestamp } from './filter/timestamp.ts';
import type { ReadSchema, ReadType } from './schema.ts';

/** What a path says of columns, as text; null for the name of missing values. */
export type PathTexts = ReadonlyMap<string, string | null>;

export interface PathColumn {
  readonly type: ReadType;
  /** Of every row of the file; null: none has one. */
  readonly value: Value | null;
}

/** By name: columns that a file has not, and its path has. */
export type PathColumns = ReadonlyMap<string, PathColumn>;

/** Types of columns that can stand in a path. */
const SINGLE = new Set<ReadType['kind']>(['string', 'id', 'int32', 'uint32', 'int64', 'timestamp', 'double', 'bool']);

/**
 * What partition paths say of the columns of a table; undefined where one says nothing. Keys that the strategies in force
 * put there for something else (a bucket, a day, another field under this name) are no columns.
 */
export function pathTextsOf(
  schema: ReadSchema,
  strategies: readonly PartitionStrategy[],
): (partition: string) => PathTexts | undefined {
  const taken = new Set(strategies.filter((one) => !isColumnOf(one)).flatMap(partitionKeys));
  const columns = new Set(schema.columns.filter(({ type }) => SINGLE.has(type.kind)).map(({ name }) => name));
  return (partition) => {
    const texts = new Map<string, string | null>();
    for (const segment of partition.split('/')) {
      const at = segment.indexOf('=');
      const key = at < 0 ? '' : decoded(segment.slice(0, at));
      const text = segment.slice(at + 1);
      if (columns.has(key) && !taken.has(key)) texts.set(key, text === NULL_NAME ? null : decoded(text));
    }
    return texts.size === 0 ? undefined : texts;
  };
}

function isColumnOf(strategy: PartitionStrategy): boolean {
  return strategy.type === 'value' && strategy.name === strategy.field;
}

/** Writers differ in what they encode, and not in how. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The value of a column of this type; throws `unprocessable` where the text is none. */
export function pathColumn(name: string, type: ReadType, text: string | null): PathColumn {
  const value = text === null ? null : singleValue(type, text);
  if (value !== undefined) return { type, value };
  const message = `column ${name} is ${JSON.stringify(text)} in the path, ${type.kind} in the table`;
  throw new BridgeError('unprocessable', message, { hint: 'Leave such files out with on_error=skip.' });
}

function singleValue(type: ReadType, text: string): Value | undefined {
  switch (type.kind) {
    case 'string':
    case 'id':
      return utf8(text);
    case 'double':
      return text.trim() === '' || (Number.isNaN(Number(text)) && text !== 'NaN') ? undefined : Number(text);
    case 'bool':
      return /^(true|false)$/i.test(text) ? Number(text.toLowerCase() === 'true') : undefined;
    case 'timestamp':
      return parseTimestamp(text)?.floor;
    default:
      return /^-?\d{1,19}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text) ? BigInt(text) : undefined;
  }
}

/** What holds for the column in `rows` rows of the file. */
export function pathBounds({ value }: PathColumn, rows: number): Bounds {
  if (value === null) return { rows, allNull: true };
  // NaN is within no bounds.
  return Number.isNaN(value) ? { rows, nullCount: 0 } : { rows, min: value, max: value, nullCount: 0 };
}

export function pathView({ type, value }: PathColumn, rows: number): View {
  if (value === null) return nullView(type, rows);
  const valid = undefined;
  if (value instanceof Uint8Array) {
    const offsets = Int32Array.of(0, value.length);
    return { kind: 'text', rows, codes: new Int32Array(rows), valid, offsets, bytes: value };
  }
  if (type.kind === 'double')
    return { kind: 'double', rows, values: new Float64Array(rows).fill(Number(value)), valid };
  if (type.kind === 'bool') return { kind: 'bool', rows, values: new Uint8Array(rows).fill(Number(value)), valid };
  const values = new BigInt64Array(rows).fill(BigInt(value));
  return { kind: type.kind === 'timestamp' ? 'timestamp' : 'int', rows, values, valid };
}
