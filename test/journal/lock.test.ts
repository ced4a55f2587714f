import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, lutimesSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BridgeError } from '../../src/errors.ts';
import { checkLock, lockJournal } from '../../src/journal/lock.ts';
import { ownerFromText, ownerToText, thisProcess } from '../../src/journal/lock-owner.ts';
import { tempFolder } from '../support/temp.ts';

const LOCK = new URL('../../src/journal/lock.ts', import.meta.url).href;

/** Another process that takes the lock, says `held` or `refused`, and stays where it holds it. */
function startOther(journal: string, wrapper: readonly string[] = []): ChildProcess {
  const script = `
    const { lockJournal } = await import('${LOCK}');
    let lock;
    try { lock = await lockJournal('${journal}'); } catch { process.stdout.write('refused'); process.exit(); }
    process.stdout.write('held');
    setInterval(() => lock.renew(), 100);`;
  const [command, ...args] = [...wrapper, process.execPath, '--input-type=module', '-e', script];
  return spawn(command!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function said(other: ChildProcess): Promise<string> {
  const [text] = await once(other.stdout!, 'data');
  return String(text);
}

test('a second bridge on one journal is refused with the owner named', async (t) => {
  const journal = tempFolder(t);
  const lock = await lockJournal(journal);
  await assert.rejects(
    lockJournal(journal),
    (error: BridgeError) =>
      error.code === 'conflict' && !error.retryable && error.message.includes(String(process.pid)),
  );
  lock.release();
  assert.deepEqual(readdirSync(journal), []);
  (await lockJournal(journal)).release();
});

test('another process holds the journal while it is stopped, and no longer than it lives', async (t) => {
  const journal = tempFolder(t);
  const other = startOther(journal);
  t.after(() => other.kill('SIGKILL'));
  assert.equal(await said(other), 'held');
  other.kill('SIGSTOP');
  await assert.rejects(
    lockJournal(journal),
    (error: BridgeError) => error.code === 'conflict' && error.message.includes(String(other.pid)),
  );
  const gone = once(other, 'exit');
  other.kill('SIGKILL');
  await gone;
  (await lockJournal(journal)).release();
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

test('the lock of a process that is gone, and a file that is no lock, are taken over', async (t) => {
  const journal = tempFolder(t);
  const gone = spawnSync(process.execPath, ['-e', '0']).pid;
  symlinkSync(`${gone}-12345`, join(journal, 'lock'));
  (await lockJournal(journal)).release();
  writeFileSync(join(journal, 'lock'), `${gone} 12345\n`);
  (await lockJournal(journal)).release();
  assert.deepEqual(readdirSync(journal), []);
});

const noProc = existsSync('/proc/self/stat') ? false : 'process start times are read from /proc';

test('a lock of another process that had the same id is taken over', { skip: noProc }, async (t) => {
  const journal = tempFolder(t);
  symlinkSync(`${process.pid}-1`, join(journal, 'lock'));
  (await lockJournal(journal)).release();
  assert.deepEqual(readdirSync(journal), []);
});

test('a lock that is gone, or another bridge has made anew, is noticed and not released', async (t) => {
  const journal = tempFolder(t);
  const lock = await lockJournal(journal);
  checkLock(lock.mark);
  rmSync(join(journal, 'lock'));
  assert.throws(() => checkLock(lock.mark), { code: 'conflict', message: /its lock is gone/ });
  const other = await lockJournal(journal);
  assert.throws(() => checkLock(lock.mark), { code: 'conflict', message: /taken over by process \d+/ });
  lock.release();
  checkLock(other.mark);
  other.release();
});

/** Of a process that cannot be looked for from here. */
function ownerElsewhere(): string {
  return ownerToText({ ...thisProcess(), namespace: 'another boot/4026531836', token: 'ab' });
}

test('a lock from another container or machine is refused while its time moves, whatever that says', async (t) => {
  const journal = tempFolder(t);
  const path = join(journal, 'lock');
  symlinkSync(ownerElsewhere(), path);
  let seconds = 1;
  const owner = setInterval(() => lutimesSync(path, ++seconds, seconds), 20);
  t.after(() => clearInterval(owner));
  await assert.rejects(lockJournal(journal, { stillMs: 10_000 }), {
    code: 'conflict',
    message: /in use by process \d+ of another container or machine/,
  });
});

test('a lock from another container or machine is taken over when its time stands still, and at once when it goes', async (t) => {
  const journal = tempFolder(t);
  const path = join(journal, 'lock');
  symlinkSync(ownerElsewhere(), path);
  const start = performance.now();
  const lock = await lockJournal(journal, { stillMs: 300 });
  assert.ok(performance.now() - start >= 300);
  lock.release();
  symlinkSync(ownerElsewhere(), path);
  setTimeout(() => rmSync(path), 200);
  (await lockJournal(journal, { stillMs: 60_000 })).release();
  assert.deepEqual(readdirSync(journal), []);
});

test('an owner that renews its lock moves its time, and learns where it was taken over', async (t) => {
  const journal = tempFolder(t);
  const path = join(journal, 'lock');
  const lock = await lockJournal(journal);
  lutimesSync(path, 1, 1);
  lock.renew();
  checkLock(lock.mark);
  assert.ok(lstatSync(path).mtimeMs > 1000);
  rmSync(path);
  symlinkSync(ownerElsewhere(), path);
  assert.throws(() => lock.renew(), { code: 'conflict', message: /taken over by process \d+/ });
});

test('owners go to text and back, and those of earlier versions are understood', () => {
  const owner = { pid: 7, start: '123', namespace: '1f9c-22/40265', token: '0a1b' };
  assert.deepEqual(ownerFromText(ownerToText(owner)), owner);
  assert.deepEqual(ownerFromText('7-123'), { pid: 7, start: '123', namespace: '', token: '' });
  for (const text of [undefined, '', 'x', '-1', '7']) assert.equal(ownerFromText(text), undefined);
});

const canUnshare = spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0;
const noUnshare = canUnshare ? false : 'a PID namespace of its own needs unshare(1) and the right to use it';

test('a bridge in a PID namespace of its own keeps the journal while it lives, from outside and inside', {
  skip: noUnshare,
}, async (t) => {
  const journal = tempFolder(t);
  const inside = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const other = startOther(journal, inside);
  t.after(() => other.kill('SIGKILL'));
  assert.equal(await said(other), 'held');
  await assert.rejects(lockJournal(journal, { stillMs: 10_000 }), { code: 'conflict' });
  const gone = once(other, 'exit');
  other.kill('SIGKILL');
  await gone;
  const lock = await lockJournal(journal, { stillMs: 500 });
  const renewal = setInterval(lock.renew, 100);
  t.after(() => clearInterval(renewal));
  assert.equal(await said(startOther(journal, inside)), 'refused');
});
