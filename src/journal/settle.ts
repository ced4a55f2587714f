/**
 * Before a segment is read back for its commit, what can be read of it is made durable, its name included. A kill leaves
 * requests in the file that were never synced: a commit that has stored some of them, and is broken off by a power cut,
 * must find them again.
 */
import { type Files, isErrno } from '../platform/files.ts';
import { copyBytes } from './copy.ts';
import { copyOfSegment, segmentsFolder } from './journal.ts';

/** Segments whose sync has failed: a second one would lie (see segment-writer.ts), so they are copied. One entry each. */
const failed = new Set<string>();

/**
 * Leaves the first `maxBytes` of the segment durable under its name. With `isNew` they are put into a new file in any
 * case. Throws what the disk fails with; nothing is lost then.
 */
export function settleSegment(files: Files, journalPath: string, path: string, maxBytes: number, isNew = false): void {
  if (isNew || failed.has(path)) replaceByCopy(files, journalPath, path, maxBytes);
  else syncSegment(files, journalPath, path);
}

function syncSegment(files: Files, journalPath: string, path: string): void {
  let fd: number;
  try {
    fd = files.openForRead(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return; // committed and removed
    throw error;
  }
  try {
    files.syncData(fd);
  } catch (error) {
    failed.add(path);
    throw error;
  } finally {
    files.close(fd);
  }
  files.syncFolder(segmentsFolder(journalPath));
}

function replaceByCopy(files: Files, journalPath: string, path: string, maxBytes: number): void {
  const copy = copyOfSegment(path);
  const fd = files.openForRead(path);
  const size = files.size(fd);
  files.close(fd);
  try {
    copyBytes(files, path, { start: 0, end: Math.min(size, maxBytes) }, copy);
    files.rename(copy, path);
    files.syncFolder(segmentsFolder(journalPath));
  } catch (error) {
    failed.add(path);
    throw error;
  }
  failed.delete(path);
}
