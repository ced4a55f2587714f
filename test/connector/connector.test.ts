import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tableFromArrays } from 'apache-arrow';
import {
  ConfigError,
  HashPartitioning,
  NotFoundError,
  RangePartitioning,
  S3Error,
  S3ParquetConnector,
  SchemaError,
  TimePartitioning,
  ValuePartitioning,
} from '../../src/connector/index.ts';
import { tempFolder } from '../support/temp.ts';
import { collect, openInFolder } from './support.ts';

const SCHEMA = {
  fields: [
    { name: 'id', type: 'int64', nullable: false },
    { name: 'timestamp', type: 'timestamp(us, UTC)' },
    { name: 'service_name', type: 'string' },
    { name: 'status_code', type: 'int32' },
    { name: 'attributes', type: 'map<string,string>' },
  ],
} as const;

const record = (id: number) => ({
  id,
  timestamp: new Date(Date.UTC(2026, 10, 21, id % 24)),
  service_name: ['web', 'checkout', null][id % 3],
  status_code: 200 + 100 * (id % 4),
  attributes: { route: `/things/${id % 5}` },
});
const records = (count: number) => Array.from({ length: count }, (_, id) => record(id));

test('the whole way: a batch is written under partitions, listed, read, streamed, followed and deleted', async (t) => {
  const { connector, path } = await openInFolder(t);
  const written = await connector.batchWrite({
    schema: SCHEMA,
    records: records(100),
    partitioning: [new ValuePartitioning('service_name'), new TimePartitioning({ granularity: 'day' })],
  });
  assert.deepEqual([written.fileCount, written.recordCount], [3, 100]);
  const folders = ['checkout', 'web', '__HIVE_DEFAULT_PARTITION__'].map(
    (name) => `service_name=${name}/date=2026-11-21`,
  );
  assert.deepEqual(new Set(written.files.map(({ partitionPath }) => partitionPath)), new Set(folders));
  for (const file of written.files) assert.ok(existsSync(join(path, file.path)));

  const partitions = await connector.listPartitions('service_name=w');
  assert.deepEqual(
    partitions.map(({ partitionPath, recordCount }) => [partitionPath, recordCount]),
    [['service_name=web/date=2026-11-21', 34]],
  );
  const { records: found } = await connector.read({
    partitionPath: 'service_name=web',
    filter: 'status_code >= 400 AND id < 20',
    selectFields: ['id', 'attributes', 'timestamp'],
    limit: 1,
  });
  assert.deepEqual(structuredClone(found), [
    { id: 3n, attributes: { route: '/things/3' }, timestamp: '2026-11-21T03:00:00.000000Z' },
  ]);

  const streamed = await collect(connector.streamingRead({ batchSize: 10 }));
  assert.equal(
    streamed.reduce((sum, batch) => sum + batch.numRows, 0),
    100,
  );
  assert.ok(streamed.every((batch) => batch.numRows <= 10));
  const ids = (await collect(connector.streamingRead({ as: 'records', selectFields: ['id'] }))).map(({ id }) =>
    Number(id),
  );
  assert.deepEqual(
    ids.sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, i) => i),
  );

  const dry = await connector.deletePartition('service_name=web', { dryRun: true });
  assert.deepEqual([dry.dryRun, dry.recordCount, (await connector.listPartitions()).length], [true, 34, 3]);
  await connector.deletePartition('service_name=web');
  assert.equal((await connector.read()).recordCount, 66);
  await assert.rejects(connector.read({ partitionPath: 'service_name=web' }), NotFoundError);
});

