/**
 * Before a segment is read back for its commit, what can be read of it is made durable, its name included. A kill leaves
 * requests in the file that were never synced: a commit that has stored some of them, and is broken off by a power cut,
 * must find them again.
 *
 * A sync that has failed is not asked for a second time on the same file: it would lie (see segment-writer.ts). The bytes
 * are put into a new file instead, at once. Where that fails too, the begun copy is left behind, and tells whoever tries
 * next, another thread or a later process, not to sync but to copy.
 */
import { type Files, isErrno } from '../platform/files.ts';
import { copyBytes } from './copy.ts';
import { copyOfSegment, segmentsFolder } from './journal.ts';

/**
 * Leaves the first `maxBytes` of the segment durable under its name. With `isNew` they are put into a new file in any
 * case. Throws what the disk fails with; nothing is lost then.
 */
export function settleSegment(files: Files, journalPath: string, path: string, maxBytes: number, isNew = false): void {
  if (isNew || hasCopy(files, path) || !isSynced(files, path)) replaceByCopy(files, journalPath, path, maxBytes);
  else files.syncFolder(segmentsFolder(journalPath));
}

/** True also where the segment was committed and removed. */
function isSynced(files: Files, path: string): boolean {
  let fd: number;
  try {
    fd = files.openForRead(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return true;
    throw error;
  }
  try {
    files.syncData(fd);
    return true;
  } catch {
    return false; // where the copy fails too, it says what is wrong with the disk
  } finally {
    files.close(fd);
  }
}

function hasCopy(files: Files, path: string): boolean {
  try {
    files.close(files.openForRead(copyOfSegment(path)));
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

function replaceByCopy(files: Files, journalPath: string, path: string, maxBytes: number): void {
  const copy = copyOfSegment(path);
  const fd = files.openForRead(path);
  const size = files.size(fd);
  files.close(fd);
  copyBytes(files, path, { start: 0, end: Math.min(size, maxBytes) }, copy);
  files.rename(copy, path);
  files.syncFolder(segmentsFolder(journalPath));
}
