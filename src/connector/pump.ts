/** Records out of their source, in steps between which uploads, timers and signals get their turn. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BridgeError } from '../errors.ts';
import { throwIfCancelled } from '../store/common.ts';
import { ConnectorError } from './errors.ts';
import type { RowBuffer } from './row-buffer.ts';
import type { RecordSource } from './types.ts';

export interface PumpOptions {
  /** Records a step. */
  readonly batchSize: number;
  /** Bytes that wait before `flush` is called. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Writes what waits in the buffer. */
  flush(): Promise<void>;
}

/**
 * Feeds all records; what waits at the end is the caller's to flush. Where it fails, or `signal` is aborted, the source
 * is asked to end. A source that does not answer holds up nobody but itself: the promise then stays pending.
 */
export async function pump(source: RecordSource, buffer: RowBuffer, options: PumpOptions): Promise<void> {
  throwIfCancelled(options.signal, 'writing records');
  const iterator = iteratorOf(source);
  const end = () => void Promise.resolve(iterator.return?.()).catch(() => {});
  options.signal.addEventListener('abort', end, { once: true });
  let count = 0;
  let inStep = 0;
  try {
    for (;;) {
      const next = iterator.next();
      // Not awaited where it is no promise: that would cost as much as the record.
      const result = 'then' in next ? await answered(next, count) : next;
      if (result.done) break;
      count++;
      buffer.add(result.value);
      if (++inStep < options.batchSize && !buffer.isFull) continue;
      inStep = 0;
      buffer.finishBatch();
      if (buffer.bytes >= options.maxBytes || buffer.isFull) await options.flush();
      await nextTurn();
      throwIfCancelled(options.signal, 'writing records');
    }
    buffer.finishBatch();
  } catch (error) {
    end();
    throw error;
  } finally {
    options.signal.removeEventListener('abort', end);
  }
}

async function answered(next: Promise<IteratorResult<object>>, count: number): Promise<IteratorResult<object>> {
  try {
    return await next;
  } catch (error) {
    throw sourceError(error, count);
  }
}

function sourceError(cause: unknown, count: number): ConnectorError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new ConnectorError('unprocessable', `the source of the records failed after ${count} of them: ${text}`, {
    cause,
  });
}

interface AnyIterator {
  next(): IteratorResult<object> | Promise<IteratorResult<object>>;
  return?(): unknown;
}

function iteratorOf(source: RecordSource): AnyIterator {
  if (typeof source === 'object' && source !== null) {
    if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]() as AnyIterator;
    if (Symbol.iterator in source) {
      const iterator = source[Symbol.iterator]() as Iterator<object>;
      let count = 0;
      return {
        next() {
          try {
            count++;
            return iterator.next();
          } catch (error) {
            throw sourceError(error, count - 1);
          }
        },
        return: () => iterator.return?.(),
      };
    }
  }
  throw new BridgeError('config', 'records is no iterable', {
    hint: 'Give an array, a generator or an async iterable of objects or Arrow record batches.',
  });
}