test('each committed batch is given once, and a cursor goes on where it was left', async (t) => {
  const { connector } = await openInFolder(t);
  const first = await connector.batchWrite({ schema: SCHEMA, records: records(10), path: 'orders' });
  await connector.write({ schema: SCHEMA, records: records(3), partitionPath: 'orders/extra', fileName: 'one' });
  const changes = connector.changes();
  const seen = await collect(changes);
  assert.deepEqual(
    seen.map(({ recordCount }) => recordCount),
    [10, 3],
  );
  assert.equal(seen[0]!.commitId, first.commitId);
  assert.equal((await collect(seen[0]!.records({ filter: 'id < 4' }))).length, 4);

  const last = await connector.batchWrite({ schema: SCHEMA, records: records(7), path: 'other' });
  const next = await collect(connector.changes({ after: changes.cursor }));
  assert.deepEqual(
    next.map(({ commitId }) => commitId),
    [last.commitId],
  );
  const fromFirst = await collect(connector.changes({ after: seen[0]!.cursor }));
  assert.deepEqual(
    fromFirst.map(({ recordCount }) => recordCount),
    [3, 7],
  );
  const here = await collect(connector.changes({ partitionPath: 'orders' }));
  assert.equal(here.length, 2);
  const now = connector.changes({ after: 'now' });
  assert.deepEqual(await collect(now), []);
  assert.deepEqual(await collect(connector.changes({ after: now.cursor })), []);
});

test('every kind of partitioning puts rows where the TOML file would', async (t) => {
  const { connector } = await openInFolder(t);
  const { files } = await connector.batchWrite({
    schema: SCHEMA,
    records: records(8),
    partitioning: [
      new RangePartitioning('status_code', [[200, 300, 'success']], { default: 'failure' }),
      new HashPartitioning('service_name', 2),
      new ValuePartitioning("attributes['route']", { name: 'route' }),
    ],
  });
  const folders = files.map(({ partitionPath }) => partitionPath);
  assert.ok(folders.includes('status_code_range=success/service_name_bucket=1/route=%2Fthings%2F0'), String(folders));
  assert.ok(folders.every((folder) => /^status_code_range=(success|failure)\/service_name_bucket=/.test(folder)));
});

test('fromToml takes the sections of a file, its partitioning included', async (t) => {
  const folder = tempFolder(t);
  const file = join(folder, 'lake.toml');
  const text = `[storage]\npath = "${join(folder, 'lake')}"\n[parquet]\nsort_by = ["id"]\n[partitioning]\ntype = "value"\nfield = "kind"\n`;
  writeFileSync(file, text);
  await using connector = await S3ParquetConnector.fromToml(file);
  const { files } = await connector.batchWrite({
    records: [
      { id: 2, kind: 'b' },
      { id: 1, kind: 'b' },
    ],
  });
  assert.equal(files[0]!.partitionPath, 'kind=b');
  const { records: found } = await connector.read();
  assert.deepEqual(
    found.map(({ id }) => id),
    [1n, 2n],
  );
  writeFileSync(file, '[storage]\npaht = "x"\n');
  await assert.rejects(S3ParquetConnector.fromToml(file), {
    name: 'ConfigError',
    message: /did you mean storage.path/,
  });
});

test('Arrow record batches are written as they are, beside records', async (t) => {
  const { connector } = await openInFolder(t);
  const [batch] = tableFromArrays({ id: Int32Array.of(1, 2), name: ['a', 'b'] }).batches;
  const { recordCount } = await connector.batchWrite({ records: [batch!, { id: 3, name: 'c' }] });
  assert.equal(recordCount, 3);
  const { records: found } = await connector.read();
  assert.deepEqual(new Set(found.map(({ id, name }) => `${id}${name}`)), new Set(['1a', '2b', '3c']));
});

test('write makes one file, refuses a taken name, and replaces it where it is told to', async (t) => {
  const { connector } = await openInFolder(t);
  const options = { schema: SCHEMA, records: records(5), partitionPath: 'day=1', fileName: 'part-0' };
  const written = await connector.write(options);
  assert.deepEqual([written.path, written.recordCount], ['day=1/part-0.parquet', 5]);
  await assert.rejects(
    connector.write(options),
    (error) => error instanceof S3Error && error.code === 'already_exists',
  );
  await connector.write({ ...options, records: records(2), overwrite: true });
  assert.equal((await connector.read()).recordCount, 2);
  for (const fileName of ['', 'a/b', '_hidden', '20261121T085523123Z-4f9c1a2b-0007']) {
    await assert.rejects(connector.write({ ...options, fileName }), ConfigError);
  }
  await assert.rejects(connector.write({ records: [], fileName: 'none' }), SchemaError);
  const empty = await connector.write({ schema: SCHEMA, records: [], fileName: 'empty' });
  assert.equal(empty.recordCount, 0);
});

