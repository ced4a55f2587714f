/** The package as its users get it: packed, installed in an empty folder, compiled and run against. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tempFolder } from '../support/temp.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MODULES = join(ROOT, 'node_modules');
const TSC = join(MODULES, 'typescript/bin/tsc');

const PROGRAM = `
import { NotFoundError, S3ParquetConnector, TimePartitioning, ValuePartitioning } from 'otel-lake-bridge';
import type { BatchWriteResult, OutputRecord } from 'otel-lake-bridge';

interface Order { id: number; country: string; at: Date; total: string }
async function* orders(): AsyncGenerator<Order> {
  for (let id = 0; id < 10; id++) yield { id, country: id % 2 ? 'NL' : 'DE', at: new Date(0), total: '1.50' };
}
await using connector = await S3ParquetConnector.open({ storage: { path: process.argv[2]! } });
const partitioning = [new ValuePartitioning('country'), new TimePartitioning({ field: 'at', granularity: 'day' })];
const schema = { fields: [
  { name: 'id', type: 'int64' }, { name: 'country', type: 'string' },
  { name: 'at', type: 'timestamp(ms, UTC)' }, { name: 'total', type: 'decimal(10,2)' },
] };
const written: BatchWriteResult = await connector.batchWrite({ schema, records: orders(), partitioning });
const { records } = await connector.read({ filter: "country = 'NL' AND total > 1", limit: 2 });
const first: OutputRecord = records[0]!;
const missing = await connector.read({ partitionPath: 'country=FR' }).catch((error: unknown) => error);
console.log(JSON.stringify([written.fileCount, String(first.id), first.total, missing instanceof NotFoundError]));
`;

/** Runs a program; what it wrote is in the error where it fails. */
async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    return (await promisify(execFile)(command, [...args], { cwd, timeout: 120_000 })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  }
}

test('the packed package is compiled and run against, with types, from an empty folder', async (t) => {
  const folder = tempFolder(t);
  const stage = join(folder, 'stage');
  mkdirSync(stage);
  for (const name of ['package.json', 'README.md', 'LICENSE', 'config', 'proto']) {
    cpSync(join(ROOT, name), join(stage, name), { recursive: true });
  }
  await run(process.execPath, [TSC, '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(stage, 'dist')], ROOT);
  const [{ filename }] = JSON.parse(await run('npm', ['pack', '--json', '--ignore-scripts'], stage)) as [
    { filename: string },
  ];

  const app = join(folder, 'app');
  const modules = join(app, 'node_modules');
  mkdirSync(modules, { recursive: true });
  // What `npm install` would do, without a network: the package from its archive, its dependencies from those here.
  await run('tar', ['-xzf', join(stage, filename), '-C', modules], app);
  await run('mv', ['package', 'otel-lake-bridge'], modules);
  for (const name of readdirSync(MODULES))
    if (!name.startsWith('.')) symlinkSync(join(MODULES, name), join(modules, name));

  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  writeFileSync(join(app, 'program.ts'), PROGRAM);
  const options =
    '--target es2024 --lib es2024,esnext.disposable --module nodenext --strict --exactOptionalPropertyTypes';
  await run(process.execPath, [TSC, ...options.split(' '), '--types', 'node', 'program.ts'], app);
  const output = await run(process.execPath, ['program.js', join(app, 'orders')], app);
  assert.equal(output.trim(), JSON.stringify([2, '1', '1.50', true]));
});
