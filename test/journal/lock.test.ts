import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BridgeError } from '../../src/errors.ts';
import { checkLock, lockJournal } from '../../src/journal/lock.ts';
import { tempFolder } from '../support/temp.ts';

const LOCK = new URL('../../src/journal/lock.ts', import.meta.url).href;

/** Another process that takes the lock, says `held` or `refused`, and stays where it holds it. */
function startOther(journal: string): ChildProcess {
  const script = `
    const { lockJournal } = await import('${LOCK}');
    try { lockJournal('${journal}'); } catch { process.stdout.write('refused'); process.exit(); }
    process.stdout.write('held');
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function said(other: ChildProcess): Promise<string> {
  const [text] = await once(other.stdout!, 'data');
  return String(text);
}

test('a second bridge on one journal is refused with the owner named', (t) => {
  const journal = tempFolder(t);
  const lock = lockJournal(journal);
  assert.throws(
    () => lockJournal(journal),
    (error: BridgeError) =>
      error.code === 'conflict' && !error.retryable && error.message.includes(String(process.pid)),
  );
  lock.release();
  assert.deepEqual(readdirSync(journal), []);
  lockJournal(journal).release();
});

test('another process holds the journal while it is stopped, and no longer than it lives', async (t) => {
  const journal = tempFolder(t);
  const other = startOther(journal);
  t.after(() => other.kill('SIGKILL'));
  assert.equal(await said(other), 'held');
  other.kill('SIGSTOP');
  assert.throws(
    () => lockJournal(journal),
    (error: BridgeError) => error.code === 'conflict' && error.message.includes(String(other.pid)),
  );
  const gone = once(other, 'exit');
  other.kill('SIGKILL');
  await gone;
  lockJournal(journal).release();
  assert.deepEqual(readdirSync(journal), []);
});

test('of processes that start together one holds the journal', async (t) => {
  const journal = tempFolder(t);
  const others = Array.from({ length: 6 }, () => startOther(journal));
  t.after(() => {
    for (const other of others) other.kill('SIGKILL');
  });
  const answers = await Promise.all(others.map(said));
  assert.equal(answers.filter((answer) => answer === 'held').length, 1, answers.join());
});

test('the lock of a process that is gone, and a file that is no lock, are taken over', (t) => {
  const journal = tempFolder(t);
  const gone = spawnSync(process.execPath, ['-e', '0']).pid;
  symlinkSync(`${gone}-12345`, join(journal, 'lock'));
  lockJournal(journal).release();
  writeFileSync(join(journal, 'lock'), `${gone} 12345\n`);
  lockJournal(journal).release();
  assert.deepEqual(readdirSync(journal), []);
});

const noProc = existsSync('/proc/self/stat') ? false : 'process start times are read from /proc';

test('a lock of another process that had the same id is taken over', { skip: noProc }, (t) => {
  const journal = tempFolder(t);
  symlinkSync(`${process.pid}-1`, join(journal, 'lock'));
  lockJournal(journal).release();
  assert.deepEqual(readdirSync(journal), []);
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
