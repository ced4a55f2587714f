/** Parquet files that are no lake, for the library: scans by pattern, and manifests. */
import type { RecordBatch } from 'apache-arrow';
import { loadConfig } from '../config/load.ts';
import type { ReadExplanation } from '../model/read-explanation.ts';
import type { OutputRecord } from '../records/to-records.ts';
import type { ParquetSchema } from '../records/types.ts';
import type { Connection } from '../tables/location.ts';
import { type ManifestProgress, readManifest as read } from '../tables/manifest/read.ts';
import { writeManifest as write } from '../tables/manifest/write.ts';
import { type Scan as InnerScan, scan as innerScan } from '../tables/scan.ts';
import { toConnectorError, within } from './errors.ts';

export type { ManifestProgress };

/** How the buckets of URLs are reached; absent: as AWS's own tools do, by environment and profile. */
export interface FilesOptions {
  /** TOML file: its `[s3]` holds for its own bucket, its `[operations]` and `[parquet]` for all. */
  readonly config?: string | undefined;
  /** AWS profile whose credentials (and region, where none is given) are used. */
  readonly profile?: string | undefined;
  /** URL of an S3 server other than AWS. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
}

/** What {@link scan} is told. */
export interface ScanOptions extends FilesOptions {
  /** A damaged file, or one that does not fit the others, ends the scan (default) or is left out. */
  readonly onError?: 'fail' | 'skip' | undefined;
  /** Rows of a record batch; default `operations.batch_size`. */
  readonly batchSize?: number | undefined;
  /** Row groups fetched ahead; default `operations.parallelism`. */
  readonly parallelism?: number | undefined;
}

/** A count as a number; a least or greatest value as it stands in records, bigint beyond 2^53; null where there is none. */
export type AggregateValue = string | number | bigint | boolean | null;

/** A lazy scan: nothing is read before it is asked for rows, schema or counts. */
export interface Scan {
  /** Rows that pass this condition (the WHERE part of SQL), and those of earlier calls. */
  filter(condition: string): Scan;
  /** These columns, in this order. */
  select(...columns: readonly string[]): Scan;
  /** At most so many rows. */
  limit(rows: number): Scan;
  /** The columns of all files together, from the footers. */
  schema(): Promise<ParquetSchema>;
  /** Rows; without a filter from the footers alone. */
  count(): Promise<number>;
  /** `count(*)`, `count(x)`, `min(x)`, `max(x)`, by these texts; without a filter from statistics where they suffice. */
  aggregate(...aggregates: readonly string[]): Promise<Readonly<Record<string, AggregateValue>>>;
  /** What would be read, and why the rest is left out. */
  explain(): Promise<ReadExplanation>;
  /** All rows, in memory. */
  collect(signal?: AbortSignal): Promise<OutputRecord[]>;
  /** Arrow record batches; a break gives up what was fetched ahead. */
  batches(signal?: AbortSignal): AsyncGenerator<RecordBatch>;
  /** What all calls of this scan, and of those made from it, have taken. */
  readonly usage: { readonly requests: number; readonly bytesRead: number };
}

/**
 * Parquet files of any schema, several generations of it too, as one table:
 *
 *     const dear = scan('s3://bucket/exports/2026-*.parquet').filter('price > 12.50').select('id', 'price').limit(100);
 *     console.log(await dear.count(), await dear.collect());
 *
 * Each call that reads lists the files anew and resolves credentials once; footers read before are kept.
 *
 * @param location a pattern, a folder or one object: an `s3://` URL or a local path
 */
export function scan(location: string, options: ScanOptions = {}): Scan {
  const { onError, batchSize, parallelism } = options;
  return wrap(innerScan(location, { ...connectionOf(options), onError, batchSize, parallelism }));
}

function wrap(inner: InnerScan): Scan {
  return {
    filter: (condition) => wrap(inner.filter(condition)),
    select: (...columns) => wrap(inner.select(...columns)),
    limit: (rows) => wrap(inner.limit(rows)),
    schema: () => within('read', () => inner.schema()),
    count: () => within('read', () => inner.count()),
    aggregate: (...aggregates) => within('read', () => inner.aggregate(...aggregates)),
    explain: () => within('read', () => inner.explain()),
    collect: (signal) => within('read', () => inner.collect(signal)),
    batches: (signal) => withErrors(inner.batches(signal)),
    usage: inner.usage,
  };
}

/** What {@link readManifest} is told. */
export interface ManifestOptions extends FilesOptions {
  /** The WHERE part of SQL. */
  readonly filter?: string | undefined;
  readonly select?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  /** Of each file before it is read: size and MD5 (default), its size, or nothing. */
  readonly verify?: 'md5' | 'size' | 'none' | undefined;
  /** Where the files are, instead of the manifest's destination bucket. */
  readonly filesIn?: string | undefined;
  /** Hears how far it is, every so often. */
  readonly onProgress?: ((progress: ManifestProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A file of a manifest that was left out. */
export interface ManifestFailure {
  readonly key: string;
  readonly message: string;
}

/** What a manifest has come to. */
export interface ManifestSummary {
  /** Listed. */
  readonly files: number;
  /** Without those that failed. */
  readonly filesRead: number;
  /** Given out. */
  readonly rows: number;
  readonly requests: number;
  readonly bytesRead: number;
  readonly failures: readonly ManifestFailure[];
}

/** Arrow record batches, to be gone through once, and what they have come to. */
export interface ManifestRead extends AsyncIterable<RecordBatch> {
  readonly schema: ParquetSchema;
  /** So far; the whole once all batches were taken. */
  readonly summary: ManifestSummary;
  /** For those who do not go through the batches: they close at their end, and on a break. */
  close(): void;
}

/**
 * All files that a manifest lists (an S3 Inventory's, or one of {@link writeManifest}) as one table. A file that fails
 * is left out and in the summary; when all have failed, that is an error.
 *
 * @param location of the manifest: an `s3://` URL or a local path
 */
export async function readManifest(location: string, options: ManifestOptions = {}): Promise<ManifestRead> {
  const { filter, select, limit, verify, filesIn, onProgress, signal } = options;
  const query = { filter, select, limit, verify, filesIn, onProgress };
  const inner = await within('read', async () => read(location, { ...connectionOf(options), ...query }, signal));
  return {
    schema: inner.schema,
    get summary() {
      return inner.summary;
    },
    close: () => inner.close(),
    [Symbol.asyncIterator]: () => withErrors(inner),
  };
}

/** What {@link writeManifest} is told. */
export interface WriteManifestOptions extends FilesOptions {
  /** Where it is written; default: `manifest.json` in the folder of the location. */
  readonly to?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The manifest that was written. */
export interface WrittenManifest {
  /** Its URL or path. */
  readonly manifest: string;
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Writes a manifest of the Parquet files below a location, with their sizes and MD5.
 *
 * @param location a folder (a partition of a lake), a pattern or one object
 */
export async function writeManifest(location: string, options: WriteManifestOptions = {}): Promise<WrittenManifest> {
  const { to, signal } = options;
  return within('read', async () => write(location, { ...connectionOf(options), to }, signal));
}

export function connectionOf({ config, profile, endpoint, region }: FilesOptions): Connection {
  try {
    const loaded = config === undefined ? undefined : loadConfig(config, process.env, {}, { anyColumns: true });
    return { config: loaded, profile, endpoint, region };
  } catch (error) {
    throw toConnectorError(error, 'options');
  }
}

async function* withErrors<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw toConnectorError(error, 'read');
  }
}
