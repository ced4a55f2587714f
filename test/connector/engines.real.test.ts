/** What the library wrote, in engines that are not ours. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { TimePartitioning, ValuePartitioning } from '../../src/connector/index.ts';
import { openInFolder } from './support.ts';

test('pyarrow and DuckDB find every row of a partitioned batch, with its values and the folders as columns', async (t) => {
  const { connector, path } = await openInFolder(t);
  const schema = {
    fields: [
      { name: 'id', type: 'int64', nullable: false },
      { name: 'kind', type: 'string' },
      { name: 'at', type: 'timestamp(us, UTC)' },
      { name: 'total', type: 'decimal(20,3)' },
      { name: 'attributes', type: 'map<string,string>' },
      { name: 'tags', type: 'list<string>' },
    ],
  };
  const rows = Array.from({ length: 500 }, (_, id) => ({
    id,
    kind: id % 3 === 0 ? 'ä b/c' : 'plain',
    at: new Date(Date.UTC(2026, 10, 20 + (id % 2), 12)),
    total: `${id}.125`,
    attributes: { key: `value ${id % 7}` },
    tags: ['a', `t${id % 5}`],
  }));
  const partitioning = [
    new ValuePartitioning('kind', { name: 'kind_of' }),
    new TimePartitioning({ field: 'at', format: 'day=%Y-%m-%d' }),
  ];
  // Small buffers: several files a partition, of dictionaries that differ.
  await connector.batchWrite({ schema, records: rows, partitioning, batchSize: 50, maxBufferedBytes: 20_000 });
  const output = execFileSync('python3', [join(import.meta.dirname, 'engines.py'), path], { encoding: 'utf8' });
  const seen = JSON.parse(output) as Record<string, unknown[]>;
  const expected = rows.map(({ at, ...row }) => ({
    ...row,
    at: at.toISOString().replace('.000Z', '+00:00'),
    day: at.toISOString().slice(0, 10),
  }));
  assert.deepEqual(seen.pyarrow, expected);
  assert.deepEqual(seen.duckdb, expected);
});
