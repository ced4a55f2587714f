/** A lake of all captured requests before pyarrow and DuckDB: values, not counts. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { SERVICE_MESSAGES } from '../../src/decode/messages.ts';
import { encode } from '../../src/decode/protobuf-writer.ts';
import { SIGNAL_LIST, type SignalName } from '../../src/model/signal.ts';
import { plainMessage, withValidIds } from '../decode/arbitraries.ts';
import { parseNdjson, startBridge, type TestBridge } from '../support/daemon.ts';
import { expectedLake, rowTexts } from '../support/expected-lake.ts';
import { readSamples } from '../support/samples.ts';
import { exportHttp } from '../support/send.ts';
import { sharedBridge } from '../support/shared-bridge.ts';
import { QUESTIONS } from './engine-questions.ts';

const SCRIPT = fileURLToPath(new URL('engines.py', import.meta.url));
const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
interface Files {
  readonly types: Record<string, string>;
  readonly codecs: string[];
}

const ENGINES = ['pyarrow', 'duckdb'] as const;
const SIGNAL_NAMES = SIGNAL_LIST.map(({ name }) => name);
/** Of these, each type of metric and each kind of body is among the first. */
const FEW_FILES = 12;
const GENERATED_REQUESTS = 100;
const MIN_GENERATED_ROWS = 30;

type Row = Record<string, unknown>;

type Command = readonly [name: string, ...args: unknown[]];

/** The answers of engines.py, one a command. */
async function ask<T>(bridge: TestBridge, commands: readonly Command[]): Promise<T[]> {
  const child = spawn('python3', [SCRIPT, join(bridge.folder, 'lake')], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(commands));
  const answers = parseNdjson(await text(child.stdout));
  assert.equal(answers.length, commands.length);
  return answers as T[];
}

async function fill(bridge: TestBridge, signal: SignalName, files: number): Promise<string[]> {
  const samples = readSamples(signal).slice(0, files);
  for (const { file, body, encoding } of samples) {
    assert.equal((await exportHttp(bridge.otlp, body, encoding, {}, signal)).status, 200, file);
  }
  await bridge.flush();
  return samples.map(({ file }) => file);
}

/** Rows of an engine without the Hive columns, which must say the day and the hour of the row. */
function withoutPlace({ date, hour, ...row }: Row): Row {
  const time = row.timestamp as string | null;
  assert.equal(date, time?.slice(0, 10) ?? null);
  assert.equal(hour, time === null ? null : Number(time.slice(11, 13)));
  return row;
}

async function assertRows(bridge: TestBridge, signal: SignalName, files: readonly string[]): Promise<void> {
  const wanted = expectedLake(signal).texts(files);
  const seen = await ask<Row[]>(
    bridge,
    ENGINES.map((engine) => [engine, signal]),
  );
  for (const [i, engine] of ENGINES.entries()) {
    const found = rowTexts(seen[i]!.map(withoutPlace));
    assert.equal(found.length, wanted.length, engine);
    for (const [at, row] of found.entries()) assert.equal(row, wanted[at], engine);
  }
}

const sent: Partial<Record<SignalName, string[]>> = {};
const bridge = sharedBridge('', async (empty) => {
  for (const signal of SIGNAL_NAMES) sent[signal] = await fill(empty, signal, Number.POSITIVE_INFINITY);
});

for (const signal of SIGNAL_NAMES) {
  test(`pyarrow and DuckDB read every captured row of ${signal} field by field`, async () => {
    await assertRows(bridge, signal, sent[signal]!);
  });
}

for (const codec of ['SNAPPY', 'GZIP', 'LZ4', 'UNCOMPRESSED']) {
  test(`pyarrow and DuckDB read all three tables in ${codec}`, async (t) => {
    const other = await startBridge(t, `[parquet]\ncompression = "${codec}"`);
    for (const signal of SIGNAL_NAMES) await assertRows(other, signal, await fill(other, signal, FEW_FILES));
    const files = await ask<Files>(
      other,
      SIGNAL_NAMES.map((signal) => ['files', signal]),
    );
    for (const { codecs } of files) assert.deepEqual(codecs, [codec]); // pyarrow says LZ4 for LZ4_RAW
  });
}

