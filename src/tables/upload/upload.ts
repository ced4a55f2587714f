/**
 * Local files to objects, several at once: as they are, or CSV as a Parquet or Avro file. Nothing is read as a whole: a
 * file goes as its bytes are read, by parts where it is large, and is not there before its end.
 *
 * A Parquet file is looked at before, whether it is whole. One that comes as a stream shows that only by its end, so it
 * is spilled to a temporary file first, and nothing else is.
 */
import { basename, dirname } from 'node:path';
import pLimit from 'p-limit';
import type { Config } from '../../config/types.ts';
import { BridgeError } from '../../errors.ts';
import { cancelled } from '../../store/common.ts';
import { createFileStore } from '../../store/file.ts';
import { convertFile } from '../convert/file.ts';
import { type ConvertInput, convertOptions } from '../convert/options.ts';
import { fingerprintOf } from '../convert/stamp.ts';
import type { ConvertSettings } from '../convert/types.ts';
import { CSV_NAME } from '../csv/name.ts';
import { peek } from '../csv/peek.ts';
import { openPlaces, type Places } from '../location.ts';
import type { TableFormat } from '../output.ts';
import { checkParquet, noParquet, PARQUET_MAGIC } from './parquet.ts';
import { type Planned, plan, type StreamSource } from './sources.ts';
import { spill } from './spill.ts';

export interface UploadOptions {
  /** Local files and folders, and streams. */
  readonly sources: readonly (string | StreamSource)[];
  /** An object, or a folder with a slash at its end; with several files it is a folder. */
  readonly to: string;
  /** CSV files become files of this format; undefined: they stay as they are. A stream is CSV then. */
  readonly convert?: TableFormat | undefined;
  /** How CSV is read. */
  readonly settings: Omit<ConvertInput, 'sources' | 'to' | 'formats'>;
  readonly config?: Config | undefined;
  /** Files at the same time. */
  readonly parallelism: number;
  /** Bound on the temporary file of a stream of Parquet; default 10 GiB. */
  readonly maxSpillBytes?: number | undefined;
}

/** What became of one source. */
export interface UploadedFile {
  readonly source: string;
  readonly url: string;
  readonly bytes: number;
  /** Of Parquet, and of what was converted. */
  readonly rows?: number | undefined;
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string | undefined };
}

/** How far an upload is. */
export interface UploadProgress {
  readonly files: number;
  readonly filesDone: number;
  /** Of the sources. */
  readonly bytes: number;
  /** Undefined where a stream is among them. */
  readonly bytesTotal: number | undefined;
}

export interface UploadHooks {
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
}

const MAX_SPILL_BYTES = 10 * 1024 * 1024 * 1024;

/**
 * @returns what became of each file; one that fails does not stop the others
 * @throws BridgeError not_found for a source that is not there; `cancelled`
 */
export async function uploadFiles(
  options: UploadOptions,
  { signal, onProgress }: UploadHooks,
): Promise<UploadedFile[]> {
  const planned = (await Promise.all(options.sources.map((source) => plan(source, signal)))).flat();
  if (planned.length === 0) throw new BridgeError('not_found', `there is no file in ${options.sources.join(', ')}`);
  const settings = convertOptions({ ...options.settings, sources: [], to: options.to }, options.config);
  const places = openPlaces(settings.connection);
  const isFolder = options.to.endsWith('/') || planned.length > 1;
  const sizes = planned.map(({ size }) => size ?? Number.NaN);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const figures = {
    files: planned.length,
    filesDone: 0,
    bytes: 0,
    bytesTotal: Number.isNaN(total) ? undefined : total,
  };
  const tell = (bytes: number) => {
    figures.bytes += bytes;
    onProgress?.({ ...figures });
  };
  const upload: Upload = { options, settings, places, isFolder, signal, tell };
  const limit = pLimit(options.parallelism);

  async function uploadOne(file: Planned): Promise<UploadedFile> {
    let url = options.to;
    try {
      signal.throwIfAborted();
      const prepared = await prepare(file, upload);
      url = prepared.url;
      return { source: file.source, url, ...(await prepared.send()) };
    } catch (thrown) {
      const { code, message, hint } = BridgeError.from(thrown);
      return { source: file.source, url, bytes: 0, error: { code, message, hint } };
    } finally {
      figures.filesDone++;
      tell(0);
    }
  }

  try {
    const files = await Promise.all(planned.map((file) => limit(() => uploadOne(file))));
    if (signal.aborted) throw cancelled('the upload', signal.reason);
    return files;
  } finally {
    places.close();
  }
}

interface Upload {
  readonly options: UploadOptions;
  readonly settings: ConvertSettings;
  readonly places: Places;
  readonly isFolder: boolean;
  readonly signal: AbortSignal;
  tell(bytes: number): void;
}

interface Prepared {
  readonly url: string;
  send(): Promise<Sent>;
}

