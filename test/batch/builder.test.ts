import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTableBuilder } from '../../src/batch/builder.ts';
import { grow } from '../../src/batch/bytes.ts';
import { appendRows, arbitraryRow, batchOf, plainRows, SAMPLE_TABLE } from './sample-table.ts';

const rowList = fc.array(arbitraryRow, { maxLength: 12 });

test('a batch holds the rows that were appended, of every kind and with nulls', () => {
  fc.assert(
    fc.property(rowList, (rows) => {
      const batch = batchOf(rows);
      assert.equal(batch.rows, rows.length);
      assert.deepEqual(plainRows(batch), rows);
    }),
  );
});

test('a rollback leaves the rows before the mark, and the builder goes on as if nothing had come after it', () => {
  fc.assert(
    fc.property(rowList, rowList, rowList, (kept, dropped, later) => {
      const builder = createTableBuilder(SAMPLE_TABLE);
      appendRows(builder, kept);
      const mark = builder.mark();
      appendRows(builder, dropped);
      builder.column('text', 'string').push(builder.column('text', 'string').interner.internText('half a row'));
      builder.rollback(mark);
      appendRows(builder, later);
      const batch = builder.finish();
      const expected = batchOf([...kept, ...later]);
      assert.deepEqual(plainRows(batch), plainRows(expected));
      assert.deepEqual(batch.columns[0], expected.columns[0]);
    }),
  );
});

test('truncate drops complete rows and a half one', () => {
  fc.assert(
    fc.property(rowList, rowList, (kept, dropped) => {
      const builder = createTableBuilder(SAMPLE_TABLE);
      appendRows(builder, [...kept, ...dropped]);
      builder.column('text', 'string').pushNull();
      builder.truncate(kept.length);
      assert.equal(builder.rows, kept.length);
      assert.deepEqual(plainRows(builder.finish()), kept);
    }),
  );
});

test('a builder is empty after finish and builds further batches without touching the first', () => {
  const [first, second] = fc.sample(fc.array(arbitraryRow, { minLength: 700, maxLength: 800 }), {
    numRuns: 2,
    seed: 7,
  });
  const builder = createTableBuilder(SAMPLE_TABLE);
  const empty = builder.memoryBytes;
  appendRows(builder, first!);
  const batch = builder.finish();
  assert.equal(builder.rows, 0);
  assert.ok(builder.memoryBytes < empty + 100_000);
  appendRows(builder, second!);
  assert.deepEqual(plainRows(builder.finish()), second);
  assert.deepEqual(plainRows(batch), first);
});

test('columns of different lengths are a defect that finish names', () => {
  const builder = createTableBuilder(SAMPLE_TABLE);
  builder.column('text', 'string').pushNull();
  assert.throws(() => builder.finish(), { code: 'internal', message: /column id8 has 0 rows, column text has 1/ });
});

test('asking for a column of another kind or name is a defect', () => {
  const builder = createTableBuilder(SAMPLE_TABLE);
  assert.throws(() => builder.column('text', 'int64'), { code: 'internal', message: /text is string, expected int64/ });
  assert.throws(() => builder.column('nope', 'int64'), { code: 'internal', message: /nope is missing/ });
});

test('a column over 2^31 - 1 items is refused before memory is asked for', () => {
  assert.throws(() => grow(new Uint8Array(0), 2 ** 31, 0), { code: 'too_large' });
});
