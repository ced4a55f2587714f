/**
 * The file operations that durability rests on, behind an interface, so that a power cut or a failing disk can be
 * simulated. All are synchronous: a lane has its own thread, and an acknowledgement waits for the disk anyway.
 */
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writevSync,
} from 'node:fs';

export interface Files {
  /** Opens a new file for writing; fails where it exists. */
  create(path: string): number;
  openForRead(path: string): number;
  /** Writes all buffers at the file's end. */
  append(fd: number, buffers: readonly Uint8Array[]): void;
  /** Fills `into` from `position` as far as the file goes; returns the bytes read. */
  read(fd: number, into: Uint8Array, position: number): number;
  size(fd: number): number;
  syncData(fd: number): void;
  truncate(fd: number, length: number): void;
  close(fd: number): void;
  /** Makes the names in a folder durable. */
  syncFolder(path: string): void;
  makeFolder(path: string): void;
  /** Names in a folder, sorted; empty where there is no such folder. */
  list(path: string): string[];
  rename(from: string, to: string): void;
  /** No error where it is gone already. */
  remove(path: string): void;
}

export const systemFiles: Files = {
  create: (path) => openSync(path, 'ax'),
  openForRead: (path) => openSync(path, 'r'),
  append(fd, buffers) {
    let pending = buffers.filter((buffer) => buffer.length > 0);
    while (pending.length > 0) {
      // A short write is legal (disk nearly full): go on after what was taken; the next call then throws the reason.
      let written = writevSync(fd, pending);
      let whole = 0;
      while (whole < pending.length && written >= pending[whole]!.length) written -= pending[whole++]!.length;
      pending = pending.slice(whole);
      if (written > 0) pending[0] = pending[0]!.subarray(written);
    }
  },
  read(fd, into, position) {
    let filled = 0;
    while (filled < into.length) {
      const n = readSync(fd, into, filled, into.length - filled, position + filled);
      if (n === 0) break;
      filled += n;
    }
    return filled;
  },
  size: (fd) => fstatSync(fd).size,
  syncData: fdatasyncSync,
  truncate: ftruncateSync,
  close: closeSync,
  syncFolder(path) {
    const fd = openSync(path, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  },
  makeFolder: (path) => void mkdirSync(path, { recursive: true }),
  list(path) {
    try {
      return readdirSync(path).sort();
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  },
  rename: renameSync,
  remove: (path) => rmSync(path, { force: true }),
};

export function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
