/**
 * `npm run bench connector`: batchWrite of records from an async iterable, by service and hour, to files and to a MinIO,
 * beside pyarrow on one thread over the same records.
 *
 * Every step is a process of its own, so that its memory is its own, with YOUNG_GENERATION as the README advises. CPU time is the process's, user and system: on a
 * busy machine it says more than the wall clock. What the source of the records costs is measured alone and taken off.
 * pyarrow's two parts are told apart: columns of dicts (from_pylist) and writing columns (write_dataset); the goal is
 * held to both together, since batchWrite does both.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ConnectorOptions } from '../src/connector/index.ts';
import { startMinio } from '../test/support/minio.ts';
import type { StepResult } from './connector-child.ts';
import { describeMachine } from './support.ts';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '5000000' },
    store: { type: 'string', default: 'both' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(`npm run bench connector -- [options]
  --records N               records of the large write; the small one, for memory, has a fifth (5000000)
  --store file|minio|both   where they are written (both)`);
  process.exit(0);
}

const MIB = 1024 * 1024;
/** Left to itself, V8 doubles it under a steady stream of objects: 70 MiB more, and no less CPU. */
const YOUNG_GENERATION = '--max-semi-space-size=16';
/** Bytes of resident memory that no write may pass, and CPU to pyarrow's. */
const GOAL_MIB = 400;
const GOAL_RATIO = 2.5;
/** Rows pyarrow holds before it writes: about as many as 32 MiB of ours are. */
const PYARROW_ROWS = 600_000;
const records = Number(values.records);
if (!Number.isSafeInteger(records) || records < 5 || !/^(file|minio|both)$/.test(values.store)) {
  console.error('--records is a number from 5, --store is file, minio or both; see --help');
  process.exit(2);
}

function step(name: string, count: number, options?: ConnectorOptions): StepResult {
  const file = fileURLToPath(new URL('./connector-child.ts', import.meta.url));
  const args = [YOUNG_GENERATION, file, name, String(count), ...(options ? [JSON.stringify(options)] : [])];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as StepResult;
}

interface PyarrowResult {
  readonly converting: number;
  readonly writing: number;
  readonly peakBytes: number;
}

function pyarrow(folder: string): PyarrowResult {
  const script = fileURLToPath(new URL('./connector_pyarrow.py', import.meta.url));
  const args = [script, folder, String(records), String(PYARROW_ROWS)];
  return JSON.parse(execFileSync('python3', args, { encoding: 'utf8' })) as PyarrowResult;
}

const micros = (seconds: number) => `${((seconds * 1e6) / records).toFixed(2)} µs`;
const mib = (bytes: number) => `${Math.round(bytes / MIB)} MiB`;

const folder = mkdtempSync(join(tmpdir(), 'otel-lake-bench-'));
let isMet = true;
try {
  console.log(describeMachine());
  console.log(`${records} records; node ${YOUNG_GENERATION}; CPU a record`);
  const source = step('iterate', records).cpuSeconds;
  const columns = step('columns', records).cpuSeconds - source;
  console.log(`  the source alone         ${micros(source)}, not counted below`);
  const theirs = pyarrow(join(folder, 'pyarrow'));
  const theirSum = theirs.converting + theirs.writing;
  console.log(
    `  pyarrow                  ${micros(theirSum)}: to columns ${micros(theirs.converting)}, writing ${micros(theirs.writing)}; peak ${mib(theirs.peakBytes)}`,
  );
  if (values.store !== 'minio') report('batchWrite to files', { storage: { path: join(folder, 'files') } });
  if (values.store !== 'file') {
    const minio = await startMinio();
    try {
      const { endpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = minio;
      const credentials = { accessKeyId, secretAccessKey };
      report('batchWrite to MinIO', { s3: { bucket: 'bench', endpoint, credentials, createBucket: true } });
    } finally {
      await minio.close();
    }
  }

  function report(name: string, options: ConnectorOptions): void {
    const small = step('write', Math.floor(records / 5), options);
    const { cpuSeconds, seconds, peakBytes, files, bytes } = step('write', records, options);
    const cpu = cpuSeconds - source;
    const ratio = cpu / theirSum;
    console.log(
      `  ${name.padEnd(25)}${micros(cpu)}: to columns ${micros(columns)}, the rest ${micros(cpu - columns)}; ` +
        `${Math.round(records / seconds)} records/s, ${files} files, ${(bytes / records).toFixed(1)} bytes a record`,
    );
    console.log(
      `    ${ratio.toFixed(2)} x pyarrow's CPU (goal ${GOAL_RATIO}); writing alone ${((cpu - columns) / theirs.writing).toFixed(2)} x`,
    );
    console.log(
      `    peak ${mib(peakBytes)}, with a fifth of the records ${mib(small.peakBytes)} (goal ${GOAL_MIB} MiB for both)`,
    );
    isMet &&= ratio <= GOAL_RATIO && peakBytes < GOAL_MIB * MIB;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = isMet ? 0 : 1;
