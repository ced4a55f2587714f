/** One bridge for all tests of a file. */
import { after, before } from 'node:test';
import { startBridge, type TestBridge } from './daemon.ts';

/** The bridge is there once the tests run, and prepared; its fields are read then. */
export function sharedBridge(toml = '', prepare?: (bridge: TestBridge) => Promise<void>): TestBridge {
  const cleanups: (() => unknown)[] = [];
  const shared = {} as TestBridge;
  before(async () => {
    const bridge = await startBridge({ after: (clean: () => unknown) => void cleanups.push(clean) } as never, toml);
    Object.assign(shared, bridge);
    await prepare?.(shared);
  });
  after(async () => {
    for (const clean of cleanups.reverse()) await clean();
  });
  return shared;
}
