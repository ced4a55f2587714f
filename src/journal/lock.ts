/**
 * One bridge a journal: two would replay, and remove, each other's open segments. The lock is a symbolic link to
 * `{process id}-{start time}`, no file of that name: it is made as a whole or not at all, also with no room left on the
 * disk, where a bridge has to start to make some. A lock whose process is gone is taken over; one whose process is only
 * stopped (SIGSTOP) is not.
 *
 * A bridge can lose its journal without noticing: paused for a while, taken for dead by an operator, or not to be seen
 * from another container. So the lock is looked at after each write to the journal and before its answer. Whoever takes
 * over makes its lock first and reads the segments then: what was written before is found by it, and what is written
 * later is not acknowledged.
 */
import { lstatSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
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

/** Throws `conflict`, with the process that has the journal named. */
export function lockJournal(journalPath: string): JournalLock {
  const path = join(journalPath, 'lock');
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      symlinkSync(`${process.pid}-${readProcess(process.pid)?.start ?? ''}`, path);
      const mark = { path, file: lockFile(path) ?? '' };
      return { mark, release: () => releaseIfMine(mark) };
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
    const owner = readOwner(path);
    if (owner && isAlive(owner)) throw lockedBy(journalPath, owner.pid);
    rmSync(path, { force: true });
  }
  throw lockedBy(journalPath, undefined);
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
    const [pid, start] = readlinkSync(path).split('-');
    return { pid: Number(pid), start: start ?? '' };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EINVAL')) return undefined; // EINVAL: no link, so nothing a bridge has made
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
  const found = readProcess(owner.pid);
  // In a container every start may get the same process id: the start time tells a namesake from the owner.
  return found === undefined || (!found.isDead && (owner.start === '' || owner.start === found.start));
}

/** From proc(5): start time in clock ticks since boot, and whether only the exit code is left; undefined without /proc. */
function readProcess(pid: number): { readonly start: string; readonly isDead: boolean } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { start: fields[19] ?? '', isDead: fields[0] === 'Z' || fields[0] === 'X' };
  } catch {
    return undefined;
  }
}

function releaseIfMine({ path, file }: LockMark): void {
  if (lockFile(path) === file) rmSync(path, { force: true });
}

/** Undefined where there is none. */
function lockFile(path: string): string | undefined {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.ino}-${found.mtimeNs}`;
}
