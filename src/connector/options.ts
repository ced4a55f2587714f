/**
 * The options of `open`: the sections of the TOML file that concern the library, with the same keys in camelCase, the
 * same defaults and the same checks.
 */

import { KEY_BY_PATH } from '../config/keys.ts';
import { configOf } from '../config/load.ts';
import type { Compression, Config } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import type { Granularity } from '../model/layout.ts';
import type { Partitioning, RangeBounds } from './partitionings.ts';
import type { S3Options } from './s3-options.ts';

/** Where files are. */
export interface StorageOptions {
  /** "s3" where `s3` is given, else "file". */
  readonly type?: 'file' | 's3';
  /** Directory for type "file". */
  readonly path?: string;
}

/** How files are encoded. */
export interface ParquetOptions {
  readonly compression?: Compression;
  /** Rows a row group, at most. */
  readonly rowGroupSize?: number;
  /** Bytes a data page, before compression. */
  readonly pageSize?: number;
  readonly dictionaryEnabled?: boolean;
  readonly statisticsEnabled?: boolean;
  readonly bloomFilterEnabled?: boolean;
  readonly bloomFilterColumns?: readonly string[];
  /** Columns that rows are ordered by inside a file; those that a schema has not are passed over. */
  readonly sortBy?: readonly string[];
}

/** A strategy in the words of the TOML file. */
export interface PartitioningOptions {
  readonly type: 'value' | 'time' | 'hash' | 'range' | 'none';
  readonly field?: string;
  readonly name?: string;
  readonly granularity?: Granularity;
  readonly format?: string;
  readonly numPartitions?: number;
  readonly ranges?: readonly RangeBounds[];
  readonly default?: string;
}

/** Work and its bounds. */
export interface OperationsOptions {
  /** Rows a record batch, in writes and reads. */
  readonly batchSize?: number;
  /** Files written or scanned at the same time. */
  readonly parallelism?: number;
  /** Tries after the first one for a call to the store. */
  readonly retryAttempts?: number;
  /** Bound on one call to the store. */
  readonly timeoutSeconds?: number;
}

/** What {@link S3ParquetConnector.open} is told: sections of the TOML file, with their keys in camelCase. */
export interface ConnectorOptions {
  readonly storage?: StorageOptions;
  readonly s3?: S3Options;
  readonly parquet?: ParquetOptions;
  /** Of every `batchWrite` that names none; none where it is absent. */
  readonly partitioning?: Partitioning | PartitioningOptions | readonly (Partitioning | PartitioningOptions)[];
  readonly operations?: OperationsOptions;
}

const SECTIONS: readonly (keyof ConnectorOptions)[] = ['storage', 's3', 'parquet', 'partitioning', 'operations'];

/** Stands in messages where a file's name would. */
const NAME = '(options)';

/** Throws `config` with all that is wrong, by the keys of the TOML file. */
export function configOfOptions(options: ConnectorOptions): Config {
  const unknown = Object.keys(options).filter((key) => !(SECTIONS as readonly string[]).includes(key));
  if (unknown.length > 0) {
    throw new BridgeError('config', `${NAME}: ${unknown.join(', ')} is no section of the library's options`, {
      hint: `The sections are ${SECTIONS.join(', ')}.`,
    });
  }
  if (options.s3 === undefined && options.storage === undefined) {
    throw new BridgeError('config', `${NAME}: neither s3 nor storage says where files are`, {
      hint: "Give s3: { bucket: 'my-bucket' }, or storage: { path: 'data/orders' } for a directory.",
    });
  }
  const { partitioning, ...sections } = options;
  const tree = snakeTree(sections, '') as Record<string, unknown>;
  tree.partitioning = partitioningTree(partitioning);
  if (options.s3 !== undefined) tree.storage = { type: 's3', ...(tree.storage as object | undefined) };
  return configOf(tree, NAME, { anyColumns: true });
}

function partitioningTree(partitioning: ConnectorOptions['partitioning']): Readonly<Record<string, unknown>> {
  const all = partitioning === undefined ? [] : [partitioning].flat();
  if (all.length === 0) return { type: 'none' };
  const entries = all.map((one) => ('entry' in one ? one.entry : snakeKeys(one)));
  return Array.isArray(partitioning) || 'entry' in all[0]! ? { by: entries } : entries[0]!;
}

/** Keys in snake_case down to those the configuration knows; below them only tables in arrays have keys of ours. */
function snakeTree(value: object, parent: string): Readonly<Record<string, unknown>> {
  const tree: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue;
    const name = snakeCase(key);
    const path = parent === '' ? name : `${parent}.${name}`;
    if (!KEY_BY_PATH.has(path) && isPlainObject(inner)) tree[name] = snakeTree(inner, path);
    else
      tree[name] = Array.isArray(inner) ? inner.map((item) => (isPlainObject(item) ? snakeKeys(item) : item)) : inner;
  }
  return tree;
}

function snakeKeys(value: object): Readonly<Record<string, unknown>> {
  const given = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(
    given.map(([key, inner]) => [snakeCase(key), Array.isArray(inner) ? inner.map(snakeItem) : inner]),
  );
}

function snakeItem(item: unknown): unknown {
  return isPlainObject(item) ? snakeKeys(item) : item;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
