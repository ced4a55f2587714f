/**
 * One bridge a journal. The lock is a file with the owner's process id and a mark of its start; a lock whose process
 * is gone is taken over. Two bridges on one journal would replay, and remove, each other's open segments.
 *
 * A bridge can lose its journal without noticing: paused for a while, taken for dead by an operator, or not to be seen
 * from another container. So the lock is looked at after each write to the journal and before its answer. Whoever takes
 * over makes its lock first and reads the segments then: what was written before is found by it, and what is written
 * later is not acknowledged.
 */
import { linkSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BridgeError } from '../errors.ts';
import { isErrno } from '../platform/files.ts';

export interface JournalLock {
  /** For `checkLock`, also in other threads. */
  readonly mark: LockMark;
  release(): void;
}

/** Tells one lock from the next one: plain data. */
export interface LockMark {
  readonly path: string;
  readonly file: string;
}

/** Throws `conflict` where the journal has been taken over. Needs no file descriptor, and a few microseconds. */
export function checkLock({ path, file }: LockMark): void {
  if (lockFile(path) === file) return;
  const owner = readOwner(path);
  const taker = owner ? `taken over by process ${owner.pid}` : 'taken over: its lock is gone';
  throw new BridgeError('conflict', `the journal of ${path} was ${taker}`, {
    hint: 'What was acknowledged is in the journal, for the bridge that has it now. Give each bridge a journal.path of its own.',
    retryable: false,
  });
}

export function lockJournal(journalPath: string): JournalLock {
  const path = join(journalPath, 'lock');
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, `${process.pid} ${processStart(process.pid) ?? ''}\n`);
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        linkSync(mine, path);
        const mark = { path, file: lockFile(path) ?? '' };
        return { mark, release: () => releaseIfMine(mark) };
      } catch (error) {
        if (!isErrno(error, 'EEXIST')) throw error;
      }
      const owner = readOwner(path);
      if (owner && isAlive(owner)) throw lockedBy(journalPath, owner.pid);
      unlinkSync(path);
    }
    throw lockedBy(journalPath, undefined);
  } finally {
    unlinkSync(mine);
  }
}

interface Owner {
  readonly pid: number;
  readonly start: string;
}

function lockedBy(journalPath: string, pid: number | undefined): BridgeError {
  return new BridgeError('conflict', `journal ${journalPath} is in use by process ${pid ?? 'unknown'}`, {
    hint: 'Stop the other bridge, or give this one a journal.path of its own.',
    retryable: false,
  });
}

function readOwner(path: string): Owner | undefined {
  try {
    const [pid, start] = readFileSync(path, 'utf8').trim().split(' ');
    return { pid: Number(pid), start: start ?? '' };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isAlive(owner: Owner): boolean {
  if (!Number.isInteger(owner.pid) || owner.pid <= 0) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (!isErrno(error, 'EPERM')) return false;
  }
  // In a container every start may get the same process id: the start time tells a namesake from the owner.
  return owner.start === '' || owner.start === (processStart(owner.pid) ?? owner.start);
}

/** Start time in clock ticks since boot (proc(5), field 22); undefined where there is no /proc. */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function releaseIfMine({ path, file }: LockMark): void {
  if (lockFile(path) === file) unlinkSync(path);
}

/** Undefined where there is none. */
function lockFile(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.ino}-${found.mtimeNs}`;
}
