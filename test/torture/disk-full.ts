/** Disks that are really full: a small tmpfs with journal and lake, and a journal that may not grow any more. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type FaultReport, runFault } from './disk-daemon.ts';

const DISK_BYTES = 24 * 1024 * 1024;
const REFILL_MS = 50;
const FAST = '[flush]\nmax_age_seconds = 1\n';

/**
 * Fills a tmpfs to its last byte under the daemon, keeps it full, kills the daemon in the middle of that, and frees it.
 * Throws where nothing can be mounted here.
 */
export async function runFullDisk(folder: string, seed: number): Promise<FaultReport> {
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  mount(disk);
  const filler = join(disk, 'filler');
  const toml = `[storage]\npath = "${join(disk, 'lake')}"\n[journal]\npath = "${join(disk, 'journal')}"\n${FAST}`;
  try {
    return await runFault({
      folder,
      lakePath: join(disk, 'lake'),
      toml,
      seed,
      async fault(machine) {
        for (const isKilled of [false, true]) {
          // What commits free is taken again at once.
          const refill = setInterval(() => fill(filler), REFILL_MS);
          try {
            await machine.more('refused', 50);
            await machine.checkAlive(/journal cannot be written: ENOSPC/);
            if (isKilled) {
              await machine.restart();
              await machine.more('refused', 20);
            }
          } finally {
            clearInterval(refill);
            rmSync(filler, { force: true });
          }
          await machine.more('acknowledged', 50);
          await machine.untilReady();
        }
      },
    });
  } finally {
    execFileSync('umount', [disk]);
  }
}

/** A journal at `max_bytes` because a file stands in the lake's place, until it is taken away. */
export async function runFullJournal(folder: string, seed: number): Promise<FaultReport> {
  const lakePath = join(folder, 'lake');
  const toml = `[journal]\nmax_bytes = 1048576\n[flush]\nmax_bytes = 262144\nmax_age_seconds = 1\n[server]\nmax_request_bytes = 262144\n`;
  writeFileSync(lakePath, 'no folder');
  return runFault({
    folder,
    lakePath,
    toml,
    seed,
    async fault(machine) {
      await machine.more('refused', 50);
      await machine.checkAlive(/store/);
      rmSync(lakePath);
      await machine.more('acknowledged', 50);
    },
  });
}

function mount(folder: string): void {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'none', folder], { stdio: 'pipe' });
  } catch (error) {
    const text = String((error as { stderr?: Buffer }).stderr ?? error).trim();
    throw new Error(`a full disk needs a tmpfs to be mounted, which only root may: ${text}`);
  }
}

function fill(path: string): void {
  const fd = openSync(path, 'a');
  for (const length of [1024 * 1024, 64 * 1024, 4096, 512]) while (hasRoom(fd, length));
  closeSync(fd);
}

function hasRoom(fd: number, length: number): boolean {
  try {
    return writeSync(fd, new Uint8Array(length)) === length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}
