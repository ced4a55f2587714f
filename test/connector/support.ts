/** Connectors of tests: over a folder that goes with the test, or over a store in memory that can be made to fail. */
import type { TestContext } from 'node:test';
import { createContext } from '../../src/connector/context.ts';
import { type ConnectorOptions, S3ParquetConnector } from '../../src/connector/index.ts';
import { createRequestRecorder } from '../../src/connector/metrics.ts';
import { configOfOptions } from '../../src/connector/options.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { tempFolder } from '../support/temp.ts';

type Context = Pick<TestContext, 'after'>;

export async function openInFolder(t: Context, options: ConnectorOptions = {}) {
  const path = tempFolder(t);
  const connector = await S3ParquetConnector.open({ ...options, storage: { path } });
  t.after(() => connector.close());
  return { connector, path };
}

/** What the connector's functions work on, over any store. */
export function contextOver(store: ObjectStore = createMemoryStore(), options: ConnectorOptions = {}) {
  return createContext(
    configOfOptions({ ...options, storage: { path: '/unused' } }),
    store,
    '0.0.0',
    createRequestRecorder(),
  );
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export async function keysOf(store: ObjectStore, prefix = ''): Promise<string[]> {
  return (await collect(store.list(prefix))).map(({ key }) => key);
}
