import type { ReadSummary, SkippedFile } from '../model/read-summary.ts';
import { asciiJson } from '../platform/ascii-json.ts';
import type { ReadStats } from './types.ts';

/** Room for the names of skipped files: a summary travels in an HTTP trailer, and clients bound those. */
const MAX_SKIPPED_CHARACTERS = 3000;
const MAX_MESSAGE_CHARACTERS = 300;

export function summaryOf(stats: ReadStats, elapsedMs: number): ReadSummary {
  const { rows, freshRows, filesScanned, filesPruned, bytesRead, bytesCached, requests, cursor, skipped } = stats;
  return {
    rows,
    freshRows,
    files: filesScanned,
    filesPruned,
    bytesRead,
    bytesCached,
    requests,
    elapsedMs: Math.round(elapsedMs),
    skippedFiles: skipped.length,
    skipped: named(skipped),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

function named(skipped: ReadStats['skipped']): SkippedFile[] {
  const files: SkippedFile[] = [];
  let left = MAX_SKIPPED_CHARACTERS;
  for (const { key, error } of skipped) {
    const file = { key, code: error.code, message: error.message.slice(0, MAX_MESSAGE_CHARACTERS) };
    left -= asciiJson(file).length;
    if (left < 0) break;
    files.push(file);
  }
  return files;
}
