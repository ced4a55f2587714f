import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startBridge } from '../support/daemon.ts';
import { readSamples } from '../support/samples.ts';
import { exportHttp } from '../support/send.ts';

const SCRIPT = fileURLToPath(new URL('engines.py', import.meta.url));
const samples = readSamples('traces').filter(({ file }) => !/01(28|34|37|40|43|46)/.test(file)); // those have spans without ids

interface Seen {
  readonly duckdb: [
    trace: string,
    span: string,
    name: string,
    kind: string,
    duration: string,
    attributes: string,
    events: number,
    date: string,
    hour: string,
  ][];
  readonly pyarrow: [trace: string, span: string][];
  readonly types: Record<string, string>;
  readonly codecs: string[];
}

/** The same columns of a row from both sides, as text: captured spans come more than once, so rows have no key. */
function ownRow(row: Record<string, unknown>): string {
  const time = row.timestamp as string | null;
  const { trace_id, span_id, name, kind, duration_nano, attributes, events } = row;
  const place = [time?.slice(0, 10) ?? null, time?.slice(11, 13) ?? null];
  return JSON.stringify([
    trace_id,
    span_id,
    name,
    kind,
    String(duration_nano),
    attributes,
    (events as unknown[]).length,
    ...place,
  ]);
}

function duckdbRow(row: Seen['duckdb'][number]): string {
  const [trace, span, name, kind, duration, text, events, date, hour] = row;
  const entries = JSON.parse(text) as { key: string; value: string | null }[];
  const attributes = Object.fromEntries(entries.map(({ key, value }) => [key, value]));
  return JSON.stringify([trace, span, name, kind, duration, attributes, events, date, hour]);
}

for (const compression of ['ZSTD', 'SNAPPY', 'GZIP', 'LZ4', 'UNCOMPRESSED']) {
  test(`pyarrow and DuckDB read a lake of the bridge in ${compression} with the rows the bridge itself reads`, async (t) => {
    const bridge = await startBridge(t, `[parquet]\ncompression = "${compression}"`);
    for (const { body, encoding } of samples) assert.equal((await exportHttp(bridge.otlp, body, encoding)).status, 200);
    await bridge.flush();
    const own = await bridge.rows();
    const output = execFileSync('python3', [SCRIPT, join(bridge.folder, 'lake')], { maxBuffer: 1 << 28 }).toString();
    const seen = JSON.parse(output) as Seen;

    assert.deepEqual(seen.pyarrow.map(String).sort(), own.map((row) => `${row.trace_id},${row.span_id}`).sort());
    assert.deepEqual(seen.duckdb.map(duckdbRow).sort(), own.map(ownRow).sort());
    assert.match(seen.types.attributes!, /^map<string, string\b/); // newer pyarrow adds the entries' name
    assert.equal(seen.types.timestamp, 'timestamp[us, tz=UTC]');
    assert.equal(seen.types.trace_id, 'string');
    assert.deepEqual(seen.codecs, [compression]); // pyarrow says LZ4 for LZ4_RAW
  });
}
