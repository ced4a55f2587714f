import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import type { Column, ColumnType, TableSchema } from '../../../src/model/table.ts';
import { createReadBatch } from '../../../src/read/columns/batch.ts';
import { emit } from '../../../src/read/emit/emit.ts';
import { EMIT_CHUNK_BYTES } from '../../../src/read/emit/sink.ts';
import type { ReadFormat } from '../../../src/read/request.ts';
import { bindSelection } from '../../../src/read/selection.ts';
import type { SelectedBatch } from '../../../src/read/types.ts';
import { PARQUET, type Row, toBatch } from '../rows.ts';

const OPTIONS = { table: 'traces', parquet: PARQUET } as const;

const element: ColumnType = {
  kind: 'struct',
  fields: [
    { name: 'at', type: { kind: 'int64' }, nullable: false },
    { name: 'tags', type: { kind: 'map' }, nullable: false },
  ],
};
const types: Readonly<Record<string, ColumnType>> = {
  s: { kind: 'string' },
  i: { kind: 'int64' },
  n: { kind: 'int32' },
  d: { kind: 'double' },
  b: { kind: 'bool' },
  t: { kind: 'timestamp' },
  m: { kind: 'map' },
  l: { kind: 'list', element },
};
const TABLE: TableSchema = {
  name: 'traces',
  columns: Object.entries(types).map(
    ([name, type], i): Column => ({ name, type, nullable: true, fieldId: i + 1, doc: '' }),
  ),
};

function batchesOf(rows: readonly Row[], dictionaries: boolean, keep = (_: number) => true): SelectedBatch[] {
  const arrow = toBatch(rows, TABLE, dictionaries);
  const batch = createReadBatch(arrow, { schema: TABLE, promotions: [] });
  return [{ batch, rows: Int32Array.from(rows.keys()).filter(keep) }];
}

async function* stream(batches: readonly SelectedBatch[]): AsyncGenerator<SelectedBatch> {
  yield* batches;
}

async function emitted(format: ReadFormat, batches: readonly SelectedBatch[], select?: string[]): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of emit(format, bindSelection(select, TABLE), stream(batches), OPTIONS)) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom('', '"\\\n\r\t\b\f\u0000\u001f', 'é𝄞', 'a,b'),
);
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 5 });
const int = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, 999_999_999n, 10n ** 9n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)),
);
const map = fc
  .dictionary(
    text.filter((key) => key !== '__proto__'),
    orNull(text),
    { maxKeys: 3 },
  )
  .map((object) => new Map(Object.entries(object)));
const row: fc.Arbitrary<Row> = fc.record({
  s: orNull(text),
  i: orNull(int),
  n: orNull(fc.integer()),
  d: orNull(fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0))),
  b: orNull(fc.boolean()),
  t: orNull(fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n })),
  m: orNull(map),
  l: orNull(fc.array(fc.record({ at: int, tags: map }), { maxLength: 2 })),
});

/** JSON.parse that keeps every digit of integers. */
function parseExact(line: string): unknown {
  return JSON.parse(line, (_, value, context?: { source: string }) => {
    return typeof value === 'number' && /^-?\d+$/.test(context!.source) ? BigInt(context!.source) : value;
  });
}

function isoMicros(micros: bigint): string {
  const ms = (micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n;
  const rest = String(micros - ms * 1000n).padStart(3, '0');
  return new Date(Number(ms)).toISOString().replace('Z', `${rest}Z`);
}

function asJson(value: Row[string], name: string): unknown {
  if (value === null || value === undefined) return null;
  if (name === 't') return isoMicros(value as bigint);
  if (name === 'n') return BigInt(value as number);
  if (value instanceof Map) return Object.fromEntries(value);
  if (Array.isArray(value)) return value.map((item) => ({ at: item.at, tags: Object.fromEntries(item.tags) }));
  if (typeof value !== 'number') return value;
  if (!Number.isFinite(value)) return String(value);
  return /^-?\d+$/.test(String(value)) && !Object.is(value, -0) ? BigInt(String(value)) : value;
}

test('NDJSON holds every value of every row, to the last digit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 6 }), fc.boolean(), async (rows, dictionaries) => {
      const out = Buffer.from(await emitted('ndjson', batchesOf(rows, dictionaries))).toString();
      const lines = out.split('\n');
      assert.equal(lines.pop(), '');
      const expected = rows.map((one) =>
        Object.fromEntries(TABLE.columns.map(({ name }) => [name, asJson(one[name], name)])),
      );
      assert.deepEqual(lines.map(parseExact), expected);
    }),
    { numRuns: 400 },
  );
});

test('NDJSON of rows that repeat parts of the row before holds every value', async () => {
  const few = fc.array(row, { minLength: 1, maxLength: 3 });
  const mixed = few.chain((rows) => {
    const cell = fc.integer({ min: 0, max: rows.length - 1 });
    const picks = fc.array(cell, { minLength: TABLE.columns.length, maxLength: TABLE.columns.length });
    return fc.array(picks, { minLength: 1, maxLength: 40 }).map((all) => {
      return all.map((pick) => Object.fromEntries(TABLE.columns.map(({ name }, c) => [name, rows[pick[c]!]![name]])));
    });
  });
  await fc.assert(
    fc.asyncProperty(mixed, fc.boolean(), async (rows, dictionaries) => {
      const out = Buffer.from(await emitted('ndjson', batchesOf(rows as Row[], dictionaries))).toString();
      const expected = rows.map((one) =>
        Object.fromEntries(TABLE.columns.map(({ name }) => [name, asJson(one[name], name)])),
      );
      assert.deepEqual(out.trimEnd().split('\n').map(parseExact), expected);
    }),
    { numRuns: 150 },
  );
});

