/** Listing of the file lake: streamed in key order, whole subtrees skipped by prefix and start. */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../platform/files.ts';
import { throwIfCancelled } from './common.ts';
import { fileError } from './file-errors.ts';
import { etagOf, TMP_FOLDER } from './file-upload.ts';
import { compareKeys } from './key.ts';
import type { ListOptions, ObjectInfo } from './store.ts';

/** Files looked at together: hides the latency of network file systems. */
const STATS_AT_ONCE = 64;

/**
 * Objects below `{root}` whose key begins with `prefix`. Temporary files are no objects. Symbolic links inside the lake
 * are not followed: they could lead in circles.
 */
export async function* listFiles(root: string, prefix: string, options: ListOptions): AsyncGenerator<ObjectInfo> {
  const slash = prefix.lastIndexOf('/') + 1;
  yield* walk(root, prefix.slice(0, slash), prefix, options);
}

/** `folder` is empty or ends with a slash. */
async function* walk(root: string, folder: string, prefix: string, options: ListOptions): AsyncGenerator<ObjectInfo> {
  const { startAfter = '', signal } = options;
  throwIfCancelled(signal, `listing ${join(root, prefix)}`);
  // A folder sorts by its name with the slash, as it stands in the keys: `a.x` comes before `a/x`.
  const names = (await entriesOf(join(root, folder)))
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => folder + (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .filter((name) => (name.endsWith('/') ? mayHold(name, prefix, startAfter) : isAsked(name, prefix, startAfter)))
    .sort(compareKeys);
  for (let i = 0; i < names.length; i += STATS_AT_ONCE) {
    const some = names.slice(i, i + STATS_AT_ONCE);
    const infos = await Promise.all(some.map((name) => (name.endsWith('/') ? undefined : infoOf(root, name))));
    for (const [n, name] of some.entries()) {
      if (name.endsWith('/')) yield* walk(root, name, prefix, options);
      else if (infos[n]) yield infos[n];
    }
  }
}

function isAsked(key: string, prefix: string, startAfter: string): boolean {
  return key.startsWith(prefix) && compareKeys(key, startAfter) > 0;
}

function mayHold(folder: string, prefix: string, startAfter: string): boolean {
  if (folder === `${TMP_FOLDER}/`) return false;
  if (!folder.startsWith(prefix) && !prefix.startsWith(folder)) return false;
  return startAfter.startsWith(folder) || compareKeys(folder, startAfter) > 0;
}

async function entriesOf(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw fileError(error, 'listing', path);
  }
}

/** Undefined where the file went away since its name was read. */
async function infoOf(root: string, key: string): Promise<ObjectInfo | undefined> {
  try {
    const found = await stat(join(root, key), { bigint: true });
    return { key, size: Number(found.size), modifiedMs: Number(found.mtimeMs), etag: etagOf(found) };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw fileError(error, 'listing', join(root, key));
  }
}
