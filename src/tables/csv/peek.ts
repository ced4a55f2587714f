/** A look at the beginning of a stream that leaves it whole. */
export interface Peeked<T> {
  /** What was taken so far; also comes first from `all`. */
  readonly head: readonly T[];
  /** Whether `head` is everything. */
  readonly isWhole: boolean;
  /** The stream from its beginning. May be read once; ending it early ends the source. */
  readonly all: AsyncIterable<T>;
}

/** Takes items until `isEnough` says so, or the stream ends. */
export async function peek<T>(source: AsyncIterable<T>, isEnough: (head: readonly T[]) => boolean): Promise<Peeked<T>> {
  const items = source[Symbol.asyncIterator]();
  const head: T[] = [];
  let isWhole = false;
  while (!isEnough(head)) {
    const next = await items.next();
    if (next.done) {
      isWhole = true;
      break;
    }
    head.push(next.value);
  }
  return { head, isWhole, all: replay(head.slice(), items, isWhole) };
}

async function* replay<T>(head: T[], rest: AsyncIterator<T>, isWhole: boolean): AsyncGenerator<T> {
  try {
    // Let go as they are given out: whoever reads on does not hold the beginning twice.
    for (let item = head.shift(); item !== undefined; item = head.shift()) yield item;
    if (isWhole) return;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
