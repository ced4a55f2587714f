/** Counts what one read asks of its store. */
import type { ObserveRequest } from '../src/store/s3-observe.ts';
import type { ObjectStore } from '../src/store/store.ts';

export interface RequestCounts {
  /** Reads of the table's files: the file with most of them. */
  readonly fileRequests: { readonly most: number; readonly key: string };
  /** All requests to S3, those of the catalog included, by operation. */
  readonly http: Readonly<Record<string, { readonly requests: number; readonly receivedBytes: number }>>;
}

export function createCounts(table: string) {
  const files = new Map<string, number>();
  const http: Record<string, { requests: number; receivedBytes: number }> = {};
  const observe: ObserveRequest = (operation, _ms, _error, { received }) => {
    http[operation] ??= { requests: 0, receivedBytes: 0 };
    http[operation].requests++;
    http[operation].receivedBytes += received;
  };
  return {
    observe,
    counting: (store: ObjectStore): ObjectStore => ({
      ...store,
      get(key, options) {
        if (key.startsWith(`${table}/`)) files.set(key, (files.get(key) ?? 0) + 1);
        return store.get(key, options);
      },
    }),
    /** Since the last call of this. */
    take(): RequestCounts {
      const [key, most] = [...files].reduce((top, one) => (one[1] > top[1] ? one : top), ['', 0]);
      const taken = { fileRequests: { most, key }, http: { ...http } };
      files.clear();
      for (const operation of Object.keys(http)) delete http[operation];
      return taken;
    },
  };
}
