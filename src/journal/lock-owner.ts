/** Who has a journal's lock, and whether that process still runs: proc(5), pid_namespaces(7). */
import { readFileSync, readlinkSync } from 'node:fs';
import { isErrno } from '../platform/files.ts';

export interface LockOwner {
  readonly pid: number;
  /** In clock ticks since boot; tells a process from a later one with its id. Empty where it is not known. */
  readonly start: string;
  /** Where its process id means something; empty where it is not known, as in locks of earlier versions. */
  readonly namespace: string;
  /** Of this one lock. */
  readonly token: string;
}

export function thisProcess(): LockOwner {
  return { pid: process.pid, start: readProcess(process.pid)?.start ?? '', namespace: pidNamespace(), token: '' };
}

export function ownerToText({ pid, start, token, namespace }: LockOwner): string {
  return [pid, start, token, namespace].join('-');
}

/** Undefined for what no bridge has written. */
export function ownerFromText(text: string | undefined): LockOwner | undefined {
  const match = /^(\d+)-(\d*)(?:-([0-9a-f]*)-(.*))?$/.exec(text ?? '');
  if (!match) return undefined;
  return { pid: Number(match[1]), start: match[2]!, token: match[3] ?? '', namespace: match[4] ?? '' };
}

/** Only of an owner in this process's namespace. */
export function isAlive(owner: LockOwner): boolean {
  if (owner.pid <= 0) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (!isErrno(error, 'EPERM')) return false;
  }
  const found = readProcess(owner.pid);
  // In a container every start may get the same process id: the start time tells a namesake from the owner.
  return found === undefined || (!found.isDead && (owner.start === '' || owner.start === found.start));
}

/** Start time, and whether only the exit code is left; undefined without /proc. */
function readProcess(pid: number): { readonly start: string; readonly isDead: boolean } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { start: fields[19] ?? '', isDead: fields[0] === 'Z' || fields[0] === 'X' };
  } catch {
    return undefined;
  }
}

/** One boot of one machine, and a PID namespace in it: `{boot id}/{inode}`. Empty without Linux's /proc. */
function pidNamespace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${/\d+/.exec(readlinkSync('/proc/self/ns/pid'))![0]}`;
  } catch {
    return '';
  }
}
