/**
 * `quarantine/` in the journal's folder: what was found where records should be, kept for people to look at.
 *
 *   {commit id}.{start}-{end}.bytes   those bytes of the segment; the rest of it was committed
 *   {commit id}.segment               a whole segment that could not be used, or whose damage could not be copied
 */
import { join } from 'node:path';
import type { Files } from '../platform/files.ts';
import { chunks, copyBytes } from './copy.ts';
import type { ByteRange } from './format.ts';
import { quarantineFolder, segmentCommitId, segmentsFolder } from './journal.ts';

/** A segment with more damaged places than this is kept as a whole. */
const MAX_RANGES = 64;

/**
 * Copies damaged bytes of a segment, and returns the copies' paths when they are durable. Doing it again after a crash
 * makes the same files. Undefined where they cannot be copied (too many, or no room): then `quarantineSegment` is left.
 */
export function copyDamage(
  files: Files,
  journalPath: string,
  segment: string,
  damage: readonly ByteRange[],
): string[] | undefined {
  if (damage.length === 0) return [];
  if (damage.length > MAX_RANGES) return undefined;
  const folder = quarantineFolder(journalPath);
  const paths = damage.map(({ start, end }) => join(folder, `${segmentCommitId(segment)}.${start}-${end}.bytes`));
  try {
    for (const [i, range] of damage.entries()) copyBytes(files, segment, range, paths[i]!);
    files.syncFolder(folder);
    return paths;
  } catch {
    for (const path of paths) removeQuietly(files, path);
    return undefined;
  }
}

/**
 * Moves a segment that cannot be used to `quarantine/`, and returns its path there. One that holds nothing but zeros
 * never held an acknowledged request: it is removed, and undefined returned.
 */
export function quarantineSegment(files: Files, journalPath: string, segment: string): string | undefined {
  const target = join(quarantineFolder(journalPath), `${segmentCommitId(segment)}.segment`);
  const isKept = holdsData(files, segment);
  if (isKept) files.rename(segment, target);
  else files.remove(segment);
  files.syncFolder(quarantineFolder(journalPath));
  files.syncFolder(segmentsFolder(journalPath));
  return isKept ? target : undefined;
}

function holdsData(files: Files, path: string): boolean {
  const fd = files.openForRead(path);
  try {
    for (const bytes of chunks(files, fd, 0, files.size(fd))) if (bytes.some((byte) => byte !== 0)) return true;
    return false;
  } finally {
    files.close(fd);
  }
}

function removeQuietly(files: Files, path: string): void {
  try {
    files.remove(path);
  } catch {
    // A disk that fails so keeps a part of a copy; the segment is set aside as a whole.
  }
}
