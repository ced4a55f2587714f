/**
 * One bridge a journal: two would replay, and remove, each other's open segments. The lock is a symbolic link to
 * `{process id}-{start time}-{token}-{namespace}`, no file of that name: it is made as a whole or not at all, also with no
 * room left on the disk, where a bridge has to start to make some.
 *
 * A lock whose process is gone is taken over; one whose process is only stopped (SIGSTOP) is not. Process ids mean
 * something within one PID namespace of one boot of one machine alone (lock-owner.ts). The owner of a lock from elsewhere,
 * another container or machine on the same volume, cannot be looked for. So owners set their lock's time every second,
 * and who finds a lock from elsewhere watches it: where its time moves, its owner lives; where it stands still, it is
 * taken over. Only a time that moves counts, whatever it says, so clocks need not agree.
 *
 * A bridge can lose its journal without noticing: paused for a while in another container, or taken for dead by an
 * operator. So the lock is looked at after each write to the journal and before its answer. Whoever takes over makes its
 * lock first and reads the segments then: what was written before is found by it, and what is written later is not
 * acknowledged. The same look ends the loser where two take a dead owner's lock at the same moment.
 */
import { lstatSync, lutimesSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BridgeError } from '../errors.ts';
import { systemRandomness } from '../platform/clock.ts';
import { isErrno } from '../platform/files.ts';
import { isAlive, type LockOwner, ownerFromText, ownerToText, thisProcess } from './lock-owner.ts';

export interface JournalLock {
  /** For `checkLock`, also in other threads. */
  readonly mark: LockMark;
  /** To be called every LOCK_CHECK_MS: says that the owner lives. Throws `conflict` as `checkLock` does. */
  renew(): void;
  release(): void;
}

/** Tells one lock from the next one: plain data. */
export interface LockMark {
  readonly path: string;
  readonly text: string;
}

export const LOCK_CHECK_MS = 1000;

export interface LockOptions {
  /** How long a lock from elsewhere must stand still to be taken over. */
  readonly stillMs?: number;
  readonly self?: LockOwner;
}

/** Some renewals may be late: a disk or a machine that hangs for seconds is nothing unusual. */
const STILL_MS = 5 * LOCK_CHECK_MS;
const LOOK_EVERY_MS = 100;
const TOKEN_BYTES = 4;
const MAX_ATTEMPTS = 5;

/** Throws `conflict` where the journal has been taken over. Needs no file descriptor, and a few microseconds. */
export function checkLock({ path, text }: LockMark): void {
  const found = lockText(path);
  if (found === text) return;
  const owner = ownerFromText(found);
  const taker = owner ? `taken over by process ${owner.pid}` : 'taken over: its lock is gone';
  throw new BridgeError('conflict', `the journal of ${path} was ${taker}`, {
    hint: 'What was acknowledged is in the journal, for the bridge that has it now. Give each bridge a journal.path of its own.',
    retryable: false,
  });
}

/** Throws `conflict`, with the process that has the journal named. Waits only for a lock from elsewhere. */
export async function lockJournal(journalPath: string, options: LockOptions = {}): Promise<JournalLock> {
  const { stillMs = STILL_MS, self = thisProcess() } = options;
  const path = join(journalPath, 'lock');
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const text = ownerToText({ ...self, token: systemRandomness.hex(TOKEN_BYTES) });
    try {
      symlinkSync(text, path);
      return heldLock({ path, text });
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
    const found = lockText(path);
    const owner = ownerFromText(found);
    if (owner && (await isHeld(path, owner, self, stillMs))) throw lockedBy(journalPath, owner, self);
    // Another one that waited alike may have made its own lock meanwhile.
    if (lockText(path) === found) rmSync(path, { force: true });
  }
  throw lockedBy(journalPath, undefined, self);
}

function heldLock(mark: LockMark): JournalLock {
  return {
    mark,
    renew() {
      checkLock(mark);
      const now = new Date();
      try {
        lutimesSync(mark.path, now, now);
      } catch {
        // A disk that fails so takes no requests either. Whoever takes the lock for dead is found by the next check.
      }
    },
    release() {
      if (lockText(mark.path) === mark.text) rmSync(mark.path, { force: true });
    },
  };
}

async function isHeld(path: string, owner: LockOwner, self: LockOwner, stillMs: number): Promise<boolean> {
  if (owner.namespace === '' || owner.namespace === self.namespace) return isAlive(owner);
  const first = changedNs(path);
  for (const start = performance.now(); performance.now() - start < stillMs; ) {
    await sleep(Math.min(LOOK_EVERY_MS, stillMs));
    const now = changedNs(path);
    if (now === undefined) return false; // released
    if (now !== first) return true;
  }
  return false;
}

function lockedBy(journalPath: string, owner: LockOwner | undefined, self: LockOwner): BridgeError {
  const isElsewhere = owner !== undefined && owner.namespace !== '' && owner.namespace !== self.namespace;
  const who = `process ${owner?.pid ?? 'unknown'}${isElsewhere ? ' of another container or machine' : ''}`;
  return new BridgeError('conflict', `journal ${journalPath} is in use by ${who}`, {
    hint: 'Stop the other bridge, or give this one a journal.path of its own.',
    retryable: false,
  });
}

/** Undefined where there is no lock; empty where what is there is no link, so nothing a bridge has made. */
function lockText(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    if (isErrno(error, 'EINVAL')) return '';
    throw error;
  }
}

function changedNs(path: string): bigint | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
}
