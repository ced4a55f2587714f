/**
 * System calls of the daemon's lane that fail: strace is attached to the lane's thread alone, and injects the error in
 * place of the call (strace(1), "System call tampering").
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultReport, type Machine, runFault } from './disk-daemon.ts';

export interface CallFault {
  readonly call: 'fdatasync' | 'writev';
  readonly error: 'EIO' | 'ENOSPC';
  /** From which call on the thread it fails, and whether it goes on failing. */
  readonly nth: number;
  readonly forGood: boolean;
  /** The daemon is killed while it fails. */
  readonly isKilled: boolean;
}

export const CALL_FAULTS: readonly CallFault[] = [
  { call: 'fdatasync', error: 'EIO', nth: 7, forGood: false, isKilled: false },
  { call: 'fdatasync', error: 'EIO', nth: 3, forGood: true, isKilled: false },
  { call: 'fdatasync', error: 'EIO', nth: 20, forGood: true, isKilled: true },
  { call: 'writev', error: 'ENOSPC', nth: 5, forGood: false, isKilled: false },
  { call: 'writev', error: 'ENOSPC', nth: 11, forGood: true, isKilled: false },
  { call: 'writev', error: 'EIO', nth: 2, forGood: true, isKilled: true },
];

export function nameOf({ call, error, nth, forGood, isKilled }: CallFault): string {
  return `${call} ${nth}${forGood ? ' and all after it' : ''}: ${error}${isKilled ? ', killed meanwhile' : ''}`;
}

/** Throws where strace is missing or may not attach. */
export async function runFailingCalls(folder: string, fault: CallFault, seed: number): Promise<FaultReport> {
  checkStrace();
  return runFault({
    folder,
    lakePath: join(folder, 'lake'),
    toml: '[operations]\nlanes = 1\n[flush]\nmax_age_seconds = 1\n',
    seed,
    async fault(machine) {
      const detach = await attach(machine, fault);
      try {
        await machine.more('refused', fault.forGood ? 30 : 1);
        if (fault.forGood) await machine.checkAlive(new RegExp(`journal cannot be written: ${fault.error}`));
        if (fault.isKilled) await machine.restart();
      } finally {
        await detach();
      }
    },
  });
}

function checkStrace(): void {
  const { error, status } = spawnSync('strace', ['-V']);
  if (error || status !== 0) throw new Error('failing system calls need strace: apt-get install strace');
}

async function attach({ process }: Machine, fault: CallFault): Promise<() => Promise<void>> {
  const when = `${fault.nth}${fault.forGood ? '+' : ''}`;
  const inject = `inject=${fault.call}:error=${fault.error}:when=${when}`;
  const tracer = spawn(
    'strace',
    ['-o', '/dev/null', '-e', `trace=${fault.call}`, '-e', inject, '-p', laneOf(process.pid!)],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  const ended = once(tracer, 'close');
  tracer.stderr.on('data', (text) => {
    said += text;
  });
  while (!said.includes('attached')) {
    if (tracer.exitCode !== null || /not permitted|ptrace/.test(said))
      throw new Error(`strace cannot attach here: ${said}`);
    await sleep(20);
  }
  return async () => {
    tracer.kill('SIGINT');
    await ended;
  };
}

/** Id of the lane's thread, which carries its name. */
function laneOf(pid: number): string {
  const folder = `/proc/${pid}/task`;
  const isLane = (id: string) => readFileSync(join(folder, id, 'comm'), 'utf8').trim() === 'lane';
  return readdirSync(folder).find(isLane)!;
}
