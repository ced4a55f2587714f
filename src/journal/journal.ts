/** The journal's folder: segments waiting for their commit, what was set aside, and the lock. */
import { dirname, join, resolve } from 'node:path';
import { type Files, isErrno } from '../platform/files.ts';
import { refuseProc } from '../platform/proc.ts';

export function segmentsFolder(journalPath: string): string {
  return join(journalPath, 'segments');
}

export function quarantineFolder(journalPath: string): string {
  return join(journalPath, 'quarantine');
}

/**
 * Makes the folders where they are missing, and their names durable, those of the folders above included. Throws `config`
 * for a path where no folder can be, and what the system fails with.
 */
export function makeJournalFolders(files: Files, journalPath: string): void {
  refuseProc(journalPath, 'journal.path');
  files.makeFolder(segmentsFolder(journalPath));
  files.makeFolder(quarantineFolder(journalPath));
  for (let folder = resolve(journalPath); ; folder = dirname(folder)) {
    try {
      files.syncFolder(folder);
    } catch (error) {
      // Folders above that may not be opened, or are of a kind that cannot be synced, were not made by us.
      if (folder === resolve(journalPath) || isErrno(error, 'EIO')) throw error;
    }
    if (folder === dirname(folder)) return;
  }
}

/** About a group of requests: a disk with room for less is as good as full. */
const PROBE_BYTES = 1024 * 1024;

/** Throws what writing to the journal fails with at the moment. */
export function probeJournal(files: Files, journalPath: string): void {
  const path = join(segmentsFolder(journalPath), 'probe');
  files.remove(path); // left by a crash
  const fd = files.create(path);
  try {
    files.append(fd, [new Uint8Array(PROBE_BYTES)]);
    files.syncData(fd);
  } finally {
    files.close(fd);
    files.remove(path);
  }
}

/** Paths of all segments, oldest first (commit ids sort by time). */
export function listSegments(files: Files, journalPath: string): string[] {
  const folder = segmentsFolder(journalPath);
  return files
    .list(folder)
    .filter((name) => name.endsWith('.segment'))
    .map((name) => join(folder, name));
}

export function segmentCommitId(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1, -'.segment'.length);
}

/** Where a segment is copied to, before the copy takes its place; no segment itself. */
export function copyOfSegment(path: string): string {
  return `${path}.copy`;
}

/** Called when the segment's commit record is stored. */
export function removeSegment(files: Files, journalPath: string, path: string): void {
  files.remove(copyOfSegment(path)); // left by a crash in settle.ts
  files.remove(path);
  files.syncFolder(segmentsFolder(journalPath));
}
