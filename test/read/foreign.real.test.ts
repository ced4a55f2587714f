import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { emit } from '../../src/read/emit/emit.ts';
import { readRows } from '../../src/read/read.ts';
import { type ReadParameters, readRequest } from '../../src/read/request.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { PARQUET, readDeps, span, toParquet } from './rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'otel-lake-foreign-'));
after(() => rmSync(folder, { recursive: true }));

function python(script: string, ...args: string[]): string {
  return execFileSync('python3', ['-c', script, ...args], { maxBuffer: 1 << 28 }).toString();
}

async function read(body: Uint8Array, parameters: ReadParameters): Promise<Uint8Array> {
  const store = createMemoryStore();
  await store.put('traces/foreign.parquet', body);
  const request = readRequest('traces', parameters);
  const result = readRows(request, readDeps(store));
  const chunks: Uint8Array[] = [];
  for await (const chunk of emit(request.format, result.output, result.batches(), {
    table: 'traces',
    parquet: PARQUET,
  }))
    chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

async function readJson(body: Uint8Array, parameters: ReadParameters) {
  const text = Buffer.from(await read(body, parameters)).toString();
  return text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
}

const WRITE = `
import pyarrow as pa, pyarrow.parquet as pq, sys, datetime as dt
path, unit, compression, version, strings = sys.argv[1:]
text = {'dictionary': pa.dictionary(pa.int16(), pa.string()), 'large': pa.large_string(), 'view': pa.string_view()}[strings]
n = 2500
at = dt.datetime(2026, 11, 21, 8, tzinfo=dt.timezone.utc)
table = pa.table({
    'unknown': pa.array(range(n)),
    'timestamp': pa.array([None if i == 7 else at + dt.timedelta(seconds=i) for i in range(n)], pa.timestamp(unit, 'UTC')),
    'duration_nano': pa.array([None if i == 8 else i for i in range(n)], pa.int32()),
    'trace_id': pa.array([i.to_bytes(16, 'big') for i in range(n)], pa.binary(16)),
    'flags': pa.array(range(n), pa.uint16()),
    'name': pa.array([None if i == 9 else f'span {i % 10}' for i in range(n)], pa.string()).cast(text),
    'attributes': pa.array([None if i == 6 else [('k', str(i)), ('e', None)] for i in range(n)], pa.map_(pa.string(), text if strings != 'dictionary' else pa.string())),
    'events': pa.array([[{'name': 'e', 'extra': 1}] if i % 2 else [] for i in range(n)], pa.list_(pa.struct([('extra', pa.int8()), ('name', pa.string())]))),
})
pq.write_table(table, path, row_group_size=1000, compression=compression, data_page_version=version, store_schema=True)
`;

for (const [unit, compression, version, strings] of [
  ['ns', 'zstd', '2.0', 'dictionary'],
  ['ms', 'gzip', '1.0', 'large'],
  ['us', 'lz4', '1.0', 'view'],
  ['us', 'brotli', '2.0', 'large'],
  ['us', 'none', '1.0', 'dictionary'],
  ['us', 'snappy', '1.0', 'view'],
] as const) {
  test(`a file of pyarrow is read: ${unit}, ${compression}, pages ${version}, ${strings} strings`, async () => {
    const path = join(folder, 'foreign.parquet');
    python(WRITE, path, unit, compression, version, strings);
    const body = readFileSync(path);
    const rows = await readJson(body, {});
    assert.equal(rows.length, 2500);
    const { timestamp, duration_nano, trace_id, flags, name, attributes, events, service_name, links } = rows[1001];
    assert.deepEqual(
      { timestamp, duration_nano, trace_id, flags, name, attributes, service_name, links },
      {
        timestamp: '2026-11-21T08:16:41.000000Z',
        duration_nano: 1001,
        trace_id: '000000000000000000000000000003e9',
        flags: 1001,
        name: 'span 1',
        attributes: { k: '1001', e: null },
        service_name: null,
        links: null,
      },
    );
    const event = {
      time_unix_nano: null,
      name: 'e',
      attributes: null,
      attribute_types: null,
      dropped_attributes_count: null,
    };
    assert.deepEqual(events, [event]);
    assert.deepEqual(
      [rows[6].attributes, rows[7].timestamp, rows[8].duration_nano, rows[9].name],
      [null, null, null, null],
    );
    const ids = async (filter: string) => (await readJson(body, { filter, select: 'flags' })).map((row) => row.flags);
    assert.deepEqual(await ids("timestamp BETWEEN '2026-11-21T08:33:20Z' AND '2026-11-21T08:33:21.5Z'"), [2000, 2001]);
    assert.deepEqual(await ids("attributes['k'] IN (5, 6, 7) OR duration_nano = 2499"), [5, 7, 2499]);
    assert.deepEqual(await ids("trace_id = '00000000000000000000000000000011'"), [17]);
    assert.deepEqual(await ids("name IS NULL OR name = 'span 3' AND flags < 20"), [3, 9, 13]);
    assert.deepEqual(await ids("service_name = 'x'"), []);
  });
}

test('pyarrow and DuckDB read what is given out, value for value', async () => {
  const rows = Array.from({ length: 300 }, (_, i) => {
    const events = [
      {
        time_unix_nano: BigInt(i),
        name: 'e"\n',
        attributes: new Map([['a', 'b']]),
        attribute_types: 's',
        dropped_attributes_count: 0n,
      },
    ];
    return span(i, i % 3 === 0 ? { events, trace_state: 'a=b,"c"', duration_nano: 2n ** 60n + BigInt(i) } : {});
  });
  const body = toParquet(rows);
  const paths = ['lake.parquet', 'out.arrow', 'out.ndjson', 'out.csv', 'out.parquet', 'out.json'].map((name) =>
    join(folder, name),
  );
  writeFileSync(paths[0]!, body);
  const filter = 'flags = 1';
  writeFileSync(paths[1]!, await read(body, { format: 'arrow', filter }));
  writeFileSync(paths[2]!, await read(body, { format: 'ndjson', filter }));
  writeFileSync(paths[3]!, await read(body, { format: 'csv', filter }));
  writeFileSync(paths[4]!, await read(body, { format: 'parquet', filter }));
  writeFileSync(paths[5]!, await read(body, { format: 'json', filter }));
  const script = `
import duckdb, pyarrow as pa, pyarrow.parquet as pq, sys, csv, json
lake, arrow, ndjson, text, parquet, array = sys.argv[1:]
stream = pa.ipc.open_stream(arrow).read_all()
stream.validate(full=True)
stored = pq.read_table(lake)
assert stream.schema.names == stored.schema.names
assert stream.to_pylist() == stored.to_pylist()
assert pq.read_table(parquet).to_pylist() == stored.to_pylist()
db = duckdb.connect()
flat = 'trace_id, name, trace_state, duration_nano, start_time_unix_nano, kind, flags'
a = db.execute(f"SELECT {flat} FROM '{lake}' ORDER BY 1").fetchall()
b = db.execute(f"SELECT {flat} FROM read_json('{ndjson}') ORDER BY 1").fetchall()
c = db.execute(f"SELECT {flat} FROM read_csv('{text}', delim=',', quote='\\"', escape='\\"', header=true) ORDER BY 1").fetchall()
d = db.execute(f"SELECT {flat} FROM read_json('{array}') ORDER BY 1").fetchall()
e = db.execute(f"SELECT {flat} FROM '{parquet}' ORDER BY 1").fetchall()
assert a == b, (a[0], b[0])
assert a == d, (a[0], d[0])
assert a == e, (a[0], e[0])
assert a == c, (a[0], c[0])
rows = list(csv.DictReader(open(text, newline='')))
assert json.loads(rows[0]['events'])[0]['name'] == 'e"\\n'
print(stream.num_rows)
`;
  assert.equal(python(script, ...paths).trim(), '300');
});
