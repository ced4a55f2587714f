/** Columns of codes answer for their rows as the rows themselves do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Compression, WriterVersion } from 'parquet-wasm/node';
import { type CodedRows, checkView, sliceView, type View } from '../../../src/read/columns/view.ts';
import { decode, form, open, plain, rows, TYPES, valuesOf, write } from './written.ts';

function codedOf(view: View): CodedRows | undefined {
  return 'coded' in view ? view.coded : undefined;
}

function keyOf(value: unknown): string {
  return `${typeof value} ${Object.is(value, -0) ? '-0' : value}`;
}

/** Some of the distinct values; all where `seed` is 0. */
function chosen(distinct: readonly unknown[], seed: number): Set<string> {
  return new Set(distinct.filter((_, i) => ((i * 7 + seed) * seed) % 3 === 0).map(keyOf));
}

function verdictsOf(distinct: readonly unknown[], asked: ReadonlySet<string>): Uint8Array {
  return Uint8Array.from(distinct, (value) => (asked.has(keyOf(value)) ? 1 : 0));
}

test('the rows of some of the values are found before and after codes are spelt out, in slices of slices too', async () => {
  let found = 0;
  const part = fc.tuple(fc.nat({ max: 100 }), fc.nat({ max: 100 }));
  await fc.assert(
    fc.asyncProperty(rows, form, part, part, fc.nat({ max: 20 }), async (written, how, outer, inner, seed) => {
      const file = write(written, { ...how, dictionary: true });
      const opened = await open(file);
      const wanted = rangeOf(outer, written.length);
      const views = decode(file, opened, wanted, new Map());
      const { start, end } = rangeOf(inner, wanted.end - wanted.start);
      const columns = Object.entries(TYPES).flatMap(([name, type]) => {
        const coded = codedOf(views.get(name)!);
        return coded === undefined ? [] : [{ name, type, coded }];
      });
      found += columns.length;
      for (const { name, type, coded } of columns) {
        const whole = views.get(name)!;
        const expected = written.slice(wanted.start, wanted.end).map((one) => plain(one[name], type));
        const distinct = valuesOf(coded.distinct);
        const asked = chosen(distinct, seed);
        const verdicts = verdictsOf(distinct, asked);
        const rowsOf = (values: readonly unknown[]) =>
          values.flatMap((value, i) => (asked.has(keyOf(value)) ? [i] : []));
        const slice = sliceView(whole, start, end);
        assert.deepEqual([...coded.rowsOf(verdicts)], rowsOf(expected), name);
        assert.equal(coded.isSpelt, false);
        assert.deepEqual([...(codedOf(slice)?.rowsOf(verdicts) ?? [])], rowsOf(expected.slice(start, end)), name);
        assert.deepEqual(valuesOf(slice), expected.slice(start, end), name);
        assert.deepEqual(valuesOf(whole), expected, name);
        assert.equal(coded.isSpelt, true);
        assert.deepEqual([...coded.rowsOf(verdicts)], rowsOf(expected), name);
        assert.deepEqual(valuesOf(sliceView(whole, start, end)), expected.slice(start, end), name);
      }
    }),
    { numRuns: 60 },
  );
  assert.ok(found > 100, `${found} columns of codes`);
});

/** A part of `rows` rows, never empty. */
function rangeOf([from, length]: readonly [number, number], rows: number): { start: number; end: number } {
  const start = Math.floor((from / 101) * rows);
  return { start, end: start + 1 + Math.floor((length / 101) * (rows - start)) };
}

test('a damaged page is refused when it is asked or checked, or gives rows of the column', async () => {
  const texts = Array.from({ length: 400 }, (_, i) => (i % 5 === 0 ? null : `value ${(i * i) % 7}`));
  const blank = {
    int: null,
    narrow: null,
    time: null,
    double: null,
    flag: null,
    map: null,
    numbers: null,
    events: null,
  };
  const written = texts.map((text) => ({ ...blank, text, required: 'r' }));
  const file = write(written, {
    compression: Compression.UNCOMPRESSED,
    dictionary: true,
    pageBytes: 200,
    version: WriterVersion.V1,
  });
  const opened = await open(file);
  const { start } = opened.footer;
  let refused = 0;
  fc.assert(
    fc.property(fc.integer({ min: 4, max: Math.min(start - 1, 2000) }), fc.nat({ max: 255 }), (at, byte) => {
      const damaged = file.slice();
      damaged[at] = byte;
      try {
        const view = decode(damaged, { ...opened, pages: new Map() }, { start: 0, end: 400 }, new Map()).get('text')!;
        const coded = codedOf(view);
        const some = coded?.rowsOf(new Uint8Array(coded.distinct.rows).fill(1)) ?? [];
        assert.ok(some.every((row, i) => row >= 0 && row < 400 && row > (some[i - 1] ?? -1)));
        checkView(view);
        assert.equal(valuesOf(view).length, 400);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'corrupt', String(error));
        refused++;
      }
    }),
    { numRuns: 1000 },
  );
  assert.ok(refused > 100);
});
