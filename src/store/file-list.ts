/** Listing of the file lake: streamed in key order, whole subtrees skipped by prefix and start. */
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../platform/files.ts';
import { throwIfCancelled } from './common.ts';
import { createFileCalls, type FileCalls } from './file-calls.ts';
import { fileError } from './file-errors.ts';
import { etagOf, TMP_FOLDER } from './file-upload.ts';
import { compareKeys } from './key.ts';
import type { ListOptions, ObjectInfo } from './store.ts';

/** Files and folders looked at together: hides the latency of network file systems. */
const LOOKED_AT_ONCE = 64;

/** What is in a folder: keys, and folders with a slash behind their names. */
type Names = readonly string[];

interface Level {
  readonly names: Names;
  /** The next name. */
  at: number;
  /** What the names from the last multiple of LOOKED_AT_ONCE on are. */
  looked: readonly (ObjectInfo | Names | undefined)[];
}

/**
 * Objects below `{root}` whose key begins with `prefix`. Temporary files are no objects. Symbolic links inside the lake
 * are not followed: they could lead in circles.
 */
export async function* listFiles(
  root: string,
  prefix: string,
  { startAfter = '', signal }: ListOptions = {},
  calls: FileCalls = createFileCalls(false),
): AsyncGenerator<ObjectInfo> {
  const namesIn = (folder: string) => namesOf(root, folder, prefix, startAfter, calls);
  // From the folder that all keys are in down to the one that is looked at; one generator for all, as each costs turns.
  const levels: Level[] = [{ names: await namesIn(prefix.slice(0, prefix.lastIndexOf('/') + 1)), at: 0, looked: [] }];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    if (level.at % LOOKED_AT_ONCE === 0) {
      throwIfCancelled(signal, `listing ${join(root, prefix)}`);
      const names = level.names.slice(level.at, level.at + LOOKED_AT_ONCE);
      level.looked = await Promise.all(
        names.map((name) => (name.endsWith('/') ? namesIn(name) : infoOf(root, name, calls))),
      );
    }
    if (level.at === level.names.length) {
      levels.pop();
      continue;
    }
    const found = level.looked[level.at++ % LOOKED_AT_ONCE];
    if (found === undefined) continue;
    if ('key' in found) yield found;
    else levels.push({ names: found, at: 0, looked: [] });
  }
}

/** Those in a folder that are asked for or may hold such; `folder` is empty or ends with a slash. */
async function namesOf(
  root: string,
  folder: string,
  prefix: string,
  startAfter: string,
  calls: FileCalls,
): Promise<Names> {
  // A folder sorts by its name with the slash, as it stands in the keys: `a.x` comes before `a/x`.
  return (await entriesOf(join(root, folder), calls))
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => folder + (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .filter((name) => (name.endsWith('/') ? mayHold(name, prefix, startAfter) : isAsked(name, prefix, startAfter)))
    .sort(compareKeys);
}

function isAsked(key: string, prefix: string, startAfter: string): boolean {
  return key.startsWith(prefix) && compareKeys(key, startAfter) > 0;
}

function mayHold(folder: string, prefix: string, startAfter: string): boolean {
  if (folder === `${TMP_FOLDER}/`) return false;
  if (!folder.startsWith(prefix) && !prefix.startsWith(folder)) return false;
  return startAfter.startsWith(folder) || compareKeys(folder, startAfter) > 0;
}

async function entriesOf(path: string, calls: FileCalls): Promise<readonly Dirent[]> {
  try {
    return await calls.readdir(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw fileError(error, 'listing', path);
  }
}

/** Undefined where the file went away since its name was read. */
async function infoOf(root: string, key: string, calls: FileCalls): Promise<ObjectInfo | undefined> {
  try {
    const found = await calls.stat(join(root, key));
    return { key, size: Number(found.size), modifiedMs: Number(found.mtimeMs), etag: etagOf(found) };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw fileError(error, 'listing', join(root, key));
  }
}
