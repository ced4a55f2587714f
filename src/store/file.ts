/**
 * A directory as an object store. Keys are paths below the root. Differences to S3 that remain: metadata and content
 * type are not kept, and a name cannot be an object and a folder at once. Symbolic links are the operator's: the root
 * may be one, `get` follows them, `list` does not.
 */
import { readdir, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, parse, resolve, sep } from 'node:path';
import { BridgeError } from '../errors.ts';
import { isErrno } from '../platform/files.ts';
import { cutRange, notFound, pour, throwIfCancelled } from './common.ts';
import { createFileCalls } from './file-calls.ts';
import { fileError } from './file-errors.ts';
import { listFiles } from './file-list.ts';
import { readFileChunks } from './file-read.ts';
import { beginFileUpload, etagOf, syncFolders, TMP_FOLDER, UPLOAD_ID } from './file-upload.ts';
import { checkKey, checkPrefix } from './key.ts';
import type { ObjectStore, ObjectWriter, OpenUpload, PutOptions } from './store.ts';

const CHECK_KEY = 'check';
/** An upload has its file a moment after its folder, and a check takes moments. */
const STALE_MS = 600_000;

export interface FileStoreOptions {
  /** Hears what could not be cleaned up. */
  readonly warn?: (message: string, error: BridgeError) => void;
  /** No folder of temporary files stays where it is empty: the directory is somebody's own, and no lake. */
  readonly isTidy?: boolean | undefined;
  /** Whether reads and listings may block the thread for moments, see file-calls.ts. */
  readonly mayBlock?: boolean | undefined;
}

export function createFileStore(path: string, options: FileStoreOptions = {}): ObjectStore {
  const root = resolve(path);
  const calls = createFileCalls(options.mayBlock ?? false);
  let isRootDurable = false;

  /** Publishing syncs up to the root; the root's own name is made durable here, as far as its parents can be opened. */
  async function syncRoot(): Promise<void> {
    if (isRootDurable) return;
    try {
      await syncFolders(parse(root).root, dirname(root));
    } catch (error) {
      // Folders above that may not be opened, or are of a kind that cannot be synced, were not made by us.
      if (isErrno(error, 'EIO')) throw fileError(error, 'writing to', root);
    }
    isRootDurable = true;
  }

  async function openWriter(key: string, putOptions: PutOptions): Promise<ObjectWriter> {
    const writer = await openFileWriter(root, key, putOptions, options);
    return {
      ...writer,
      async close() {
        const result = await writer.close();
        await syncRoot();
        return result;
      },
    };
  }

  const store: ObjectStore = {
    location: root,
    async put(key, body, putOptions = {}) {
      const writer = await openWriter(key, putOptions);
      return pour([body], writer);
    },
    async write(key, putOptions = {}) {
      return openWriter(key, putOptions);
    },
    async uploadStream(key, source, putOptions = {}) {
      return pour(source, await openWriter(key, putOptions));
    },
    async get(key, { range, signal } = {}) {
      const file = join(root, checkFileKey(key));
      throwIfCancelled(signal, `reading ${file}`);
      try {
        let expected = 0;
        const body = await calls.readRange(file, ({ isFile, size }) => {
          if (!isFile) throw notFound(file);
          const cut = cutRange(range, size, file);
          expected = cut.end - cut.start;
          return cut;
        });
        throwIfCancelled(signal, `reading ${file}`);
        if (body.length < expected) throw new BridgeError('unavailable', `${file} was cut short while it was read`);
        return body;
      } catch (error) {
        throw isErrno(error, 'ENOTDIR', 'EISDIR') ? notFound(file, error) : fileError(error, 'reading', file);
      }
    },
    read(key, readOptions = {}) {
      return readFileChunks(join(root, checkFileKey(key)), readOptions);
    },
    async head(key, { signal } = {}) {
      const file = join(root, checkFileKey(key));
      throwIfCancelled(signal, `reading ${file}`);
      try {
        const found = await stat(file, { bigint: true });
        if (!found.isFile()) throw notFound(file);
        const { size, mtimeMs } = found;
        return { key, size: Number(size), modifiedMs: Number(mtimeMs), etag: etagOf(found), metadata: {} };
      } catch (error) {
        throw isErrno(error, 'ENOTDIR') ? notFound(file, error) : fileError(error, 'reading', file);
      }
    },
    list(prefix, listOptions = {}) {
      return listFiles(root, checkPrefix(prefix), listOptions, calls);
    },
    async delete(keys, { signal } = {}) {
      for (const key of keys) checkFileKey(key);
      const changed = new Set<string>();
      for (const key of keys) {
        throwIfCancelled(signal, `deleting from ${root}`);
        changed.add(await removeFile(root, join(root, key)));
      }
      for (const folder of changed) await syncFolders(root, folder);
    },
    async listUploads(prefix) {
      checkPrefix(prefix);
      return (await leftOvers(root)).filter((upload) => upload.key.startsWith(prefix));
    },
    async lastActivity({ key, uploadId }) {
      checkUploadId(uploadId);
      const found = await stat(join(root, TMP_FOLDER, uploadId, checkFileKey(key))).catch((error) => {
        if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
        throw fileError(error, 'reading', join(root, TMP_FOLDER, uploadId));
      });
      return found?.mtimeMs;
    },
    async abortUpload({ uploadId }) {
      checkUploadId(uploadId);
      const folder = join(root, TMP_FOLDER, uploadId);
      await rm(folder, { recursive: true, force: true }).catch((error) => {
        throw fileError(error, 'removing', folder);
      });
    },
    async check() {
      // Asking for permissions would not find a read-only or full disk: only writing does.
      await removeStale(root).catch(() => {}); // a disk that refuses this refuses the next step too, which says why
      const upload = await beginFileUpload(root, CHECK_KEY);
      try {
        await upload.handle.writeFile('check');
        await upload.handle.sync();
        await syncRoot();
      } catch (error) {
        throw fileError(error, 'writing to', root);
      } finally {
        await upload.discard().catch(() => {});
      }
    },
    close() {},
  };
  return store;
}

