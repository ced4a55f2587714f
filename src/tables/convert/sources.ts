/** Where the files come from that are converted: files, folders, globs, and the lists of manifests. */

import { stat } from 'node:fs/promises';
import { BridgeError } from '../../errors.ts';
import type { ObjectInfo } from '../../store/store.ts';
import { CSV_NAME } from '../csv/name.ts';
import { isGlob, listGlob, SPECIAL } from '../glob.ts';
import { type Places, parseLocation, urlOf } from '../location.ts';
import { loadManifest } from '../manifest/load.ts';
import { type FileFailure, md5Of, verifyFiles } from '../manifest/verify.ts';
import type { ConvertOptions } from './types.ts';

export interface Source {
  readonly url: string;
  /** Path below the folder it was found in. */
  readonly name: string;
  readonly info: Pick<ObjectInfo, 'size' | 'etag'>;
  /** That its bytes must have, where no call has told that they do. */
  readonly md5?: string | undefined;
  /** Of the columns, for files without a header. */
  readonly names?: readonly string[] | undefined;
}

export interface RefusedSource {
  readonly url: string;
  readonly bytes: number;
  readonly failure: FileFailure;
}

/** Files of a manifest that are looked at at the same time, where no configuration says it. */
const CHECKS_AT_ONCE = 16;

/** A glob, a folder or a file. */
export async function findSources(text: string, places: Places, signal: AbortSignal | undefined): Promise<Source[]> {
  if (isGlob(text)) return globSources(text, places, signal);
  if (await isFolder(text)) return listSources(text, places, signal);
  const place = await places.object(text);
  const info = await place.store.head(place.key, signal ? { signal } : {});
  return [{ url: urlOf(place), name: place.key.split('/').at(-1)!, info }];
}

/** Names are those below the last folder before the first special character. */
async function globSources(text: string, places: Places, signal: AbortSignal | undefined): Promise<Source[]> {
  const { store, objects } = await listGlob(places, text, '', signal);
  const { bucket, path } = parseLocation(text);
  const folder = bucket === undefined ? '' : path.slice(0, path.slice(0, path.search(SPECIAL)).lastIndexOf('/') + 1);
  return objects.map((info) => ({
    url: urlOf({ store, key: info.key }),
    name: info.key.slice(folder.length),
    info,
  }));
}

async function isFolder(text: string): Promise<boolean> {
  const location = parseLocation(text);
  if (location.isFolder || location.bucket !== undefined) return location.isFolder;
  const found = await stat(location.path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

/** Without names that begin with `_` or `.`, as engines leave them out. */
async function listSources(folder: string, places: Places, signal: AbortSignal | undefined): Promise<Source[]> {
  const { store, key: prefix } = await places.folder(folder);
  const found: Source[] = [];
  for await (const info of store.list(prefix, signal ? { signal } : {})) {
    const name = info.key.slice(prefix.length);
    if (CSV_NAME.test(name) && !/(^|\/)[_.]/.test(name))
      found.push({ url: urlOf({ store, key: info.key }), name, info });
  }
  return found;
}

/**
 * The CSV files that a manifest lists, each looked at by one call: whether it is there and has the size that the manifest
 * says. Their MD5 is the ETag where that is one, else it is found while they are converted. `fileSchema` names the
 * columns where they have no header, as inventories have none. Names are those below the folder that all files are in.
 *
 * @throws BridgeError as loadManifest, and `unprocessable` for a manifest of Parquet files
 */
export async function manifestSources(
  { location, filesIn }: NonNullable<ConvertOptions['manifest']>,
  { connection }: Pick<ConvertOptions, 'connection'>,
  places: Places,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ readonly sources: readonly Source[]; readonly refused: readonly RefusedSource[] }> {
  const { manifest, store, files } = await loadManifest(location, filesIn, places, signal);
  if (manifest.fileFormat !== 'CSV') {
    throw new BridgeError(
      'unprocessable',
      `the manifest ${location} is of ${manifest.fileFormat} files, expected CSV`,
      {
        hint: 'Parquet files are read as one table by otel-lake manifest read, which also writes Parquet.',
      },
    );
  }
  const parallelism = connection.config?.operations.parallelism ?? CHECKS_AT_ONCE;
  const { objects, failures } = await verifyFiles(store, files, { verify: 'size', parallelism, signal });
  const folder = commonFolder(files.map(({ key }) => key));
  const names = columnNames(manifest.fileSchema);
  const listed = new Map(files.map((file) => [file.key, file]));
  const url = (key: string) => urlOf({ store, key });
  return {
    sources: objects.map(({ key, size, etag }) => {
      const { md5 } = listed.get(key)!;
      const isProved = md5 === undefined || md5Of(etag) === md5;
      return {
        url: url(key),
        name: key.slice(folder.length),
        info: { size, etag },
        md5: isProved ? undefined : md5,
        names,
      };
    }),
    refused: failures.map((failure) => ({ url: url(failure.key), bytes: listed.get(failure.key)!.size, failure })),
  };
}

/** With a slash at its end, or empty. */
function commonFolder(keys: readonly string[]): string {
  let folder = keys[0]?.slice(0, keys[0].lastIndexOf('/') + 1) ?? '';
  for (const key of keys) {
    while (!key.startsWith(folder)) folder = folder.slice(0, folder.lastIndexOf('/', folder.length - 2) + 1);
  }
  return folder;
}

function columnNames(fileSchema: string): readonly string[] | undefined {
  const names = fileSchema.split(',').map((name) => name.trim());
  return names.includes('') ? undefined : names;
}
