/** Columns decoded here and by parquet-wasm are the same, and are what was written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { Compression, readParquet, WriterVersion } from 'parquet-wasm/node';
import { fromArrow } from '../../../src/read/columns/from-arrow.ts';
import { sliceView } from '../../../src/read/columns/view.ts';
import { columnForm } from '../../../src/read/parquet/column-form.ts';
import type { LeafMemos } from '../../../src/read/parquet/decode.ts';
import { decode, form, type Opened, open, plain, row, rows, TABLE, TYPES, valuesOf, write } from './written.ts';

function unknownForms({ footer }: Opened): readonly string[] {
  return TABLE.columns.flatMap(({ name, type }) => (columnForm(footer, 0, name, type) === undefined ? [name] : []));
}

test('columns of every type come back as they were written, in every codec, version, dictionary and size of pages', async () => {
  await fc.assert(
    fc.asyncProperty(rows, form, fc.boolean(), async (found, how, indexed) => {
      const file = write(found, how);
      const { footer, pages } = await open(file);
      const opened = { footer, pages: indexed ? pages : new Map() };
      const memos: LeafMemos = new Map();
      const third = Math.floor(found.length / 3);
      for (const wanted of [
        { start: 0, end: found.length },
        { start: 0, end: third },
        { start: third, end: Math.ceil((found.length * 2) / 3) },
        { start: Math.ceil((found.length * 2) / 3), end: found.length },
      ].filter(({ start, end }) => start < end)) {
        const views = decode(file, opened, wanted, memos);
        for (const [name, type] of Object.entries(TYPES)) {
          const expected = found.slice(wanted.start, wanted.end).map((one) => plain(one[name], type));
          assert.deepEqual(valuesOf(views.get(name)!), expected, name);
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('parquet-wasm reads the same', async () => {
  await fc.assert(
    fc.asyncProperty(rows, form, async (found, how) => {
      const file = write(found, how);
      const opened = await open(file);
      const views = decode(file, opened, { start: 0, end: found.length }, new Map());
      const batch = tableFromIPC(readParquet(file, { batchSize: found.length }).intoIPCStream()).batches[0]!;
      for (const [i, { name, type }] of TABLE.columns.entries()) {
        const theirs = fromArrow(batch.data.children[i]!, type, name);
        assert.deepEqual(valuesOf(views.get(name)!), valuesOf(theirs), name);
        assert.deepEqual(valuesOf(sliceView(views.get(name)!, 0, 1)), valuesOf(sliceView(theirs, 0, 1)), name);
      }
    }),
    { numRuns: 25 },
  );
});

test('every type that the bridge writes is decoded here, not by parquet-wasm', async () => {
  const found = fc.sample(row, { numRuns: 50, seed: 1 });
  for (const compression of [Compression.UNCOMPRESSED, Compression.SNAPPY, Compression.GZIP, Compression.ZSTD]) {
    for (const dictionary of [true, false]) {
      const file = write(found, { compression, dictionary, pageBytes: 1000, version: WriterVersion.V1 });
      assert.deepEqual(unknownForms(await open(file)), []);
    }
  }
});

test('a damaged file gives an error or other rows, and ends nothing', async () => {
  const found = Array.from({ length: 50 }, (_, i) => fc.sample(row, { numRuns: 1, seed: i })[0]!);
  const file = write(found, {
    compression: Compression.UNCOMPRESSED,
    dictionary: true,
    pageBytes: 200,
    version: WriterVersion.V1,
  });
  const { footer } = await open(file);
  fc.assert(
    fc.property(fc.integer({ min: 4, max: footer.start - 1 }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const damaged = file.slice();
      damaged[at] = byte;
      try {
        const views = decode(damaged, { footer, pages: new Map() }, { start: 0, end: found.length }, new Map());
        for (const view of views.values()) assert.equal(view.rows, found.length);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'corrupt', String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