function checkUploadId(uploadId: string): void {
  if (UPLOAD_ID.test(uploadId)) return;
  throw new BridgeError('invalid_argument', `"${uploadId}" is no upload id of a file lake`);
}

function checkFileKey(key: string): string {
  checkKey(key);
  if (key === TMP_FOLDER || key.startsWith(`${TMP_FOLDER}/`)) {
    throw new BridgeError('invalid_argument', `object key "${key}" is in ${TMP_FOLDER}, the place of temporary files`);
  }
  // Where the system's paths have other separators and drives, they must not come in through a key.
  if (sep === '\\' && /[\\:]/.test(key)) {
    throw new BridgeError(
      'invalid_argument',
      `object key "${key}" holds \\ or :, which mean something else in a path here`,
    );
  }
  return key;
}

async function openFileWriter(
  root: string,
  key: string,
  { signal, ifAbsent = false }: PutOptions,
  { warn, isTidy }: FileStoreOptions,
): Promise<ObjectWriter> {
  const file = join(root, checkFileKey(key));
  throwIfCancelled(signal, `writing ${file}`);
  const upload = await beginFileUpload(root, key, { isTidy });
  let size = 0;
  let isOpen = true;
  const checkOpen = () => {
    throwIfCancelled(signal, `writing ${file}`);
    if (!isOpen) throw new BridgeError('conflict', `the writer of ${file} is closed or aborted`);
  };
  return {
    isInParts: false,
    async write(chunk) {
      checkOpen();
      try {
        await upload.handle.writeFile(chunk);
      } catch (error) {
        throw fileError(error, 'writing', file);
      }
      size += chunk.length;
    },
    async close() {
      checkOpen();
      isOpen = false;
      return { key, size, etag: await upload.publish(ifAbsent) };
    },
    async abort() {
      isOpen = false;
      await upload.discard().catch((error) => {
        warn?.(`a temporary file of ${file} was left behind`, fileError(error, 'removing', file));
      });
    },
  };
}

/** Returns the nearest folder that is still there after empty ones were removed. */
async function removeFile(root: string, file: string): Promise<string> {
  try {
    await unlink(file);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) throw fileError(error, 'deleting', file);
  }
  let folder = dirname(file);
  while (folder !== root) {
    try {
      await rmdir(folder);
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) break; // not empty, most of the time
    }
    folder = dirname(folder);
  }
  return folder;
}

async function leftOvers(root: string): Promise<OpenUpload[]> {
  const uploads: OpenUpload[] = [];
  for (const uploadId of await namesIn(join(root, TMP_FOLDER))) {
    if (!UPLOAD_ID.test(uploadId)) continue;
    const folder = join(root, TMP_FOLDER, uploadId);
    for await (const { key } of listFiles(folder, '')) {
      const started = await stat(folder).catch(() => undefined);
      if (started) uploads.push({ key, uploadId, startedMs: started.mtimeMs });
    }
  }
  return uploads;
}

/** What a kill leaves of a check, and of an upload whose file was not there yet: nobody can tell whose it is, only its age. */
async function removeStale(root: string): Promise<void> {
  const kept = new Set((await leftOvers(root)).filter(({ key }) => key !== CHECK_KEY).map(({ uploadId }) => uploadId));
  for (const uploadId of await namesIn(join(root, TMP_FOLDER))) {
    if (!UPLOAD_ID.test(uploadId) || kept.has(uploadId)) continue;
    const folder = join(root, TMP_FOLDER, uploadId);
    const { mtimeMs } = await stat(folder);
    if (Date.now() - mtimeMs > STALE_MS) await rm(folder, { recursive: true, force: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw fileError(error, 'listing', folder);
  }
}
