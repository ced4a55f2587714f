/**
 * What the Parquet encoder costs a span, part by part, and what each of its choices saves.
 *
 *   npm run bench encode -- [--rows N, default 100000]
 *
 * Input: the payloads of bench/payloads decoded over and over, with other ids and times in each copy,
 * sorted as in a lake. Figures are CPU time of the process, the best of several runs.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type RecordBatch, Table, tableToIPC } from 'apache-arrow';
import {
  Compression,
  EnabledStatistics,
  Encoding,
  Table as WasmTable,
  WriterPropertiesBuilder,
  wasmMemory,
  writeParquet,
} from 'parquet-wasm/node';
import { toArrow } from '../src/batch/arrow.ts';
import { createTableBuilder } from '../src/batch/builder.ts';
import { orderRows } from '../src/batch/order.ts';
import { take } from '../src/batch/take.ts';
import type { ParquetConfig } from '../src/config/types.ts';
import { createDecoder } from '../src/decode/decoder.ts';
import { bloomFilter } from '../src/encode/bloom.ts';
import { dictionaryPays } from '../src/encode/distinct.ts';
import { createParquetEncoder } from '../src/encode/encoder.ts';
import type { Batch, IdData, NumberData } from '../src/model/batch.ts';
import { TRACES } from '../src/model/traces.ts';

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '100000' }, help: { type: 'boolean', default: false } },
});

if (values.help) {
  console.log(`npm run bench encode -- [options]
  --rows N   spans that are encoded (100000)`);
  process.exit(0);
}

const RUNS = 4;
const rows = Number(values.rows);
const folder = new URL('./payloads/', import.meta.url);

const CONFIG: ParquetConfig = {
  compression: 'ZSTD',
  rowGroupSize: rows,
  pageSize: 1_048_576,
  dictionaryEnabled: true,
  statisticsEnabled: true,
  bloomFilterEnabled: true,
  bloomFilterColumns: ['trace_id'],
  sortBy: ['service_name', 'timestamp'],
};

function spans(): RecordBatch {
  const bodies = readdirSync(folder)
    .filter((name) => name.startsWith('traces-'))
    .map((name) => new Uint8Array(readFileSync(new URL(name, folder))));
  const builder = createTableBuilder(TRACES);
  const limits = { maxAttributeCount: 1024, maxNesting: 32 };
  const decoder = createDecoder('traces', builder, { limits, promote: [] });
  const ends: number[] = [];
  while (builder.rows < rows) {
    decoder.decode(bodies[ends.length % bodies.length]!);
    ends.push(builder.rows);
  }
  const batch = builder.finish();
  varyRows(batch, ends);
  const { rows: order } = orderRows(batch, TRACES, undefined, 1, CONFIG.sortBy);
  return toArrow(take(batch, order.subarray(0, rows)), TRACES);
}

/** Gives each request other ids and times, and keeps what belongs together inside a request. */
function varyRows(batch: Batch, ends: readonly number[]): void {
  const column = (name: string) => batch.columns[TRACES.columns.findIndex((c) => c.name === name)]!;
  const ids = ['trace_id', 'span_id', 'parent_span_id'].map((name) => column(name) as IdData);
  const nanos = (column('start_time_unix_nano') as NumberData).values as BigInt64Array;
  const micros = (column('timestamp') as NumberData).values as BigInt64Array;
  let seed = 1;
  const random = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
    return seed >>> 24;
  };
  ends.forEach((end, request) => {
    const key = Uint8Array.from({ length: 8 }, random);
    for (let row = ends[request - 1] ?? 0; row < end; row++) {
      for (const { bytes, width } of ids) {
        for (let k = 0; k < 8; k++) bytes[row * width + k]! ^= key[k]!;
      }
      nanos[row]! += BigInt(request) * 97_000_000n;
      micros[row]! += BigInt(request) * 97_000n;
    }
  });
}

/** Least CPU time in microseconds a span, and the last result. */
function measure<T>(run: () => T): [number, T] {
  let best = Number.POSITIVE_INFINITY;
  let result: T | undefined;
  for (let i = 0; i < RUNS; i++) {
    const start = process.cpuUsage();
    result = run();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, user + system);
  }
  return [best / rows, result!];
}

