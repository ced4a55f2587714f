/** A location opened as a dataset for the time of one call: what the library's `scan` and the command stand on. */

import { parseConfig } from '../config/load.ts';
import type { Config } from '../config/types.ts';
import { openDataset } from '../read/dataset/dataset.ts';
import type { Dataset, DatasetOptions, DatasetQuery, DatasetRead } from '../read/dataset/types.ts';
import { emitPlain, type PlainFormat } from '../read/emit/emit.ts';
import { createRangeCache, type RangeCache } from '../read/range-cache.ts';
import { splitSelect } from '../read/request.ts';
import type { SelectedBatch } from '../read/types.ts';
import { printType } from '../records/type-text.ts';
import type { ObjectStore } from '../store/store.ts';
import { listGlob } from './glob.ts';
import { type Connection, openPlaces, parseLocation } from './location.ts';

export interface ScanOptions extends Connection {
  /** A damaged file, or one that does not fit the others, ends the scan (default) or is reported and left out. */
  readonly onError?: 'fail' | 'skip' | undefined;
  /** Rows a record batch; default operations.batch_size. */
  readonly batchSize?: number | undefined;
  /** Row groups fetched ahead; default operations.parallelism. */
  readonly parallelism?: number | undefined;
  /** Of a bucket: what is read is kept here, and found by later scans. Bounded by operations.read_cache_disk_bytes. */
  readonly cache?: ScanCache | undefined;
  /** Hears of footers as they are read. */
  readonly onOpened?: ((done: number, files: number) => void) | undefined;
}

export interface ScanCache {
  readonly folder: string;
  /** What the disk said; the scan goes on without it. */
  readonly onProblem?: ((error: unknown) => void) | undefined;
}

export interface OpenScan {
  readonly dataset: Dataset;
  /** Bytes of all files. */
  readonly bytes: number;
  /** Name, type and nulls of each column, as text. */
  readonly columns: readonly { readonly name: string; readonly type: string; readonly nullable: boolean }[];
  /** The query of words as a command line has them. */
  query(words: { readonly filter?: string; readonly select?: string; readonly limit?: string }): DatasetQuery;
  /** A read, and its rows as bytes of a format. */
  rows(format: PlainFormat, query: DatasetQuery, signal: AbortSignal): Rows;
  /** Waits for what is on its way to the cache. */
  close(): Promise<void>;
}

export interface Rows {
  readonly read: DatasetRead;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Lists, reads the footers and unifies the schemas. Credentials are those of this moment until `close`. */
export async function openScan(
  location: string,
  options: ScanOptions,
  signal?: AbortSignal,
  footers?: DatasetOptions['footers'],
): Promise<OpenScan> {
  const config = options.config ?? defaults();
  const places = openPlaces(options);
  try {
    const { store, objects } = await listGlob(places, location, '.parquet', signal);
    const ranges = cacheOf(location, options, store, config);
    const dataset = await openDataset({
      store,
      objects,
      ranges,
      footers,
      signal,
      name: location,
      onError: options.onError,
      onOpened: (done) => options.onOpened?.(done, objects.length),
      batchSize: options.batchSize ?? config.operations.batchSize,
      parallelism: options.parallelism ?? config.operations.parallelism,
    });
    return {
      dataset,
      bytes: dataset.files.reduce((sum, { size }) => sum + size, 0),
      columns: dataset.schema.fields.map(({ name, type, nullable }) => ({ name, type: printType(type), nullable })),
      query: queryOf,
      rows: (format, query, given) => rowsOf(dataset, format, query, config, given),
      async close() {
        places.close();
        await ranges?.settled();
      },
    };
  } catch (error) {
    places.close();
    throw error;
  }
}

/** Files of this machine are read where they are. */
function cacheOf(
  location: string,
  { cache }: ScanOptions,
  store: ObjectStore,
  { operations }: Config,
): RangeCache | undefined {
  if (cache === undefined || parseLocation(location).bucket === undefined) return undefined;
  const { folder, onProblem = () => {} } = cache;
  return createRangeCache({ folder, maxBytes: operations.readCacheDiskBytes, location: store.location, onProblem });
}

/** Throws invalid_argument for a selection that cannot be read. */
export function queryOf(words: {
  readonly filter?: string;
  readonly select?: string;
  readonly limit?: string;
}): DatasetQuery {
  const { filter, select, limit } = words;
  return {
    filter,
    select: select?.trim() ? splitSelect(select) : undefined,
    limit: limit === undefined ? undefined : Number(limit),
  };
}

/**
 * Rows of a dataset in a format; the settings of Parquet are those of the configuration. With `given` only the first
 * rows are given out, and all others are read all the same.
 */
export function rowsOf(
  dataset: Pick<Dataset, 'read'>,
  format: PlainFormat,
  query: DatasetQuery,
  { parquet }: Pick<Config, 'parquet'>,
  signal: AbortSignal,
  given = Number.POSITIVE_INFINITY,
): Rows {
  const read = dataset.read(query);
  return { read, chunks: emitPlain(format, read.output, firstRows(read.selected(signal), given), { parquet }) };
}

async function* firstRows(all: AsyncIterable<SelectedBatch>, count: number): AsyncGenerator<SelectedBatch> {
  let left = count;
  for await (const { batch, rows } of all) {
    if (left > 0) yield { batch, rows: rows.length > left ? rows.subarray(0, left) : rows };
    left -= rows.length;
  }
}

/** The settings where there is no configuration. */
export function defaults(): Config {
  return parseConfig('', '(defaults)', {});
}
