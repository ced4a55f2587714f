import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempFolder } from '../support/temp.ts';
import { EXAMPLES, runExample } from './run.ts';

const PRINTED: Readonly<Record<string, readonly string[]>> = {
  basic: ['3 records in orders/first.parquet', 'order 3: 99 at 2026-11-21T10:00:00.000000Z'],
  batch: [
    '25000 records in 3 files',
    'SchemaError: row 1, column price: found "1.005", expected a decimal number with at most 10 digits before and 2 behind the point (decimal(12,2)); 0 files were written',
    '1 record written, 1 skipped: column price',
    'cancelled: nothing of it is left',
    'smaller than in memory, 4 writes measured',
  ],
  partitioning: [
    'by-day/service_name=checkout/date=2026-11-21: 24',
    'by-day/service_name=web/date=2026-11-21: 24',
    'by-id/id_bucket=0: 20',
    'by-id/id_bucket=1: 28',
    'by-status/status_code_range=error: 24',
    'by-status/status_code_range=success: 24',
    'would delete 24 records',
    '24 are left',
  ],
  'schema-evolution': [
    'compatible: true',
    '  id was int32 and is now int64',
    '  price was decimal(8,2) and is now decimal(12,2)',
    '  note is new (string)',
    '1 1.50 null',
    '5000000000 1234567890.00 large',
    'compatible: false',
    '  note is gone; a column stays in the schema, and rows may leave it null',
    '  id was int64 and is now string, which cannot hold every value of before',
    '  price is gone; a column stays in the schema, and rows may leave it null',
  ],
  streaming: ['10000 warm readings', 'the first reading is 0: 20', 'a batch of 20000', 'new: 20001', 'new: 20002'],
};

for (const name of Object.keys(EXAMPLES)) {
  test(`the example ${name} prints what it says`, async (t) => {
    const lines: string[] = [];
    await runExample(name, tempFolder(t), (line) => lines.push(line));
    assert.deepEqual(lines, PRINTED[name]);
  });
}