function encode(config: Partial<ParquetConfig>): number {
  const encoder = createParquetEncoder(batch.schema, { ...CONFIG, ...config }, {});
  encoder.rowGroup(batch);
  return encoder.finish().footer.bytes;
}

type Change = (builder: WriterPropertiesBuilder) => WriterPropertiesBuilder;

/** parquet-wasm alone, with its own defaults but for what `change` sets. */
function write(change: Change): number {
  const builder = new WriterPropertiesBuilder().setCompression(Compression.ZSTD).setMaxRowGroupSize(rows);
  return writeParquet(WasmTable.fromIPCStream(ipc), change(builder).build()).length;
}

function line(name: string, micros: number, bytes?: number): void {
  const size = bytes === undefined ? '' : `${(bytes / rows).toFixed(2).padStart(8)} B/span`;
  console.log(`${name.padEnd(64)} ${micros.toFixed(2).padStart(6)} µs/span ${size}`);
}

const batch = spans();
const ipc = tableToIPC(new Table([batch]), 'stream');
console.log(`${rows} spans, ${(ipc.length / 1e6).toFixed(1)} MB as Arrow IPC\n`);

console.log('The encoder (row group, Bloom filter of trace_id, footer, check)');
for (const compression of ['UNCOMPRESSED', 'SNAPPY', 'LZ4', 'ZSTD', 'GZIP'] as const) {
  line(`  ${compression}`, ...measure(() => encode({ compression })));
}
line('  ZSTD without statistics', ...measure(() => encode({ statisticsEnabled: false })));
line('  ZSTD without dictionaries', ...measure(() => encode({ dictionaryEnabled: false })));
line('  ZSTD without Bloom filter', ...measure(() => encode({ bloomFilterEnabled: false })));
line('  ZSTD in 10 row groups', ...measure(inTenRowGroups));

console.log('\nIts parts');
line('  Arrow to IPC', measure(() => tableToIPC(new Table([batch]), 'stream'))[0]);
line('  IPC to parquet-wasm', measure(() => WasmTable.fromIPCStream(ipc).free())[0]);
line('  distinct values of plain columns', measure(() => batch.data.children.map(dictionaryPays))[0]);
for (const name of ['trace_id', 'span_id', 'service_name']) {
  const column = batch.getChild(name)!;
  line(`  Bloom filter of ${name}`, ...measure(() => bloomFilter(column)!.length));
}

console.log('\nThe choices, added one after the other to the defaults of parquet-wasm (IPC in, file out)');
const plain = batch.schema.fields.filter((field) => (field.type.children ?? []).length === 0).map((f) => f.name);
const unique = batch.schema.fields.filter((_, i) => !dictionaryPays(batch.data.children[i]!)).map((f) => f.name);
const choices: [string, Change][] = [
  ['defaults (page statistics everywhere)', (b) => b.setStatisticsEnabled(EnabledStatistics.Page)],
  [
    'statistics of columns outside maps and lists only',
    (b) =>
      plain.reduce(
        (builder, name) => builder.setColumnStatisticsEnabled(name, EnabledStatistics.Page),
        b.setStatisticsEnabled(EnabledStatistics.None),
      ),
  ],
  [
    `no dictionary for ${unique.join(', ')}`,
    (b) => unique.reduce((builder, name) => builder.setColumnDictionaryEnabled(name, false), b),
  ],
  ['write batches of 8,192', (b) => b.setWriteBatchSize(8192)],
  [
    '(not chosen) DELTA_BINARY_PACKED for start_time_unix_nano',
    (b) => b.setColumnEncoding('start_time_unix_nano', Encoding.DELTA_BINARY_PACKED),
  ],
];
let chosen: Change = (builder) => builder;
for (const [name, change] of choices) {
  const before = chosen;
  chosen = (builder) => change(before(builder));
  line(`  ${name}`, ...measure(() => write(chosen)));
}
console.log(`\nWebAssembly memory at the end: ${(wasmMemory().buffer.byteLength / 1e6).toFixed(0)} MB`);

function inTenRowGroups(): number {
  const encoder = createParquetEncoder(batch.schema, CONFIG, {});
  const size = Math.ceil(rows / 10);
  for (let start = 0; start < rows; start += size) encoder.rowGroup(batch.slice(start, start + size));
  return encoder.finish().footer.bytes;
}
