/** The journal's folder: segments waiting for their commit, what was set aside, and the lock. */
import { join } from 'node:path';
import type { Files } from '../platform/files.ts';

export function segmentsFolder(journalPath: string): string {
  return join(journalPath, 'segments');
}

function quarantineFolder(journalPath: string): string {
  return join(journalPath, 'quarantine');
}

export function makeJournalFolders(files: Files, journalPath: string): void {
  files.makeFolder(segmentsFolder(journalPath));
  files.makeFolder(quarantineFolder(journalPath));
  files.syncFolder(journalPath);
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

/** Called when the segment's commit record is stored. */
export function removeSegment(files: Files, journalPath: string, path: string): void {
  files.remove(path);
  files.syncFolder(segmentsFolder(journalPath));
}

/** Moves a segment that cannot be used to `quarantine/`, where it stays for people; returns the new path. */
export function quarantineSegment(files: Files, journalPath: string, path: string): string {
  const target = join(quarantineFolder(journalPath), `${segmentCommitId(path)}.segment`);
  files.rename(path, target);
  files.syncFolder(quarantineFolder(journalPath));
  files.syncFolder(segmentsFolder(journalPath));
  return target;
}
