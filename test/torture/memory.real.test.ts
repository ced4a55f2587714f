/** The short form of `npm run torture memory`: the inputs that are largest for their size, each for some seconds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runMemory } from './memory-run.ts';

/**
 * Ten times what the long form allows: on a machine with other work, the delay the probe sees on itself is only a part of
 * what the bridge sees. A bridge that decodes on its network thread, or waits on it, takes seconds.
 */
const MAX_HEALTH_MS = 1000;

test('bombs, large texts and readers that stop leave the process within its budget, answering, and with every row', async () => {
  const { broken, phases, inLake } = await runMemory({
    seconds: 2,
    budgetMb: 512,
    phases: ['bombs', 'random bodies', 'stopped readers'],
    maxHealthMs: MAX_HEALTH_MS,
    onPhase() {},
  });
  assert.deepEqual(broken, []);
  assert.ok(phases.every(({ healthSamples }) => healthSamples > 10));
  assert.ok(inLake > 0);
});