test('files of another schema are refused with the reasons, files of a wider one are read along', async (t) => {
  const { connector } = await openInFolder(t);
  await connector.write({ schema: { fields: [{ name: 'id', type: 'int32' }] }, records: [{ id: 1 }], fileName: 'a' });
  await connector.write({
    schema: {
      fields: [
        { name: 'note', type: 'string' },
        { name: 'id', type: 'int64' },
      ],
    },
    records: [{ id: 2n ** 40n, note: 'new' }],
    fileName: 'b',
  });
  const { records: found } = await connector.read({ selectFields: ['id', 'note'] });
  assert.deepEqual(found, [
    { id: 1n, note: null },
    { id: 2n ** 40n, note: 'new' },
  ]);
  const old = { fields: [{ name: 'id', type: 'int64' }] };
  const next = { fields: [{ name: 'id', type: 'string' }] };
  const { compatible, reasons } = connector.validateSchemaCompatibility(old, next);
  assert.deepEqual([compatible, reasons.length], [false, 1]);
  await connector.write({ schema: next, records: [{ id: 'x' }], fileName: 'c' });
  await assert.rejects(connector.read(), SchemaError);
});

test('leaving a stream early is no error, and wrong arguments are errors of the library', async (t) => {
  const { connector } = await openInFolder(t);
  await connector.batchWrite({ schema: SCHEMA, records: records(50) });
  for await (const batch of connector.streamingRead({ batchSize: 5 })) {
    assert.ok(batch.numRows > 0);
    break;
  }
  assert.equal(connector.readMetrics().errors, 0);
  await assert.rejects(connector.read({ filter: 'id === 3' }), ConfigError);
  await assert.rejects(connector.read({ partitionPath: '../x' }), ConfigError);
  await assert.rejects(collect(connector.changes({ after: 'no cursor' })), ConfigError);
  await assert.rejects(connector.batchWrite({ records: 5 as never }), ConfigError);
  await assert.rejects(connector.batchWrite({ records: [], batchSize: 0 }), ConfigError);
  for (const path of ['_lake/commits', 'a/.hidden', '/a', '..']) {
    await assert.rejects(connector.batchWrite({ records: records(1), path }), ConfigError);
  }
  const strange = { schema: SCHEMA, records: records(1) };
  await assert.rejects(connector.batchWrite({ ...strange, onInvalid: 'maybe' as never }), ConfigError);
  await assert.rejects(connector.batchWrite({ ...strange, parallelism: 1.5 }), ConfigError);
  for (const schema of [5, { fields: 'id' }, { fields: [{ name: 'id', type: 'strange' }] }, { fields: [] }]) {
    await assert.rejects(connector.batchWrite({ ...strange, schema: schema as never }), SchemaError);
  }
  for (const wrong of [null, 5, 'text', undefined, [1, 2, 3, 4, 5, 6]]) {
    await assert.rejects(connector.batchWrite({ ...strange, records: [wrong as never] }), SchemaError);
    await assert.rejects(connector.batchWrite({ records: [wrong as never] }), SchemaError);
  }
  const missing = new ValuePartitioning('nowhere');
  await assert.rejects(connector.batchWrite({ records: records(1), partitioning: missing }), {
    name: 'ConfigError',
    message: /no column nowhere/,
  });
});

test('metrics tell what was written and read', async (t) => {
  const { connector } = await openInFolder(t);
  await connector.batchWrite({ schema: SCHEMA, records: records(1000) });
  await connector.read({ limit: 10 });
  const { operations, files, records: count, bytes, compressionRatio, latency } = connector.writeMetrics();
  assert.deepEqual([operations, files, count, latency.count], [1, 1, 1000, 1]);
  assert.ok(bytes > 0 && compressionRatio > 1);
  assert.ok(latency.p50Ms <= latency.p99Ms && latency.p99Ms <= latency.maxMs);
  assert.deepEqual([connector.readMetrics().operations, connector.readMetrics().records], [1, 10]);
});

test('an empty batch writes nothing, not even a commit', async (t) => {
  const { connector, path } = await openInFolder(t);
  const { fileCount } = await connector.batchWrite({ schema: SCHEMA, records: [] });
  assert.deepEqual([fileCount, readdirSync(path).filter((name) => name === '_lake')], [0, []]);
});
