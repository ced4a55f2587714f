import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileStore } from '../../src/store/file.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { storeConformance } from './conformance.ts';

storeConformance('memory', async () => ({ store: createMemoryStore(), close: async () => {} }));

for (const mayBlock of [false, true]) {
  storeConformance(mayBlock ? 'a directory, read on the thread' : 'a directory', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'otel-lake-store-'));
    return {
      store: createFileStore(join(folder, 'lake'), { mayBlock }),
      close: () => rm(folder, { recursive: true, force: true }),
    };
  });
}
