import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempFolder } from '../support/temp.ts';
import { describeFault } from './disk-daemon.ts';
import { runFullDisk } from './disk-full.ts';
import { CALL_FAULTS, nameOf, runFailingCalls } from './disk-strace.ts';

test('a full disk: senders try again, reads and admin go on, and all is taken once there is room', async (t) => {
  const report = await runFullDisk(tempFolder(t), 7);
  assert.deepEqual(report.problems, [], describeFault('a full disk', report));
  assert.ok(report.refused > 0);
});

for (const fault of CALL_FAULTS.filter(({ nth }) => nth === 7 || nth === 11 || nth === 20)) {
  test(`a journal whose disk fails loses nothing it acknowledged: ${nameOf(fault)}`, async (t) => {
    const report = await runFailingCalls(tempFolder(t), fault, 7);
    assert.deepEqual(report.problems, [], describeFault(nameOf(fault), report));
    assert.ok(report.refused > 0);
  });
}
