/** Processes that answer a line of JSON with a line, and the one that reads a lake. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ReadOutcome, ReadTask } from './read-child.ts';

export interface Asked<Task, Outcome> {
  ask(task: Task): Promise<Outcome>;
  stop(): void;
}

export type AskReader = Asked<ReadTask, ReadOutcome>;

export function startChild<Task, Outcome>(command: string, args: readonly string[]): Asked<Task, Outcome> {
  const child: ChildProcess = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    async ask(task) {
      child.stdin!.write(`${JSON.stringify(task)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${command} ${args[0]} has ended`);
      return JSON.parse(value);
    },
    stop: () => void child.stdin!.end(),
  };
}

/** A process over the lake of a configuration, which is written into the folder `scratch`. */
export function startReader(scratch: string, toml: string): AskReader {
  const file = join(scratch, 'read.toml');
  writeFileSync(file, toml);
  return startChild(process.execPath, [fileURLToPath(new URL('./read-child.ts', import.meta.url)), file]);
}