test('Arrow gives the same values, text in dictionaries, for the selected rows', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 8 }), fc.boolean(), async (rows, dictionaries) => {
      const bytes = await emitted(
        'arrow',
        batchesOf(rows, dictionaries, (i) => i % 2 === 1),
      );
      const table = tableFromIPC(bytes);
      assert.equal(
        table.schema.toString(),
        'Schema<{ 0: s: Dictionary<Int32, Utf8>, 1: i: Int64, 2: n: Int32, 3: d: Float64, 4: b: Bool, 5: t: Timestamp<MICROSECOND, UTC>, 6: m: Map<{key:Dictionary<Int32, Utf8>, value:Dictionary<Int32, Utf8>}>, 7: l: List<Struct<{at:Int64, tags:Map<{key:Dictionary<Int32, Utf8>, value:Dictionary<Int32, Utf8>}>}>> }>',
      );
      const kept = rows.filter((_, i) => i % 2 === 1);
      assert.equal(table.numRows, kept.length);
      kept.forEach((expected, i) => {
        const found = table.get(i)!;
        for (const name of ['s', 'i', 'n', 'd', 'b']) assert.deepEqual(found[name], expected[name] ?? null);
        assert.deepEqual(
          found.m && Object.fromEntries(found.m),
          expected.m && Object.fromEntries(expected.m as Map<string, string>),
        );
        const list = found.l && [...found.l].map(({ at, tags }) => ({ at, tags: Object.fromEntries(tags) }));
        assert.deepEqual(list, asJson(expected.l, 'l'));
      });
      const times = table.batches.flatMap((batch) => [...(batch.getChild('t')!.data[0]!.values as BigInt64Array)]);
      assert.deepEqual(
        times,
        kept.map(({ t }) => t ?? 0n),
      );
    }),
    { numRuns: 200 },
  );
});

test('CSV quotes what must be, tells null from the empty text and writes nested values as JSON', async () => {
  const rows: Row[] = [
    { s: 'a,"b"\n', i: 2n ** 63n - 1n, d: 1.5, b: true, t: 1_700_000_000_123_456n, m: new Map([['k', 'v"']]), l: [] },
    { s: '', n: -5, d: Number.NaN },
    {},
  ];
  assert.equal(
    Buffer.from(await emitted('csv', batchesOf(rows, true))).toString(),
    [
      's,i,n,d,b,t,m,l',
      '"a,""b""\n",9223372036854775807,,1.5,true,2023-11-14T22:13:20.123456Z,"{""k"":""v\\""""}",[]',
      '"",,-5,NaN,,,,',
      ',,,,,,,',
      '',
    ].join('\n'),
  );
});

test('an output without rows has a header in CSV, a schema in Arrow and nothing in NDJSON', async () => {
  assert.equal(Buffer.from(await emitted('csv', [], ['s', "m['x,y']"])).toString(), `s,"m['x,y']"\n`);
  assert.equal((await emitted('ndjson', [])).length, 0);
  const table = tableFromIPC(await emitted('arrow', []));
  assert.equal(table.numRows, 0);
  assert.equal(table.schema.fields.length, 8);
});

test('a map that repeats from row to row is written in full each time, over chunk borders too', async () => {
  const same = new Map([['key', 'x'.repeat(500)]]);
  const rows = Array.from({ length: 2000 }, (_, i): Row => ({ m: i % 7 === 0 ? new Map([['key', `${i}`]]) : same }));
  for (const dictionaries of [true, false]) {
    const out = Buffer.from(await emitted('ndjson', batchesOf(rows, dictionaries), ['m'])).toString();
    const found = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).m.key);
    assert.deepEqual(
      found,
      rows.map(({ m }) => (m as Map<string, string>).get('key')),
    );
  }
});

test('output comes in bounded chunks that own their buffers', async () => {
  const rows = Array.from({ length: 3000 }, (_, i): Row => ({ s: `${i} `.repeat(100) }));
  for (const format of ['ndjson', 'csv', 'arrow'] as const) {
    for await (const chunk of emit(format, bindSelection(['s'], TABLE), stream(batchesOf(rows, false)), OPTIONS)) {
      assert.equal(chunk.byteLength, chunk.buffer.byteLength);
      assert.ok(chunk.byteLength < EMIT_CHUNK_BYTES + 10_000);
    }
  }
});

test('every batch of an Arrow stream has the schema of the first, whatever its columns are encoded as', async () => {
  const rows: Row[] = [{ s: 'a' }, { s: null }];
  const table = tableFromIPC(await emitted('arrow', [...batchesOf(rows, true), ...batchesOf(rows, false)]));
  assert.equal(table.batches.length, 2);
  assert.deepEqual([...table.getChild('s')!], ['a', null, 'a', null]);
});
