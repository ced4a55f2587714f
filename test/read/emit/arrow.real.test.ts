/** The Arrow stream, whose dictionaries change on the way, in implementations that are not ours. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { emit } from '../../../src/read/emit/emit.ts';
import { readRows } from '../../../src/read/read.ts';
import { type ReadParameters, readRequest } from '../../../src/read/request.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import { lakeFile } from '../lake-file.ts';
import { PARQUET, readDeps, span } from '../rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'otel-lake-arrow-'));
after(() => rmSync(folder, { recursive: true }));

const SCRIPT = `
import json, sys, duckdb, pyarrow as pa
table = pa.ipc.open_stream(open(sys.argv[1], 'rb').read()).read_all()
table.validate(full=True)
asked = "SELECT name, span_id, attributes['http.route'], attributes['big'], parent_span_id, len(events), events[1].attributes['k'] FROM given"
given = table
rows = duckdb.sql(asked).fetchall()
given = pa.ipc.open_stream(open(sys.argv[1], 'rb').read())
streamed = duckdb.sql(asked).fetchall()
python = [[r['name'], r['span_id'], dict(r['attributes']).get('http.route'), dict(r['attributes']).get('big'), r['parent_span_id'],
           len(r['events']), dict(r['events'][0]['attributes'])['k'] if r['events'] else None] for r in table.to_pylist()]
print(json.dumps({'duckdb': rows, 'streamed': streamed, 'pyarrow': python}))
`;

function row(i: number) {
  return span(i, {
    name: i < 700 ? `early ${i % 5}` : `late ${i % 3}`,
    parent_span_id: i % 4 === 0 ? null : `${i}`.padStart(16, '0'),
    attributes: new Map([
      ['http.route', `/items/${i % 7}`],
      ['big', `${i} `.repeat(i % 30)],
    ]),
    attribute_types: 'ss',
    events:
      i % 3 === 0
        ? [
            {
              time_unix_nano: 1n,
              name: 'e',
              attributes: new Map([['k', `v${i % 11}`]]),
              attribute_types: 's',
              dropped_attributes_count: 0n,
            },
          ]
        : [],
  });
}

async function stream(parameters: ReadParameters): Promise<string> {
  const store = createMemoryStore();
  const rows = Array.from({ length: 1000 }, (_, i) => row(i));
  await store.put('traces/a.parquet', lakeFile([rows.slice(0, 400), rows.slice(400, 700)], { pageSize: 2000 }));
  await store.put('traces/b.parquet', lakeFile([rows.slice(700)]));
  const request = readRequest('traces', { ...parameters, format: 'arrow' });
  const result = readRows(request, readDeps(store));
  const chunks: Uint8Array[] = [];
  const options = { table: 'traces', parquet: PARQUET } as const;
  for await (const chunk of emit(request.format, result.output, result.batches(), options)) chunks.push(chunk);
  const file = join(folder, 'rows.arrows');
  writeFileSync(file, Buffer.concat(chunks));
  return file;
}

for (const [which, filter, keep] of [
  ['all rows', undefined, () => true],
  [
    'few rows',
    "name = 'early 3' AND \"http.route\" = '/items/2'",
    (i: number) => i < 700 && i % 5 === 3 && i % 7 === 2,
  ],
  ['no rows', "name = 'never'", () => false],
] as const) {
  test(`pyarrow and DuckDB read ${which} of an Arrow stream as they were written`, async () => {
    const file = await stream(filter === undefined ? {} : { filter });
    const found = JSON.parse(execFileSync('python3', ['-c', SCRIPT, file], { maxBuffer: 1 << 28 }).toString());
    const expected = Array.from({ length: 1000 }, (_, i) => i)
      .filter(keep)
      .map((i) => {
        const { name, span_id, attributes, parent_span_id } = row(i);
        const map = attributes as ReadonlyMap<string, string>;
        const event = i % 3 === 0 ? `v${i % 11}` : null;
        return [name, span_id, map.get('http.route'), map.get('big'), parent_span_id, event === null ? 0 : 1, event];
      });
    for (const engine of ['pyarrow', 'duckdb', 'streamed']) assert.deepEqual(found[engine], expected, engine);
  });
}
