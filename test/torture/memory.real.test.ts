/** The short form of `npm run torture memory`: the phases that a bridge without bounds dies of first. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minioBinary } from '../support/minio.ts';
import { runMemory } from './memory-run.ts';

test('bombs and slow senders leave the process in its budget, and what was accepted is in the lake', {
  skip: !minioBinary(),
}, async () => {
  const { broken } = await runMemory({
    seconds: 4,
    budgetMb: 512,
    phases: ['bombs', 'slow senders'],
    // A machine that runs other tests is slow to answer anything: the command measures that beside its own delay.
    maxHealthMs: 1000,
    onPhase() {},
  });
  assert.deepEqual(broken, []);
});
