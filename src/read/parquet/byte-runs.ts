/** Byte ranges of one object, fetched in few requests. */
import type { ByteRange } from '../../store/store.ts';
import type { TailReader } from './object-reader.ts';

/**
 * Gaps up to this many bytes between wanted ranges are read along: a request to S3 takes as long as these bytes do, and
 * costs more.
 */
export const MAX_GAP_BYTES = 512 * 1024;

export interface ByteRuns {
  /** The bytes of a range that was asked for, or of a part of one. Shares memory with the whole run. */
  at(start: number, end: number): Uint8Array;
}

/** The requests it takes, in order of their places. */
export function coalesce(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const runs: { start: number; end: number }[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    if (start === end) continue;
    const last = runs.at(-1);
    if (last !== undefined && start - last.end <= MAX_GAP_BYTES) last.end = Math.max(last.end, end);
    else runs.push({ start, end });
  }
  return runs;
}

export async function fetchRuns(file: TailReader, ranges: readonly ByteRange[]): Promise<ByteRuns> {
  // What the file's tail holds must not be fetched again because something before it is.
  const runs = [...coalesce(ranges.filter((range) => !file.has(range))), ...ranges.filter((range) => file.has(range))];
  const parts = await Promise.all(runs.map((run) => file.read(run)));
  return {
    at(start, end) {
      const i = runs.findIndex((run) => run.start <= start && end <= run.end);
      return parts[i]!.subarray(start - runs[i]!.start, end - runs[i]!.start);
    },
  };
}
