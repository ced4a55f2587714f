/** Metadata that is parsed as far as it is asked says what hyparquet's parse of the whole footer says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BasicType, type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { TRACES } from '../../../src/model/traces.ts';
import { lakeFile } from '../lake-file.ts';
import { span, toParquet } from '../rows.ts';
import { assertAsHyparquet, everything, metadataOf } from './footers.ts';

const spans = (count: number) => Array.from({ length: count }, (_, i) => span(i));

test("a bridge's own files: Bloom filters, page indexes, several row groups", () => {
  assertAsHyparquet(lakeFile([spans(3), spans(200), spans(1)], { pageSize: 1024 }));
});

test('files of parquet-wasm, also one without rows', () => {
  assertAsHyparquet(toParquet(spans(100)));
  assertAsHyparquet(toParquet([]));
});

const values: Readonly<Partial<Record<BasicType, fc.Arbitrary<unknown>>>> = {
  STRING: fc.string({ unit: 'grapheme', maxLength: 60 }),
  BYTE_ARRAY: fc.uint8Array({ maxLength: 40 }),
  INT32: fc.integer(),
  INT64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  DOUBLE: fc.double(),
  FLOAT: fc.float(),
  BOOLEAN: fc.boolean(),
};
const column = (type: BasicType) => fc.array(fc.option(values[type]!, { freq: 4 }), { minLength: 20, maxLength: 20 });
const columns: fc.Arbitrary<ColumnSource[]> = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }), { minLength: 1, maxLength: 20 })
  .chain((names) => {
    const types = fc.constantFrom(...(Object.keys(values) as BasicType[]));
    return fc.tuple(
      ...names.map((name) => types.chain((type) => column(type).map((data) => ({ name, type, data, nullable: true })))),
    );
  });

test('any names, types and statistics, in any number of row groups', () => {
  fc.assert(
    fc.property(
      columns,
      fc.constantFrom(1, 7, 20),
      fc.dictionary(fc.string(), fc.string()),
      (columnData, rows, pairs) => {
        const kvMetadata = Object.entries(pairs).map(([key, value]) => ({ key, value }));
        assertAsHyparquet(new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: rows, kvMetadata })));
      },
    ),
    { numRuns: 60 },
  );
});

test('a damaged footer is corrupt, or says something else; nothing else is thrown', () => {
  const file = lakeFile([spans(5), spans(5)]);
  const length = new DataView(file.buffer, file.byteOffset).getUint32(file.length - 8, true);
  const at = fc.integer({ min: file.length - 8 - length, max: file.length - 9 });
  fc.assert(
    fc.property(fc.array(fc.tuple(at, fc.nat(255)), { minLength: 1, maxLength: 3 }), (changes) => {
      const damaged = file.slice();
      for (const [place, byte] of changes) damaged[place] = byte;
      try {
        everything(metadataOf(damaged));
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'corrupt', String(error));
      }
    }),
    { numRuns: 3000 },
  );
});

test('files of one writer share their schema', () => {
  const [one, other] = [lakeFile([spans(1)]), lakeFile([spans(9)])].map(metadataOf);
  assert.equal(one!.schema, other!.schema);
  assert.ok(one!.schema.length > TRACES.columns.length);
});
