/**
 * Work begun ahead, results in order: up to `count` items are under way at once, and no more than `maxWeight` of weight
 * together (one item always may). A failure is thrown when its turn comes.
 */
export async function* ahead<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  bounds: { readonly count: number; readonly maxWeight: number; readonly weight: (item: T) => number },
  run: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const iterator = iteratorOf(items);
  const queue: { readonly result: Promise<R>; readonly weight: number }[] = [];
  let weight = 0;
  let waiting: { readonly item: T; readonly weight: number } | undefined;
  let ended = false;
  try {
    for (;;) {
      while (queue.length < bounds.count) {
        if (waiting === undefined && !ended) {
          const next = await iterator.next();
          if (next.done) ended = true;
          else waiting = { item: next.value, weight: bounds.weight(next.value) };
        }
        if (waiting === undefined || (queue.length > 0 && weight + waiting.weight > bounds.maxWeight)) break;
        const result = run(waiting.item);
        // Its turn may never come; the failure is then of no interest.
        result.catch(() => {});
        queue.push({ result, weight: waiting.weight });
        weight += waiting.weight;
        waiting = undefined;
      }
      const first = queue[0];
      if (first === undefined) return;
      const result = await first.result;
      queue.shift();
      weight -= first.weight;
      yield result;
    }
  } finally {
    await iterator.return?.();
  }
}

function iteratorOf<T>(items: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> | Iterator<T> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}
