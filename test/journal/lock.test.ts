import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BridgeError } from '../../src/errors.ts';
import { checkLock, lockJournal } from '../../src/journal/lock.ts';
import { tempFolder } from '../support/temp.ts';

test('a second bridge on one journal is refused with the owner named', (t) => {
  const journal = tempFolder(t);
  const lock = lockJournal(journal);
  assert.throws(
    () => lockJournal(journal),
    (error: BridgeError) =>
      error.code === 'conflict' && !error.retryable && error.message.includes(String(process.pid)),
  );
  lock.release();
  assert.equal(existsSync(join(journal, 'lock')), false);
  lockJournal(journal).release();
});

test('the lock of a process that is gone is taken over', (t) => {
  const journal = tempFolder(t);
  const gone = spawnSync(process.execPath, ['-e', '0']).pid;
  writeFileSync(join(journal, 'lock'), `${gone} 12345\n`);
  lockJournal(journal).release();
  assert.equal(existsSync(join(journal, 'lock')), false);
});

const noProc = existsSync('/proc/self/stat') ? false : 'process start times are read from /proc';

test('a lock of another process that had the same id is taken over', { skip: noProc }, (t) => {
  const journal = tempFolder(t);
  writeFileSync(join(journal, 'lock'), `${process.pid} 1\n`);
  lockJournal(journal).release();
  assert.equal(existsSync(join(journal, 'lock')), false);
});

test('a lock that is gone, or another bridge has made anew, is noticed and not released', (t) => {
  const journal = tempFolder(t);
  const lock = lockJournal(journal);
  checkLock(lock.mark);
  rmSync(join(journal, 'lock'));
  assert.throws(() => checkLock(lock.mark), { code: 'conflict', message: /its lock is gone/ });
  const other = lockJournal(journal);
  assert.throws(() => checkLock(lock.mark), { code: 'conflict', message: /taken over by process \d+/ });
  lock.release();
  checkLock(other.mark);
  other.release();
});
