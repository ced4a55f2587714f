/**
 * Local files to objects, several at once: as they are, or CSV as a Parquet or Avro file. Nothing is read as a whole: a
 * file goes as its bytes are read, by parts where it is large, and is not there before its end.
 */
import { open, readdir, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import pLimit from 'p-limit';
import type { Config } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import { createFileStore } from '../store/file.ts';
import { convertFile } from './convert/file.ts';
import type { ConvertInput } from './convert/options.ts';
import { convertOptions } from './convert/options.ts';
import { fingerprintOf } from './convert/stamp.ts';
import { CSV_NAME } from './csv/name.ts';
import { openPlaces, type Places } from './location.ts';
import type { TableFormat } from './output.ts';

export interface UploadOptions {
  /** Local files and folders. */
  readonly sources: readonly string[];
  /** An object, or a folder with a slash at its end; with several files it is a folder. */
  readonly to: string;
  /** CSV files become files of this format; undefined: they stay as they are. */
  readonly convert?: TableFormat | undefined;
  /** How CSV is read. */
  readonly settings: Omit<ConvertInput, 'sources' | 'to' | 'formats'>;
  readonly config?: Config | undefined;
  /** Files at the same time. */
  readonly parallelism: number;
}

export interface UploadedFile {
  readonly source: string;
  readonly url: string;
  readonly bytes: number;
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string | undefined };
}

export interface UploadHooks {
  readonly signal: AbortSignal;
  readonly onProgress?: ((filesDone: number, files: number, bytes: number) => void) | undefined;
}

interface Planned {
  readonly path: string;
  /** Below the folder it was found in. */
  readonly name: string;
}

const MAGIC = 'PAR1';

/**
 * @returns what became of each file; one that fails does not stop the others
 * @throws BridgeError not_found for a source that is not there; `cancelled`
 */
export async function uploadFiles(options: UploadOptions, hooks: UploadHooks): Promise<UploadedFile[]> {
  const planned: Planned[] = [];
  for (const source of options.sources) planned.push(...(await filesOf(source)));
  if (planned.length === 0) throw new BridgeError('not_found', `there is no file in ${options.sources.join(', ')}`);
  const settings = convertOptions({ ...options.settings, sources: [], to: options.to }, options.config);
  const places = openPlaces(settings.connection);
  const isFolder = options.to.endsWith('/') || planned.length > 1;
  let done = 0;
  let bytes = 0;
  const tell = (more: number) => {
    bytes += more;
    hooks.onProgress?.(done, planned.length, bytes);
  };
  const limit = pLimit(options.parallelism);

  async function uploadOne({ path, name }: Planned): Promise<UploadedFile> {
    const converts = options.convert !== undefined && CSV_NAME.test(name);
    const target = converts ? name.replace(CSV_NAME, `.${options.convert}`) : name;
    const url = isFolder ? `${options.to.replace(/\/+$/, '')}/${target}` : options.to;
    try {
      hooks.signal.throwIfAborted();
      const size = converts ? await convertOne(path, url) : await sendOne(path, url, places, hooks.signal, tell);
      return { source: path, url, bytes: size };
    } catch (thrown) {
      const { code, message, hint } = BridgeError.from(thrown);
      return { source: path, url, bytes: 0, error: { code, message, hint } };
    } finally {
      done++;
      tell(0);
    }
  }

  async function convertOne(path: string, url: string): Promise<number> {
    const format = options.convert!;
    const job = {
      source: path,
      bytes: 0,
      etag: undefined,
      outputs: [{ format, url }],
      rejects: `${url}.rejects.ndjson`,
      fingerprint: fingerprintOf(settings),
    };
    const onProgress = (_: number, read: number) => tell(read);
    const { bytesOut } = await convertFile(job, settings, places, { signal: hooks.signal, onProgress });
    return bytesOut[format] ?? 0;
  }

  try {
    const files = await Promise.all(planned.map((file) => limit(() => uploadOne(file))));
    if (hooks.signal.aborted) throw BridgeError.from(hooks.signal.reason);
    return files;
  } finally {
    places.close();
  }
}

async function sendOne(
  path: string,
  url: string,
  places: Places,
  signal: AbortSignal,
  tell: (bytes: number) => void,
): Promise<number> {
  if (path.endsWith('.parquet')) await checkParquet(path);
  const { store, key } = await places.object(url);
  const folder = createFileStore(join(path, '..'));
  async function* counted() {
    for await (const chunk of folder.read(basename(path), { signal })) {
      tell(chunk.length);
      yield chunk;
    }
  }
  return (await store.uploadStream(key, counted(), { signal, contentType: typeOf(path) })).size;
}

/** A file that was cut off, or is something else, would be found out only by its first reader. */
async function checkParquet(path: string): Promise<void> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const ends = await Promise.all(
    [0, Math.max(0, size - MAGIC.length)].map(async (position) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, position);
      return buffer.toString('latin1', 0, bytesRead);
    }),
  );
  if (ends.every((end) => end === MAGIC)) return;
  throw new BridgeError('unprocessable', `${path} is no Parquet file: it does not begin and end with ${MAGIC}`, {
    hint: 'It was cut off, or has the wrong name.',
  });
}

const TYPES: Readonly<Record<string, string>> = {
  parquet: 'application/vnd.apache.parquet',
  csv: 'text/csv',
  json: 'application/json',
  ndjson: 'application/x-ndjson',
};

function typeOf(path: string): string {
  return TYPES[/\.([a-z]+)$/.exec(path)?.[1] ?? ''] ?? 'application/octet-stream';
}

/** All files below a folder but hidden ones, by their path in it. */
async function filesOf(source: string): Promise<Planned[]> {
  const found = await stat(source).catch((cause: unknown) => {
    throw new BridgeError('not_found', `there is no file or folder ${source}`, { cause });
  });
  if (!found.isDirectory()) return [{ path: source, name: basename(source) }];
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, name: relative(source, path).split(sep).join('/') }))
    .filter(({ name }) => !/(^|\/)[_.]/.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
