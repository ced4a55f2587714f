/** The objects that a manifest lists, checked and read as one table. */
import type { RecordBatch } from 'apache-arrow';
import { BridgeError } from '../../errors.ts';
import { openDataset } from '../../read/dataset/dataset.ts';
import type { Dataset, DatasetQuery, DatasetRead } from '../../read/dataset/types.ts';
import type { PlainFormat } from '../../read/emit/emit.ts';
import { printType } from '../../records/type-text.ts';
import type { ParquetSchema } from '../../records/types.ts';
import { type Connection, openPlaces, type Places } from '../location.ts';
import { defaults, queryOf, type Rows, rowsOf } from '../open-scan.ts';
import { csvTable } from './csv-table.ts';
import { loadManifest } from './load.ts';
import type { Manifest } from './parse.ts';
import { type FileFailure, failureOf, type Verify, verifyFiles } from './verify.ts';

export interface ManifestOptions extends Connection {
  /** Default `md5`. */
  readonly verify?: Verify | undefined;
  /** Where the files are, instead of the manifest's destination bucket: a bucket's URL or a folder. */
  readonly filesIn?: string | undefined;
  readonly onProgress?: ((progress: ManifestProgress) => void) | undefined;
}

/** How far a manifest is read. */
export interface ManifestProgress {
  /** Sizes and digests, then footers, then rows. */
  readonly step: 'checking' | 'opening' | 'reading';
  /** So far, of `files`. */
  readonly file: number;
  readonly files: number;
  /** Given out. */
  readonly rows: number;
  readonly bytes: number;
  /** Of what the step has to do, 0 to 1. */
  readonly share: number;
}

export interface ManifestSummary {
  readonly manifest: string;
  readonly fileFormat: Manifest['fileFormat'];
  /** As listed. */
  readonly files: number;
  /** Without those that failed. */
  readonly filesRead: number;
  /** Given out. */
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly nullable: boolean }[];
  readonly requests: number;
  readonly bytesRead: number;
  readonly failures: readonly FileFailure[];
}

export interface OpenManifest {
  readonly manifest: Manifest;
  readonly schema: ParquetSchema;
  read(query?: DatasetQuery): DatasetRead;
  /** The query of words as a command line has them. */
  query: typeof queryOf;
  /** With `given` only the first rows are given out, and all others are read all the same. */
  rows(format: PlainFormat, query: DatasetQuery, signal: AbortSignal, given?: number): Rows;
  /** What a read has come to; throws where every file has failed. */
  summaryOf(read: DatasetRead): ManifestSummary;
  close(): void;
}

/**
 * Reads the manifest, checks its files (several at once) and the schemas of those that are left.
 *
 * @throws BridgeError `not_found` where there is no manifest, `unprocessable` where it is none (see parseManifest), and
 *   the first file's error where every file has failed
 */