type Sent = Pick<UploadedFile, 'bytes' | 'rows'>;

/** Where it goes, and how. */
async function prepare(file: Planned, upload: Upload): Promise<Prepared> {
  const { source, name, bytes } = file;
  const { convert } = upload.options;
  const urlIn = (base: string) => `${upload.options.to.replace(/\/+$/, '')}/${base}`;
  if (bytes !== undefined) return prepareStream({ name: source, bytes }, upload, urlIn);
  if (convert === undefined || !CSV_NAME.test(name!)) {
    const url = upload.isFolder ? urlIn(name!) : upload.options.to;
    return { url, send: () => sendFile(source, url, upload) };
  }
  const url = upload.isFolder ? urlIn(name!.replace(CSV_NAME, `.${convert}`)) : upload.options.to;
  return { url, send: () => sendConverted(source, url, convert, upload) };
}

/** What a stream is, its first bytes tell. */
async function prepareStream(
  { name, bytes }: StreamSource,
  upload: Upload,
  urlIn: (base: string) => string,
): Promise<Prepared> {
  const { options, isFolder } = upload;
  const isEnough = (chunks: readonly Uint8Array[]) => Buffer.concat(chunks).length >= PARQUET_MAGIC.length;
  const { head, all } = await peek(counted(bytes, upload), isEnough);
  const begins = Buffer.concat(head).toString('latin1', 0, PARQUET_MAGIC.length);
  const isParquet = begins === PARQUET_MAGIC;
  const wanted = options.convert ?? (isParquet ? 'parquet' : undefined);
  if (isFolder && wanted === undefined) {
    throw new BridgeError('invalid_argument', `${name} has no name that its object could have in ${options.to}`, {
      hint: 'Name the object: --to s3://bucket/folder/name.csv.',
    });
  }
  const url = isFolder ? urlIn(`data.${wanted}`) : options.to;
  if (options.convert !== undefined) {
    if (isParquet) throw new BridgeError('unprocessable', `${name} is Parquet, expected CSV (--convert)`);
    return { url, send: () => sendConverted(name, url, options.convert!, upload, all) };
  }
  if (isParquet) return { url, send: () => sendSpilled({ name, bytes: all }, url, upload) };
  if (url.endsWith('.parquet')) {
    throw noParquet(name, `it begins with ${JSON.stringify(begins)}, expected "${PARQUET_MAGIC}"`);
  }
  return { url, send: async () => ({ bytes: await send(all, url, upload) }) };
}

async function sendFile(path: string, url: string, upload: Upload): Promise<Sent> {
  const folder = createFileStore(dirname(path));
  const key = basename(path);
  const { size, etag } = await folder.head(key);
  const rows = path.endsWith('.parquet')
    ? await checkParquet(path, { size, read: (range) => folder.get(key, { range }) })
    : undefined;
  const bytes = counted(folder.read(key, { etag, signal: upload.signal }), upload);
  return { bytes: await send(bytes, url, upload), rows };
}

async function sendSpilled({ name, bytes }: StreamSource, url: string, upload: Upload): Promise<Sent> {
  const { options, signal } = upload;
  const kept = await spill(bytes, { name, maxBytes: options.maxSpillBytes ?? MAX_SPILL_BYTES, signal });
  try {
    const rows = await checkParquet(name, kept);
    return { bytes: await send(kept.chunks(), url, upload), rows };
  } finally {
    await kept.close();
  }
}

async function sendConverted(
  source: string,
  url: string,
  format: TableFormat,
  { settings, places, signal, tell }: Upload,
  stream?: AsyncIterable<Uint8Array>,
): Promise<Sent> {
  const job = {
    source,
    bytes: 0,
    etag: undefined,
    outputs: [{ format, url }],
    rejects: `${url}.rejects.ndjson`,
    fingerprint: fingerprintOf(settings),
  };
  const onProgress = (_: number, read: number) => tell(stream === undefined ? read : 0);
  const { bytesOut, rows } = await convertFile(job, settings, places, { signal, onProgress }, stream);
  return { bytes: bytesOut[format] ?? 0, rows };
}

async function send(bytes: AsyncIterable<Uint8Array>, url: string, { places, signal }: Upload): Promise<number> {
  const { store, key } = await places.object(url);
  return (await store.uploadStream(key, bytes, { signal, contentType: typeOf(url) })).size;
}

async function* counted(bytes: AsyncIterable<Uint8Array>, { tell }: Upload): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    tell(chunk.length);
    yield chunk;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  parquet: 'application/vnd.apache.parquet',
  csv: 'text/csv',
  json: 'application/json',
  ndjson: 'application/x-ndjson',
};

function typeOf(name: string): string {
  return TYPES[/\.([a-z]+)$/.exec(name)?.[1] ?? ''] ?? 'application/octet-stream';
}
