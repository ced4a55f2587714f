/** Byte ranges of one object, fetched in few requests. */
import { releaseLarge } from '../../platform/memory.ts';
import type { ByteRange } from '../../store/store.ts';
import type { TailReader } from './object-reader.ts';

export interface ByteSource {
  /** The bytes of a range that was asked for, or of a part of one. Shares memory with the whole run. */
  at(start: number, end: number): Uint8Array;
}

export interface ByteRuns extends ByteSource {
  /** Gives the memory back at once where that is worth it and allowed; nothing may be asked for afterwards. */
  release(): void;
}

/** The requests it takes, in order of their places; gaps of up to `gapBytes` are read along. */
export function coalesce(ranges: readonly ByteRange[], gapBytes: number): readonly ByteRange[] {
  const runs: { start: number; end: number }[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    if (start === end) continue;
    const last = runs.at(-1);
    if (last !== undefined && start - last.end <= gapBytes) last.end = Math.max(last.end, end);
    else runs.push({ start, end });
  }
  return runs;
}

export async function fetchRuns(file: TailReader, ranges: readonly ByteRange[]): Promise<ByteRuns> {
  // What the file's tail holds must not be fetched again because something before it is.
  const away = coalesce(
    ranges.filter((range) => !file.has(range)),
    file.gapBytes,
  );
  const runs = [...away, ...ranges.filter((range) => file.has(range))];
  const parts = await Promise.all(runs.map((run) => file.read(run)));
  return {
    at(start, end) {
      const i = runs.findIndex((run) => run.start <= start && end <= run.end);
      return parts[i]!.subarray(start - runs[i]!.start, end - runs[i]!.start);
    },
    release() {
      if (file.ownsReads) for (const [i] of away.entries()) releaseLarge(parts[i]!);
    },
  };
}