export async function openManifest(
  location: string,
  options: ManifestOptions = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<OpenManifest> {
  const places = openPlaces(options);
  try {
    return await open(location, options, places, signal);
  } catch (error) {
    places.close();
    throw error;
  }
}

async function open(
  location: string,
  options: ManifestOptions,
  places: Places,
  signal: AbortSignal,
): Promise<OpenManifest> {
  const { onProgress, verify = 'md5', filesIn } = options;
  const config = options.config ?? defaults();
  const { parallelism, batchSize } = config.operations;
  const { manifest, store, files: listed } = await loadManifest(location, filesIn, places, signal);
  const files = manifest.files.length;
  const before = (step: 'checking' | 'opening') => (file: number) =>
    onProgress?.({ step, file, files, rows: 0, bytes: 0, share: file / files });
  const onChecked = before('checking');
  const onOpened = before('opening');
  const verified = await verifyFiles(store, listed, { verify, parallelism, signal, onChecked });
  throwIfAllFailed(verified.failures, files, location);
  const { objects } = verified;
  const table: Pick<Dataset, 'schema' | 'opened' | 'read'> & Partial<Pick<Dataset, 'rows'>> =
    manifest.fileFormat === 'CSV'
      ? csvTable(store, objects, manifest.fileSchema, location)
      : await openDataset({
          store,
          objects,
          signal,
          batchSize,
          parallelism,
          name: location,
          onError: 'skip_all',
          onOpened,
        });
  const { schema, opened } = table;

  function withProgress(read: DatasetRead): DatasetRead {
    const { stats } = read;
    const tell = () => {
      const done = stats.filesScanned + stats.filesPruned + stats.filesPrunedByFooter;
      const file = Math.min(files, done);
      // The file that is read is counted: its rows tell how much of it is done.
      const share = Math.max((file - 1) / files, table.rows ? stats.rowsScanned / table.rows : 0);
      onProgress?.({ step: 'reading', file, files, rows: stats.rows, bytes: stats.bytesRead, share });
    };
    return {
      ...read,
      selected: (given) => told(read.selected(given), tell),
      batches: (given) => told(read.batches(given), tell),
    };
  }

  const read = (query?: DatasetQuery) => withProgress(table.read(query));
  return {
    manifest,
    schema,
    read,
    query: queryOf,
    rows: (format, query, stop, given) => rowsOf({ read }, format, query, config, stop, given),
    summaryOf({ stats }) {
      const skipped = [...opened.skipped, ...stats.skipped].map(({ key, error }) =>
        failureOf(store, key, asError(error)),
      );
      const failures = [...verified.failures, ...skipped];
      throwIfAllFailed(failures, files, location);
      return {
        manifest: location,
        fileFormat: manifest.fileFormat,
        files,
        filesRead: files - failures.length,
        rows: stats.rows,
        columns: schema.fields.map(({ name, type, nullable }) => ({ name, type: printType(type), nullable })),
        requests: verified.requests + opened.requests + stats.requests,
        bytesRead: verified.bytesRead + opened.bytesRead + stats.bytesRead,
        failures,
      };
    },
    close: () => places.close(),
  };
}

async function* told<T>(items: AsyncIterable<T>, tell: () => void): AsyncGenerator<T> {
  for await (const item of items) {
    tell();
    yield item;
  }
  tell();
}

function asError({ code, message, hint }: Pick<BridgeError, 'code' | 'message' | 'hint'>): BridgeError {
  return new BridgeError(code, message, { hint });
}

function throwIfAllFailed(failures: readonly FileFailure[], files: number, name: string): void {
  const [first] = failures;
  if (first === undefined || failures.length < files) return;
  const what = files === 1 ? 'the one file' : `all ${files} files`;
  throw new BridgeError(first.code, `${what} of the manifest ${name} failed; the first: ${first.message}`, {
    hint: 'Nothing was read. Check the destination bucket, and access to it.',
  });
}

/** Batches to be gone through once, and then what the read came to. */
export interface ManifestRead extends AsyncIterable<RecordBatch> {
  readonly manifest: Manifest;
  readonly schema: ParquetSchema;
  /** So far; the whole once all batches were taken. */
  readonly summary: ManifestSummary;
  /** For those who do not go through the batches: they close at their end, and on a break. */
  close(): void;
}

/**
 * All files of a manifest as one table of Arrow batches. A file that fails is left out and in the summary; when all
 * have failed, that is an error.
 */
export async function readManifest(
  location: string,
  options: ManifestOptions & DatasetQuery = {},
  signal?: AbortSignal,
): Promise<ManifestRead> {
  const { filter, select, limit } = options;
  const opened = await openManifest(location, options, signal);
  const read = opened.read({ filter, select, limit });
  return {
    manifest: opened.manifest,
    schema: opened.schema,
    get summary() {
      return opened.summaryOf(read);
    },
    close: opened.close,
    async *[Symbol.asyncIterator]() {
      try {
        yield* read.batches(signal);
        opened.summaryOf(read);
      } finally {
        opened.close();
      }
    },
  };
}
