import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  ConfigError,
  NotFoundError,
  readManifest,
  S3ParquetConnector,
  SchemaError,
  scan,
  writeManifest,
} from '../../src/connector/index.ts';
import { tempFolder } from '../support/temp.ts';

async function written(folder: string, type: 'int64' | 'string', from: number): Promise<void> {
  const connector = await S3ParquetConnector.open({ storage: { type: 'file', path: folder } });
  const fields = [
    { name: 'id', type, nullable: false },
    { name: 'price', type: 'decimal(9,2)' },
  ];
  const records = Array.from({ length: 100 }, (_, i) => ({
    id: type === 'int64' ? from + i : `id ${from + i}`,
    price: `${i}.50`,
  }));
  await connector.write({ schema: { fields }, records, partitionPath: `part=${from}`, fileName: 'rows' });
  connector.close();
}

test('what the connector wrote is scanned by pattern, and by a manifest of it', async (t) => {
  const folder = tempFolder(t);
  for (const from of [0, 100]) await written(folder, 'int64', from);
  const all = scan(`${folder}/part=*/*.parquet`);
  assert.equal(await all.count(), 200);
  assert.deepEqual(await all.aggregate('min(id), max(price)'), { 'min(id)': 0, 'max(price)': '99.50' });
  const some = all.filter('price = 7.50').select('id');
  assert.deepEqual(await some.collect(), [{ id: 7n }, { id: 107n }]);
  assert.equal((await some.explain()).files.read, 2);
  assert.ok(all.usage.bytesRead > 0);
  const manifest = await writeManifest(`${folder}/part=100/`);
  const read = await readManifest(manifest.manifest, { filter: 'id >= 150', select: ['id'] });
  const counts = await Array.fromAsync(read, ({ numRows }) => numRows);
  assert.deepEqual(counts, [50]);
  assert.deepEqual([read.summary.rows, read.summary.files, read.summary.failures], [50, 1, []]);
});

test('errors are those of the library', async (t) => {
  const folder = tempFolder(t);
  await assert.rejects(scan(`${folder}/*.parquet`).count(), NotFoundError);
  await assert.rejects(readManifest(join(folder, 'manifest.json')), NotFoundError);
  assert.throws(() => scan(folder, { config: join(folder, 'none.toml') }), ConfigError);
  await written(folder, 'int64', 0);
  await assert.rejects(scan(`${folder}/`).filter('nope = 1').collect(), {
    name: 'ConfigError',
    message: /no column nope/,
  });
  await written(folder, 'string', 100);
  await assert.rejects(scan(`${folder}/`).count(), SchemaError);
  await assert.rejects(Array.fromAsync(scan(`${folder}/`).batches()), SchemaError);
  assert.equal(await scan(`${folder}/`, { onError: 'skip' }).count(), 100);
  assert.equal(readdirSync(folder).includes('manifest.json'), false);
});
