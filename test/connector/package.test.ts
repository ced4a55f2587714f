/** The package as its users get it: packed, installed in an empty folder, compiled and run against. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { installPackage, run, TSC } from '../support/installed-package.ts';
import { tempFolder } from '../support/temp.ts';

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

test('the packed package is compiled and run against, with types, from an empty folder', async (t) => {
  const app = await installPackage(tempFolder(t));
  writeFileSync(join(app, 'program.ts'), PROGRAM);
  const options =
    '--target es2024 --lib es2024,esnext.disposable --module nodenext --strict --exactOptionalPropertyTypes';
  await run(process.execPath, [TSC, ...options.split(' '), '--types', 'node', 'program.ts'], app);
  const output = await run(process.execPath, ['program.js', join(app, 'orders')], app);
  assert.equal(output.trim(), JSON.stringify([2, '1', '1.50', true]));
});
