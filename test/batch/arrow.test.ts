import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { type Field, type RecordBatch, Table, tableFromIPC, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import * as parquet from 'parquet-wasm/node';
import { toArrow, transferables } from '../../src/batch/arrow.ts';
import { createTableBuilder } from '../../src/batch/builder.ts';
import { take } from '../../src/batch/take.ts';
import type { Batch } from '../../src/model/batch.ts';
import { arrowSchema, type ColumnType } from '../../src/model/table.ts';
import { TRACES } from '../../src/model/traces.ts';
import { arbitraryRow, batchOf, type Plain, type PlainRow, plainRows, SAMPLE_TABLE } from './sample-table.ts';

const rowList = fc.array(arbitraryRow, { maxLength: 12 });

/** Rows of an Arrow table in the form of `plainRows`. */
function arrowRows(table: Table): PlainRow[] {
  const columns = SAMPLE_TABLE.columns.map(({ name, type }) => ({ name, type, vector: table.getChild(name)! }));
  return Array.from({ length: table.numRows }, (_, row) =>
    Object.fromEntries(columns.map(({ name, type, vector }) => [name, arrowValue(vector.get(row), type)])),
  );
}

// biome-ignore lint/suspicious/noExplicitAny: values of Arrow vectors are dynamic
function arrowValue(value: any, type: ColumnType): Plain {
  if (value === null) return null;
  switch (type.kind) {
    case 'uint32':
      return Number(value);
    case 'timestamp':
      // Arrow hands out milliseconds with a fraction.
      return BigInt(Math.round(value * 1000));
    case 'map':
      return [...value].map(([key, item]) => [key, item]);
    case 'list':
      return [...value].map((item) => arrowValue(item, type.element));
    case 'struct':
      return Object.fromEntries(type.fields.map((field) => [field.name, arrowValue(value[field.name], field.type)]));
    default:
      return value;
  }
}

function overIpc(batch: RecordBatch): Table {
  return tableFromIPC(tableToIPC(new Table([batch]), 'stream'));
}

function overParquet(batch: RecordBatch): Table {
  const ipc = tableToIPC(new Table([batch]), 'stream');
  const file = parquet.writeParquet(parquet.Table.fromIPCStream(ipc));
  return tableFromIPC(parquet.readParquet(file).intoIPCStream());
}

function describe(field: Field): string {
  const children: Field[] = field.type.children ?? [];
  const inner = children.map(describe).join(', ');
  return `${field.name}: ${field.type} ${field.nullable} ${[...field.metadata]} (${inner})`;
}

test('an Arrow record batch has the rows and exactly the types of the schema', () => {
  const expected = arrowSchema(SAMPLE_TABLE);
  fc.assert(
    fc.property(rowList, (rows) => {
      const batch = toArrow(batchOf(rows), SAMPLE_TABLE);
      assert.deepEqual(batch.schema.fields.map(describe), expected.fields.map(describe));
      assert.deepEqual(arrowRows(new Table([batch])), rows);
    }),
  );
});

test('rows come back equal over Arrow IPC', () => {
  fc.assert(
    fc.property(rowList, (rows) => assert.deepEqual(arrowRows(overIpc(toArrow(batchOf(rows), SAMPLE_TABLE))), rows)),
  );
});

test('rows come back equal over a Parquet file of parquet-wasm', () => {
  fc.assert(
    fc.property(rowList, (rows) =>
      assert.deepEqual(arrowRows(overParquet(toArrow(batchOf(rows), SAMPLE_TABLE))), rows),
    ),
  );
});

test('two batches of one table go into one stream, each with its own dictionaries', () => {
  fc.assert(
    fc.property(rowList, rowList, (first, second) => {
      const batches = [first, second].map((rows) => toArrow(batchOf(rows), SAMPLE_TABLE));
      const stream = tableFromIPC(tableToIPC(new Table(batches), 'stream'));
      assert.deepEqual(arrowRows(stream), [...first, ...second]);
    }),
  );
});

test('slices of a record batch and taken rows survive IPC and Parquet', () => {
  const rows = fc.sample(arbitraryRow, { numRuns: 100, seed: 11 });
  const batch = batchOf(rows);
  for (const [start, end] of [
    [0, 100],
    [1, 9],
    [8, 64],
    [13, 77],
    [99, 100],
    [50, 50],
  ] as const) {
    const sliced = toArrow(batch, SAMPLE_TABLE).slice(start, end);
    assert.deepEqual(arrowRows(overIpc(sliced)), rows.slice(start, end));
    const taken = take(
      batch,
      Int32Array.from({ length: end - start }, (_, i) => start + i),
    );
    assert.deepEqual(arrowRows(overParquet(toArrow(taken, SAMPLE_TABLE))), rows.slice(start, end));
  }
});

test('an empty batch of the real table keeps its schema through a Parquet file', () => {
  const empty = createTableBuilder(TRACES).finish();
  const table = overParquet(toArrow(empty, TRACES));
  assert.equal(table.numRows, 0);
  assert.deepEqual(
    table.schema.names,
    TRACES.columns.map((column) => column.name),
  );
});

test('field ids of nested fields are in the schema of the stream', () => {
  const { schema } = overIpc(toArrow(batchOf([]), SAMPLE_TABLE));
  const entries: Field[] = schema.fields[9]!.type.children[0]!.type.children;
  assert.deepEqual(
    entries.map((field) => field.metadata.get('PARQUET:field_id')),
    ['1001', '1002'],
  );
});

test('a batch arrives whole in another thread by transfer, and is gone here', () => {
  const rows = fc.sample(arbitraryRow, { numRuns: 300, seed: 5 });
  const batch = batchOf(rows);
  const buffers = transferables(batch);
  assert.equal(new Set(buffers).size, buffers.length);
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(batch, buffers);
  const received = receiveMessageOnPort(port2)!.message as Batch;
  port1.close();
  assert.deepEqual(plainRows(received), rows);
  assert.equal(
    buffers.every((buffer) => buffer.detached),
    true,
  );
});