for (const signal of SIGNAL_NAMES) {
  test(`pyarrow and DuckDB read generated ${signal}, in which every field is set, as the bridge does`, async (t) => {
    const other = await startBridge(t, '[partitioning]\ntype = "none"');
    const name = SERVICE_MESSAGES[signal].request;
    for (const message of fc.sample(plainMessage(name), { seed: 41, numRuns: GENERATED_REQUESTS })) {
      const body = new Uint8Array(encode(name, withValidIds(name, message)));
      assert.equal((await exportHttp(other.otlp, body, 'protobuf', {}, signal)).status, 200);
    }
    await other.flush();
    const own = (await other.rows({}, signal)).map(asText).sort();
    assert.ok(own.length > MIN_GENERATED_ROWS);
    const seen = await ask<Row[]>(
      other,
      ENGINES.map((engine) => [engine, signal]),
    );
    for (const rows of seen) assert.deepEqual(rows.map(asText).sort(), own);
  });
}

test('pyarrow sees maps, lists of structs, lists of numbers and times as such', async () => {
  const [traces, logs, metrics] = await ask<Files>(bridge, [
    ['files', 'traces'],
    ['files', 'logs'],
    ['files', 'metrics'],
  ]);
  const { attributes, timestamp, trace_id, events } = traces!.types;
  assert.match(attributes!, /^map<string, string\b/); // newer pyarrow adds the entries' name
  assert.equal(timestamp, 'timestamp[us, tz=UTC]');
  assert.equal(trace_id, 'string');
  assert.match(
    events!,
    /^list<element: struct<time_unix_nano: int64 not null, name: string not null, attributes: map</,
  );
  const { bucket_counts, explicit_bounds, exemplars, quantiles } = metrics!.types;
  assert.equal(bucket_counts, 'list<element: int64 not null>');
  assert.equal(explicit_bounds, 'list<element: double not null>');
  assert.match(exemplars!, /^list<element: struct<.*value_double: double, value_int: int64, attributes: map</);
  assert.match(quantiles!, /^list<element: struct<quantile: double not null, value: double not null>/);
  assert.equal(logs!.types.body, 'string');
});

/** Maps whose keys users look up. */
const MAPS: readonly (readonly [SignalName, column: string])[] = [
  ['traces', 'attributes'],
  ['traces', 'resource_attributes'],
  ['logs', 'attributes'],
  ['logs', 'resource_attributes'],
  ['metrics', 'attributes'],
  ['metrics', 'resource_attributes'],
];
const MAX_KEYS = 20;

function countsOf(values: readonly unknown[]): [unknown, number][] {
  return [...Map.groupBy(values, String)].map(([, same]): [unknown, number] => [same[0], same.length]).sort(byText);
}

function byText(a: unknown, b: unknown): number {
  const [left, right] = [asText(a), asText(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Numbers as their digits, which large ones already are, and members by name. */
function asText(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'number') return String(inner);
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

for (const [signal, column] of MAPS) {
  test(`the keys of ${column} in ${signal} are found by map lookups`, async () => {
    const maps = (await bridge.rows({}, signal)).map((row) => row[column] as Record<string, string | null> | null);
    const keys = [...new Set(maps.flatMap((map) => Object.keys(map ?? {})))].sort().slice(0, MAX_KEYS);
    assert.ok(keys.length > 0);
    const own = keys.map((key) => countsOf(maps.map((map) => map?.[key] ?? null)));
    const queries = keys.map((key): Command => {
      const value = `${column}['${key.replaceAll("'", "''")}']`;
      return ['sql', `SELECT ${value}, count(*) FROM ${signal} GROUP BY 1`];
    });
    const [arrow] = await ask<(string | null)[][]>(bridge, [['lookup', signal, keys.map((key) => [column, key])]]);
    assert.deepEqual(arrow!.map(countsOf), own);
    const duck = await ask<[string | null, number][]>(bridge, queries);
    assert.deepEqual(
      duck.map((rows) => rows.sort(byText)),
      own,
    );
  });
}

for (const { what, signal, sql, own } of QUESTIONS) {
  test(`DuckDB finds ${what} as the bridge does`, async () => {
    const wanted = (await bridge.rows({}, signal)).flatMap(own);
    assert.ok(wanted.length > 0);
    const [found] = await ask<unknown[][]>(bridge, [['sql', sql]]);
    assert.deepEqual(found!.map(asText).sort(), wanted.map(asText).sort());
  });
}

test('DuckDB understands the queries of the README', async () => {
  const blocks = [...README.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, block]) => block!);
  const queries = blocks.filter((block) => block.includes('read_parquet')).flatMap((block) => block.split(/;\n/));
  const lake = join(bridge.folder, 'lake');
  const asked = queries
    .filter((query) => query.trim() !== '')
    .map((query): Command => ['sql', `SELECT count(*) FROM (${query.replaceAll('data/lake', lake)})`]);
  assert.ok(asked.length >= 4);
  for (const rows of await ask<unknown[]>(bridge, asked)) assert.equal(rows.length, 1);
});
