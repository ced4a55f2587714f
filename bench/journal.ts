/**
 * What preallocation of a journal segment would save: `npm run bench journal -- [--folder DIR]`. Appends groups of 500 kB,
 * each with an fdatasync, into a file that grows by itself, one whose size is set a chunk ahead, and one that is filled
 * with zeros a chunk ahead. Rounds are interleaved; medians are printed.
 */
import { closeSync, fdatasyncSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const GROUP_BYTES = 500_000;
const CHUNK_BYTES = 16 * 1024 * 1024;

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: tmpdir() },
    groups: { type: 'string', default: '300' },
    rounds: { type: 'string', default: '7' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(`npm run bench journal -- [options]
  --folder DIR   on the disk that is measured (${tmpdir()})
  --groups N     groups of 500 kB in a segment (300)
  --rounds N     rounds of each way, in turns (7)`);
  process.exit(0);
}

type Preallocate = (fd: number, start: number) => void;
const zeros = new Uint8Array(CHUNK_BYTES);
const MODES: Readonly<Record<string, Preallocate | undefined>> = {
  none: undefined,
  size: (fd, start) => ftruncateSync(fd, start + CHUNK_BYTES),
  zeros: (fd, start) => void writeSync(fd, zeros, 0, CHUNK_BYTES, start),
};

interface Figures {
  readonly totalMs: number;
  readonly medianMs: number;
  readonly p95Ms: number;
}

function run(folder: string, preallocate: Preallocate | undefined): Figures {
  const fd = openSync(join(folder, 'segment'), 'w');
  const group = new Uint8Array(GROUP_BYTES).fill(7);
  const took: number[] = [];
  let allocated = 0;
  for (let i = 0; i < Number(values.groups); i++) {
    const start = performance.now();
    if (preallocate && (i + 1) * GROUP_BYTES > allocated) {
      preallocate(fd, allocated);
      fdatasyncSync(fd);
      allocated += CHUNK_BYTES;
    }
    writeSync(fd, group, 0, GROUP_BYTES, i * GROUP_BYTES);
    fdatasyncSync(fd);
    took.push(performance.now() - start);
  }
  closeSync(fd);
  const sorted = took.toSorted((a, b) => a - b);
  const totalMs = took.reduce((sum, ms) => sum + ms, 0);
  return { totalMs, medianMs: sorted[sorted.length >> 1]!, p95Ms: sorted[Math.floor(sorted.length * 0.95)]! };
}

const folder = mkdtempSync(join(values.folder, 'otel-lake-bench-'));
try {
  const figures = new Map<string, Figures[]>(Object.keys(MODES).map((mode) => [mode, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [mode, preallocate] of Object.entries(MODES)) figures.get(mode)!.push(run(folder, preallocate));
  }
  for (const [mode, rounds] of figures) {
    const median = (of: (one: Figures) => number) => {
      const sorted = rounds.map(of).sort((a, b) => a - b);
      return sorted[sorted.length >> 1]!.toFixed(2);
    };
    console.log(
      `${mode.padEnd(6)} ${values.groups} groups in ${median((one) => one.totalMs)} ms, a group ` +
        `${median((one) => one.medianMs)} ms (median), ${median((one) => one.p95Ms)} ms (95 %)`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
