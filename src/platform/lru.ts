/** What was asked for longest ago goes first, once all there is weighs more than a bound. */
export interface Lru<Value> {
  get(key: string): Value | undefined;
  /** In place of the key's earlier value. A value that is over the bound alone is not kept. */
  put(key: string, value: Value): void;
}

/** `weigh` says the same of a value each time; the bound is in its unit. */
export function createLru<Value>(maxWeight: number, weigh: (value: Value) => number): Lru<Value> {
  const kept = new Map<string, Value>();
  let weight = 0;

  function remove(key: string): Value | undefined {
    const value = kept.get(key);
    if (value === undefined) return undefined;
    kept.delete(key);
    weight -= weigh(value);
    return value;
  }

  function add(key: string, value: Value): void {
    kept.set(key, value); // a Map keeps the order: the last one was asked for last
    weight += weigh(value);
  }

  return {
    get(key) {
      const value = remove(key);
      if (value !== undefined) add(key, value);
      return value;
    },
    put(key, value) {
      remove(key);
      add(key, value);
      for (const oldest of kept.keys()) {
        if (weight <= maxWeight) break;
        remove(oldest);
      }
    },
  };
}
