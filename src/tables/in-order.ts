/** Several streams read at the same time, their items given out one stream after the other. */

export interface Bounds {
  /** Streams under way: the one whose turn it is, and those behind it. */
  readonly streams: number;
  /** Items that each of them may have read ahead. */
  readonly items: number;
}

/**
 * Opens a stream for each source and gives them out in order, those whose turn has not come read ahead. An error is
 * thrown by its stream, in its turn. Ended early, what was opened is ended too.
 */
export async function* inOrder<S, T>(
  sources: Iterable<S>,
  { streams, items }: Bounds,
  open: (source: S) => AsyncIterable<T>,
): AsyncGenerator<AsyncIterable<T>> {
  const waiting: Ahead<T>[] = [];
  const rest = sources[Symbol.iterator]();
  const fill = () => {
    while (waiting.length < streams) {
      const next = rest.next();
      if (next.done) return;
      waiting.push(readAhead(open(next.value), items));
    }
  };
  try {
    for (fill(); waiting[0] !== undefined; fill()) {
      yield waiting[0].items;
      waiting.shift()!.stop();
    }
  } finally {
    for (const ahead of waiting) ahead.stop();
  }
}

interface Ahead<T> {
  readonly items: AsyncIterable<T>;
  stop(): void;
}

function readAhead<T>(source: AsyncIterable<T>, most: number): Ahead<T> {
  const queue: T[] = [];
  let state: 'open' | 'ended' | 'stopped' = 'open';
  let failure: { readonly error: unknown } | undefined;
  let turn = Promise.withResolvers<void>();
  /** Whoever waits looks again. */
  const changed = () => {
    turn.resolve();
    turn = Promise.withResolvers<void>();
  };

  async function pump(): Promise<void> {
    try {
      for await (const item of source) {
        queue.push(item);
        changed();
        while (queue.length >= most && state === 'open') await turn.promise;
        if (state === 'stopped') return;
      }
    } catch (error) {
      failure = { error };
    } finally {
      if (state === 'open') state = 'ended';
      changed();
    }
  }

  async function* items(): AsyncGenerator<T> {
    for (;;) {
      const item = queue.shift();
      if (item !== undefined) {
        changed();
        yield item;
      } else if (state === 'open') {
        await turn.promise;
      } else {
        if (failure !== undefined) throw failure.error;
        return;
      }
    }
  }

  void pump();
  return {
    items: items(),
    stop() {
      state = 'stopped';
      changed();
    },
  };
}
