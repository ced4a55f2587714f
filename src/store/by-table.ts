/**
 * A lake over several stores: keys below `{table}/` of some tables go to stores of their own, all others, and the
 * bookkeeping, to the lake's. Keys stay what they are, so commit records, listings and checks know nothing of it; a
 * commit stays whole, because its one record is written last, into the lake's own store.
 */
import { BridgeError } from '../errors.ts';
import { compareKeys } from './key.ts';
import type { ListOptions, ObjectInfo, ObjectStore } from './store.ts';

export interface TableStore {
  /** `traces/` */
  readonly folder: string;
  readonly store: ObjectStore;
}

export function createStoreByTable(main: ObjectStore, tables: readonly TableStore[]): ObjectStore {
  const routes = tables.toSorted((a, b) => compareKeys(a.folder, b.folder));
  const all = [main, ...routes.map(({ store }) => store)];
  /** Tables whose folder in the lake's own store was found empty. */
  const moved = new Set<string>();

  const routeOf = (key: string) => routes.find(({ folder }) => key.startsWith(folder));
  const storeOf = (key: string) => routeOf(key)?.store ?? main;

  async function* list(prefix: string, options: ListOptions = {}): AsyncGenerator<ObjectInfo> {
    const route = routeOf(prefix);
    if (route) return yield* route.store.list(prefix, options);
    // A table's keys stand together in the order of keys: all of them come before the first key of the lake behind them.
    const waiting = routes.filter(({ folder }) => folder.startsWith(prefix));
    for await (const info of main.list(prefix, options)) {
      if (routeOf(info.key)) continue;
      while (waiting[0] && compareKeys(waiting[0].folder, info.key) < 0) {
        const { folder, store } = waiting.shift()!;
        yield* store.list(folder, options);
      }
      yield info;
    }
    for (const { folder, store } of waiting) yield* store.list(folder, options);
  }

  /** Files that lie in the lake's own store since before its table got another one: nobody would find them any more. */
  async function refuseLeftBehind(): Promise<void> {
    for (const { folder, store } of routes) {
      if (moved.has(folder)) continue;
      for await (const { key } of main.list(folder)) {
        const table = folder.slice(0, -1);
        throw new BridgeError(
          'config',
          `${main.location} holds files of ${table} (${key}), which now belong into ${store.location}`,
          {
            hint: `Copy them (aws s3 sync ${main.location}/${folder} ${store.location}/${folder}), then remove them there; until then reads do not find them.`,
          },
        );
      }
      moved.add(folder);
    }
  }

  return {
    location: main.location,
    put: (key, body, options) => storeOf(key).put(key, body, options),
    write: (key, options) => storeOf(key).write(key, options),
    uploadStream: (key, source, options) => storeOf(key).uploadStream(key, source, options),
    get: (key, options) => storeOf(key).get(key, options),
    read: (key, options) => storeOf(key).read(key, options),
    head: (key, options) => storeOf(key).head(key, options),
    list,
    async delete(keys, options) {
      for (const [store, some] of Map.groupBy(keys, storeOf)) await store.delete(some, options);
    },
    async listUploads(prefix) {
      const route = routeOf(prefix);
      if (route) return route.store.listUploads(prefix);
      const own = (await main.listUploads(prefix)).filter(({ key }) => !routeOf(key));
      const theirs = routes.filter(({ folder }) => folder.startsWith(prefix));
      const others = await Promise.all(theirs.map(({ folder, store }) => store.listUploads(folder)));
      return [own, ...others].flat();
    },
    lastActivity: (upload) => storeOf(upload.key).lastActivity(upload),
    abortUpload: (upload) => storeOf(upload.key).abortUpload(upload),
    async check(options) {
      for (const store of all) await store.check(options);
      await refuseLeftBehind();
    },
    close() {
      for (const store of all) store.close();
    },
  };
}
