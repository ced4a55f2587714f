/** CSV and NDJSON into Parquet and Avro, and files into buckets, for the library. */
import { packageVersion } from '../platform/version.ts';
import type { OnInvalid } from '../records/record-types.ts';
import type { SchemaInput } from '../records/types.ts';
import {
  convertOptions,
  convert as innerConvert,
  importRows as innerImport,
  readLocation,
  uploadFiles,
} from '../tables/commands.ts';
import type { ConvertProgress, ConvertReport, FileReport } from '../tables/convert/types.ts';
import type { ImportReport } from '../tables/import/types.ts';
import type { StreamSource } from '../tables/upload/sources.ts';
import type { UploadedFile, UploadProgress } from '../tables/upload/upload.ts';
import { within } from './errors.ts';
import { connectionOf, type FilesOptions } from './files.ts';

export type { ConvertedFile, ConvertTotals, FileStatus } from '../tables/convert/types.ts';
export type { TableFormat } from '../tables/output.ts';
export type { ConvertProgress, ConvertReport, FileReport, ImportReport, StreamSource, UploadedFile, UploadProgress };

/** How text is read and what becomes of what does not fit; what is left out is told by the text itself. */
export interface TextOptions extends FilesOptions {
  readonly delimiter?: string | undefined;
  readonly quote?: string | undefined;
  readonly escape?: string | undefined;
  readonly hasHeader?: boolean | undefined;
  /** Any name iconv knows. */
  readonly encoding?: string | undefined;
  /** Rows that types are inferred from; default 10,000. */
  readonly sampleRows?: number | undefined;
  /** `fail` (default) ends the file, `skip` keeps the row beside it, `null` drops the value. */
  readonly onInvalid?: OnInvalid | undefined;
  /** Cells that stand for null; default the empty one. */
  readonly nullTexts?: readonly string[] | undefined;
  /** Digits of times that a column has no place for are cut off instead of refused. */
  readonly truncate?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What {@link convert} is told. */
export interface ConvertFilesOptions extends TextOptions {
  /** Files, folders (with a slash at their end) and globs, as `s3://` URLs or local paths. */
  readonly sources?: readonly string[] | undefined;
  /** Of CSV files, which are sources too. */
  readonly manifest?: string | undefined;
  /** Where the manifest's files are, instead of its destination bucket. */
  readonly filesIn?: string | undefined;
  /** The folder of the outputs. */
  readonly to: string;
  /** Default Parquet alone. */
  readonly formats?: readonly ('parquet' | 'avro')[] | undefined;
  readonly avroCodec?: 'null' | 'deflate' | 'snappy' | 'zstandard' | undefined;
  readonly avroNamespace?: string | undefined;
  /** Of all files; default: inferred from each. */
  readonly schema?: SchemaInput | undefined;
  /** Files at the same time, each in a thread; default one for each processor. */
  readonly maxWorkers?: number | undefined;
  /** Converts also what is up to date. */
  readonly force?: boolean | undefined;
  /** A few times a second. */
  readonly onProgress?: ((progress: ConvertProgress) => void) | undefined;
  /** When a file is done. */
  readonly onFile?: ((file: FileReport) => void) | undefined;
}

/**
 * Makes Parquet and Avro files of CSV files, each read once. Every file succeeds or fails alone: look at
 * `totals.failed`. What is up to date is left alone, so a run that was broken off is gone on with by calling it again.
 */
export async function convert(options: ConvertFilesOptions): Promise<ConvertReport> {
  const { sources = [], manifest, filesIn, to, formats, schema, maxWorkers, force, signal } = options;
  return within('options', async () => {
    const connection = connectionOf(options);
    const input = {
      ...textOf(options),
      sources,
      manifest: manifest === undefined ? undefined : { location: manifest, filesIn },
      to,
      formats,
      schema,
      maxWorkers,
      force,
      connection,
      avro: { codec: options.avroCodec ?? ('deflate' as const), namespace: options.avroNamespace },
    };
    const hooks = { signal, onProgress: options.onProgress, onFile: options.onFile };
    return innerConvert(convertOptions(input, connection.config), hooks);
  });
}

/** What {@link importRows} is told. */
export interface ImportRowsOptions extends TextOptions {
  /** CSV or NDJSON: the location of an object or file, or its bytes as they come. */
  readonly rows: string | AsyncIterable<Uint8Array>;
  readonly format: 'csv' | 'ndjson';
  /** The one object. */
  readonly to: string;
  readonly schema: SchemaInput;
  /** Where rows go that do not fit; default `{to}.rejects.ndjson`. */
  readonly rejects?: string | undefined;
  /** Further texts that stand for null, by column. */
  readonly columnNulls?: Readonly<Record<string, readonly string[]>> | undefined;
  /** String columns in which an empty cell is an empty text. */
  readonly keepEmpty?: readonly string[] | undefined;
  /** Aborts uploads of this object that never ended, and others of its folder after a day. */
  readonly abortStale?: boolean | undefined;
  /** For every piece that was read. */
  readonly onProgress?: ((rows: number, bytesIn: number) => void) | undefined;
}

/** Rows under a fixed schema into one Parquet object, by parts while they come, in memory that does not grow. */
export async function importRows(options: ImportRowsOptions): Promise<ImportReport> {
  const { rows, format, to, schema, rejects, columnNulls = {}, keepEmpty = [], abortStale = false } = options;
  const { signal = new AbortController().signal, nullTexts = [], onProgress } = options;
  return within('schema', async () => {
    const connection = connectionOf(options);
    const source = typeof rows === 'string' ? (await readLocation(rows, connection, signal)).bytes : rows;
    const { csv, onInvalid, truncate, parquet, version } = convertOptions(
      { ...textOf(options), sources: [], to },
      connection.config,
    );
    const rules = { schema, onInvalid, nullTexts, columnNulls, keepEmpty, truncate, csv };
    const target = { to, rejects, parquet, connection, abortStale, version };
    return innerImport({ source, format, ...rules, ...target }, { signal, onProgress });
  });
}

/** What {@link upload} is told. */
export interface UploadFilesOptions extends TextOptions {
  /** Local files and folders, and streams. */
  readonly sources: readonly (string | StreamSource)[];
  /** An object, or a folder with a slash at its end; with several files it is a folder. */
  readonly to: string;
  /** What CSV becomes; default: it stays as it is. */
  readonly convert?: 'parquet' | 'avro' | undefined;
  readonly schema?: SchemaInput | undefined;
  /** Files at the same time; default 4. */
  readonly parallelism?: number | undefined;
  /** Bound on the temporary file of a stream of Parquet; default 10 GiB. */
  readonly maxSpillBytes?: number | undefined;
  /** For every piece that was read, and when a file is done. */
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
}

const UPLOADS_AT_ONCE = 4;

/** Sends local files as they are, or CSV converted. One that fails does not stop the others: its report has an `error`. */
export async function upload(options: UploadFilesOptions): Promise<readonly UploadedFile[]> {
  const { sources, to, schema, parallelism = UPLOADS_AT_ONCE, maxSpillBytes, onProgress } = options;
  const { signal = new AbortController().signal } = options;
  return within('options', async () => {
    const connection = connectionOf(options);
    const settings = { ...textOf(options), schema, connection };
    const given = {
      sources,
      to,
      convert: options.convert,
      settings,
      config: connection.config,
      parallelism,
      maxSpillBytes,
    };
    return uploadFiles(given, { signal, onProgress });
  });
}

function textOf(options: TextOptions) {
  const { delimiter, quote, hasHeader, encoding, sampleRows, onInvalid, nullTexts, truncate } = options;
  return {
    csv: { delimiter, quote, escape: options.escape, hasHeader, encoding, sampleRows },
    onInvalid,
    text: nullTexts === undefined ? undefined : { nullTexts, trim: true },
    truncate,
    version: packageVersion(),
  };
}
