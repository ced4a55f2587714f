/**
 * One bridge a journal. The lock is a file with the owner's process id and a mark of its start; a lock whose process
 * is gone is taken over. Two bridges on one journal would replay, and remove, each other's open segments.
 */
import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BridgeError } from '../errors.ts';
import { isErrno } from '../platform/files.ts';

export interface JournalLock {
  release(): void;
}

export function lockJournal(journalPath: string): JournalLock {
  const path = join(journalPath, 'lock');
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, `${process.pid} ${processStart(process.pid) ?? ''}\n`);
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        linkSync(mine, path);
        return { release: () => releaseIfMine(path) };
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

function releaseIfMine(path: string): void {
  if (readOwner(path)?.pid === process.pid) unlinkSync(path);
}
