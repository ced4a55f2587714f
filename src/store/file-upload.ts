/**
 * How an object gets into the file lake: `{root}/_lake/tmp/{upload id}/{key}` is written and synced, then given its
 * name, then the folders are synced. Readers see the whole object or none, and after `publish` it survives a power cut.
 *
 * The temporary file keeps its key as its path, so that a left-over one tells what it was; names beginning with `_` are
 * skipped by engines. The upload id's folder is the upload's own, so uploads of one key never meet.
 */
import { access, type FileHandle, link, mkdir, open, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BridgeError } from '../errors.ts';
import { type Randomness, systemRandomness } from '../platform/clock.ts';
import { isErrno } from '../platform/files.ts';
import { alreadyExists } from './common.ts';
import { fileError } from './file-errors.ts';

export const TMP_FOLDER = '_lake/tmp';
export const UPLOAD_ID = /^[0-9a-f]{16}$/;

/** A folder can be removed by a concurrent delete between its making and its use; more than this is no coincidence. */
const FOLDER_TRIES = 10;

export interface FileUpload {
  readonly handle: FileHandle;
  /** Syncs and publishes. Returns the object's etag. */
  publish(ifAbsent: boolean): Promise<string>;
  /** Removes what is there of it; may be called at any time, also twice. */
  discard(): Promise<void>;
}

export interface FileUploadOptions {
  /** The folder of temporary files, and what else was made for an upload that is given up, goes where it is empty. */
  readonly isTidy?: boolean | undefined;
  readonly randomness?: Randomness | undefined;
}

export async function beginFileUpload(
  root: string,
  key: string,
  { isTidy = false, randomness = systemRandomness }: FileUploadOptions = {},
): Promise<FileUpload> {
  const target = join(root, key);
  const folder = join(root, TMP_FOLDER, randomness.hex(8));
  const temporary = join(folder, key);
  const { handle, made } = await openNew(temporary).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true }).catch(() => {});
    throw fileError(error, 'writing', target);
  });
  const removeFolder = async (isGivenUp: boolean) => {
    await rm(folder, { recursive: true, force: true });
    if (!isTidy) return;
    const isOwnRoot = isGivenUp && made !== undefined && made.length <= root.length;
    await removeEmpty(dirname(folder), isOwnRoot ? made : join(root, TMP_FOLDER, '..'));
  };

  return {
    handle,
    async publish(ifAbsent) {
      try {
        await handle.sync();
        const etag = etagOf(await handle.stat({ bigint: true }));
        await handle.close();
        // A name that is taken may come from a try that ended, or failed, before its folders were synced.
        await name(temporary, target, ifAbsent).finally(() => syncFolders(root, dirname(target)));
        return etag;
      } catch (error) {
        throw fileError(error, 'writing', target);
      } finally {
        await removeFolder(false).catch(() => {});
      }
    },
    async discard() {
      await handle.close().catch(() => {});
      await removeFolder(true);
    },
  };
}

/** The same for every reader of the file, and another one for every object that takes the name. */
export function etagOf(stat: { readonly ino: bigint; readonly mtimeNs: bigint; readonly size: bigint }): string {
  return `"${stat.ino.toString(16)}-${stat.mtimeNs.toString(16)}-${stat.size.toString(16)}"`;
}

/** Also tells the first folder that was made for it, if any. */
async function openNew(file: string): Promise<{ readonly handle: FileHandle; readonly made: string | undefined }> {
  for (let tries = 1; ; tries++) {
    const made = await mkdir(dirname(file), { recursive: true });
    try {
      return { handle: await open(file, 'wx'), made };
    } catch (error) {
      // A tidy upload that ended meanwhile has removed the folders that they share.
      if (!isErrno(error, 'ENOENT') || tries === FOLDER_TRIES) throw error;
    }
  }
}

/** Removes folders upwards, up to and with `last`, as far as they are empty. */
async function removeEmpty(first: string, last: string): Promise<void> {
  for (let path = first; path.length >= last.length; path = dirname(path)) {
    try {
      await rmdir(path);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) return; // not empty, most of the time
    }
  }
}

async function linkNew(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
  } catch (error) {
    if (isErrno(error, 'EEXIST')) throw alreadyExists(target, error);
    // What file systems without hard links say (FAT, some network and FUSE ones).
    if (isErrno(error, 'EPERM', 'ENOSYS', 'EOPNOTSUPP')) {
      throw fileError(Object.assign(new Error('link'), { code: 'ENOTSUP', cause: error }), 'writing', target);
    }
    throw error;
  }
  await unlink(temporary);
}

/** Gives the object its name, making the folders of the name where they are missing. */
async function name(temporary: string, target: string, ifAbsent: boolean): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await (ifAbsent ? linkNew(temporary, target) : rename(temporary, target));
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      await access(temporary).catch((gone) => {
        throw new BridgeError('conflict', `the upload of ${target} was aborted from outside`, { cause: gone });
      });
      if (tries === FOLDER_TRIES) {
        throw new BridgeError('conflict', `writing ${target}: its folder is removed again and again`, { cause: error });
      }
    }
    await mkdir(dirname(target), { recursive: true });
  }
}

/**
 * Makes the names from `folder` up to the root durable. All of them, not only those made by this upload: another thread
 * may have made one a moment ago and not synced it yet. A folder that is durable already costs about 0.05 ms.
 */
export async function syncFolders(root: string, folder: string): Promise<void> {
  for (let path = folder; path.length >= root.length; path = dirname(path)) {
    await syncFolder(path);
    if (path === root) return;
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows cannot open folders; its file systems journal names themselves.
  if (process.platform === 'win32') return;
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    await handle.sync();
  } catch (error) {
    // Emptied and removed by a delete meanwhile: the object in it is gone too.
    if (!isErrno(error, 'ENOENT')) throw error;
  } finally {
    await handle?.close();
  }
}
