/**
 * The resident memory of the whole process against its budget: the last line behind all that is counted. Counting knows
 * rows and requests; it does not know the heaps of threads, WebAssembly, decompression or what the allocator keeps.
 */
export interface ResidentWatch {
  /** Whether the last sample was over the limit. */
  readonly isOver: boolean;
  readonly bytes: number;
  stop(): void;
}

/** A sample reads one line of /proc, which takes some 20 µs. */
const SAMPLE_MS = 50;

/** Without a limit it is never over. */
export function watchResident(limitBytes: number | undefined, sample = process.memoryUsage.rss): ResidentWatch {
  let bytes = sample();
  const timer = setInterval(() => {
    bytes = sample();
  }, SAMPLE_MS).unref();
  return {
    get isOver() {
      return limitBytes !== undefined && bytes > limitBytes;
    },
    get bytes() {
      return bytes;
    },
    stop: () => clearInterval(timer),
  };
}

/** For threads that are at work for longer than a timer waits: the resident memory, asked again where it is SAMPLE_MS old. */
export function recentResident(sample = process.memoryUsage.rss, nowMs = () => performance.now()): () => number {
  let bytes = 0;
  let sampledMs = Number.NEGATIVE_INFINITY;
  return () => {
    const now = nowMs();
    if (now - sampledMs >= SAMPLE_MS) {
      bytes = sample();
      sampledMs = now;
    }
    return bytes;
  };
}
