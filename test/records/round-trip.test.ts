import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RecordBatch, tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { readParquet } from 'parquet-wasm/node';
import { createRecordBuilder } from '../../src/records/builder.ts';
import { createSchema } from '../../src/records/schema.ts';
import { recordsOf } from '../../src/records/to-records.ts';
import type { ParquetSchema } from '../../src/records/types.ts';
import { writeFile } from '../encode/support.ts';
import { arbitraryFields, arbitraryRecord, arbitraryType, type Record_ } from './support.ts';

function batchOf(schema: ParquetSchema, records: readonly Record_[]): RecordBatch {
  const builder = createRecordBuilder(schema);
  for (const [i, record] of records.entries()) assert.equal(builder.append(record, i), true);
  return builder.finish();
}

function readFile(bytes: Uint8Array): readonly RecordBatch[] {
  return tableFromIPC(readParquet(bytes).intoIPCStream()).batches;
}

const schemas = arbitraryFields(arbitraryType(2), 4).map((fields) => createSchema({ fields }));
const tables = schemas.chain((schema) =>
  fc.record({
    schema: fc.constant(schema),
    records: fc.array(arbitraryRecord(schema.fields), { minLength: 1, maxLength: 8 }),
  }),
);

test('records of any schema go to Arrow and back as they were', () => {
  const property = fc.property(tables, ({ schema, records }) => {
    const batch = batchOf(schema, records);
    assert.equal(batch.numRows, records.length);
    assert.deepEqual(recordsOf(batch), records);
  });
  fc.assert(property, { numRuns: 300 });
});

test('records of any schema go to Parquet and back as they were', () => {
  const property = fc.property(tables, ({ schema, records }) => {
    const { bytes } = writeFile([batchOf(schema, records)]);
    assert.deepEqual(
      readFile(bytes).flatMap((batch) => recordsOf(batch, schema)),
      records,
    );
  });
  fc.assert(property, { numRuns: 150 });
});
