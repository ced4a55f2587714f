/** Reads on worker threads, from the main thread's side. */
import { MessageChannel, type Worker } from 'node:worker_threads';
import { BridgeError } from '../errors.ts';
import type { ReadRequest } from '../read/request.ts';
import { readThroughPort } from '../read/serve-read.ts';
import type { ReadStats } from '../read/types.ts';
import type { ToReader } from './reader-thread.ts';
import { startWorker } from './spawn.ts';
import type { ThreadData } from './thread-data.ts';

export interface Readers {
  read(
    request: ReadRequest,
    signal: AbortSignal,
  ): { chunks: AsyncIterable<Uint8Array>; stats(): ReadStats | undefined; cursor(): string | undefined };
  stop(): Promise<void>;
}

/** Reads under way on one thread; more are refused, so that a flood of reads cannot take the memory of the write path. */
const MAX_READS_PER_THREAD = 16;
/** How often idle readers are looked at where memory is short. */
const RELIEF_MS = 1000;

interface Reader {
  worker: Worker;
  active: number;
}

/** A thread is started with its first read: a bridge that is only written to has none. */
export function startReaders(count: number, data: ThreadData, isCrowded: () => boolean): Readers {
  const readers: Reader[] = [];

  function chooseReader(): Reader {
    const idle = readers.find((reader) => reader.active === 0);
    if (idle) return idle;
    if (readers.length < count) {
      const reader = { worker: startWorker('reader', data), active: 0 };
      reader.worker.on('error', () => {}); // the port of each read closes, which its reader sees and answers
      reader.worker.on('exit', () => remove(reader));
      readers.push(reader);
      return reader;
    }
    return readers.reduce((least, reader) => (reader.active < least.active ? reader : least));
  }

  async function* chunksOf(reads: AsyncIterable<Uint8Array>, reader: Reader): AsyncGenerator<Uint8Array> {
    try {
      yield* reads;
    } finally {
      reader.active--;
      if (isCrowded()) endIdle();
    }
  }

  /** Their WebAssembly memory never shrinks: the next read gets a new thread. */
  function endIdle(): void {
    for (const reader of readers.filter(({ active }) => active === 0)) {
      remove(reader);
      void reader.worker.terminate();
    }
  }

  const relief = setInterval(() => {
    if (readers.length > 0 && isCrowded()) endIdle();
  }, RELIEF_MS).unref();

  function remove(reader: Reader): void {
    const at = readers.indexOf(reader);
    if (at >= 0) readers.splice(at, 1);
  }

  return {
    read(request, signal) {
      if (isCrowded() && readers.some((reader) => reader.active > 0)) {
        throw new BridgeError('overloaded', 'the memory budget is used up', {
          hint: 'Try again later, with fewer reads at a time; raise limits.memory_bytes where this goes on.',
          retryAfterMs: 1000,
        });
      }
      const reader = chooseReader();
      if (reader.active >= MAX_READS_PER_THREAD) {
        throw new BridgeError('overloaded', `${reader.active * readers.length} reads are under way, the limit`, {
          hint: 'Try again later; operations.readers adds threads.',
          retryAfterMs: 1000,
        });
      }
      reader.active++;
      const { port1, port2 } = new MessageChannel();
      reader.worker.postMessage({ port: port2, table: request.table } satisfies ToReader, [port2]);
      const reads = readThroughPort(port1, request, signal);
      return { chunks: chunksOf(reads, reader), stats: () => reads.stats, cursor: () => reads.cursor };
    },
    async stop() {
      clearInterval(relief);
      await Promise.all(readers.map((reader) => reader.worker.terminate()));
    },
  };
}
