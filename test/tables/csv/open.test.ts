import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { type CsvOptions, openCsv } from '../../../src/tables/csv/open.ts';
import { realCsv, realCsvFiles } from '../real-csv.ts';

/** In pieces, so that every boundary falls somewhere. */
async function* pieces(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Uint8Array | string, options: CsvOptions & { size?: number } = {}) {
  const source = await openCsv(pieces(Buffer.from(bytes as string), options.size), options);
  const rows: (readonly string[])[] = [];
  const problems: [number, string][] = [];
  for await (const batch of source.rows) {
    assert.equal(batch.first, rows.length + 1);
    for (const [index, problem] of batch.problems) problems.push([batch.first + index, problem]);
    rows.push(...batch.rows);
  }
  const { rows: _, ...about } = source;
  return { ...about, rows, problems };
}

test('real files give the same rows as another parser', async () => {
  const files = realCsvFiles();
  assert.ok(files.length > 15);
  for (const name of files) {
    const bytes = readFileSync(realCsv(name));
    const [header, ...expected] = parse(bytes, { bom: true, relax_column_count: true }) as string[][];
    const { names, rows, problems, encoding, dialect } = await read(bytes);
    assert.deepEqual(names, header, name);
    assert.deepEqual(rows, expected, name);
    assert.deepEqual(problems, [], name);
    assert.equal(encoding, 'utf8', name);
    assert.equal(dialect.delimiter, ',', name);
  }
});

test('any cells come back from any dialect, wherever the chunks end', async () => {
  const cell = fc.oneof(fc.string(), fc.stringMatching(/^[ab"',;|\t\r\n é☃]{0,8}$/));
  const table = fc
    .integer({ min: 2, max: 4 })
    .chain((columns) =>
      fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 8 }),
    );
  const dialects = fc.record({
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    newline: fc.constantFrom('\n', '\r\n', '\r'),
    size: fc.integer({ min: 1, max: 40 }),
    ends: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(table, dialects, async (rows, { delimiter, newline, size, ends }) => {
      const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
      const header = rows[0]!.map((_, i) => `name ${i}`);
      const lines = [header, ...rows].map((row) => row.map(quoted).join(delimiter));
      const text = lines.join(newline) + (ends ? newline : '');
      const found = await read(text, { delimiter, quote: '"', hasHeader: true, size, encoding: 'utf8' });
      assert.deepEqual(found.names, header);
      assert.deepEqual(found.rows, rows);
      assert.equal(found.dialect.newline, newline);
    }),
    { numRuns: 300 },
  );
});

test('delimiter, quotes and line ends are told by the text', async () => {
  const rows = [
    ['berlin', '1,5', 'a "quoted" word'],
    ['paris', '2,25', 'two\nlines'],
    ['rome', '3,75', ''],
  ];
  for (const delimiter of [';', '\t', '|']) {
    for (const newline of ['\n', '\r\n', '\r']) {
      const cells = (row: readonly string[]) =>
        row.map((text) => (/["\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)).join(delimiter);
      const text = [['city', 'size', 'note'], ...rows].map(cells).join(newline);
      const found = await read(text);
      assert.equal(found.dialect.delimiter, delimiter);
      assert.deepEqual(found.names, ['city', 'size', 'note']);
      assert.deepEqual(found.rows, rows);
    }
  }
});

test('single quotes are quotes where there are no double ones', async () => {
  const found = await read("'id','text'\n'1','it, too'\n'2','plain'\n");
  assert.equal(found.dialect.quote, "'");
  assert.deepEqual(found.rows, [
    ['1', 'it, too'],
    ['2', 'plain'],
  ]);
  const apostrophes = await read("id,text\n1,it's\n2,don't\n");
  assert.equal(apostrophes.dialect.quote, '"');
});

test('a backslash escapes quotes where it is told to', async () => {
  const found = await read('id,text\n1,"a \\"b\\", c"\n', { escape: '\\' });
  assert.deepEqual(found.rows, [['1', 'a "b", c']]);
});

test('lines that end in LF and in CR LF may stand in one file', async () => {
  const found = await read('a,b\r\n1,2\n3,"4"\r\n5,6\n');
  assert.deepEqual(found.rows, [
    ['1', '2'],
    ['3', '4'],
    ['5', '6'],
  ]);
});

test('a first row like the others is no header, one above a typed column is', async () => {
  const without = await read('1,berlin,2024-01-01\n2,paris,2024-01-02\n');
  assert.equal(without.dialect.hasHeader, false);
  assert.deepEqual(without.names, ['column_1', 'column_2', 'column_3']);
  assert.equal(without.rows.length, 2);
  const withHeader = await read('id,city,day\n1,berlin,2024-01-01\n');
  assert.deepEqual(withHeader.names, ['id', 'city', 'day']);
  const texts = await read('name,city\nanna,berlin\n');
  assert.deepEqual(texts.names, ['name', 'city']);
  const told = await read('name,city\nanna,berlin\n', { hasHeader: false });
  assert.equal(told.rows.length, 2);
});

test('names are made unique, and empty ones get one', async () => {
  const found = await read(',price, price ,\n1,2,3,4\n');
  assert.deepEqual(found.names, ['column_1', 'price', 'price_2', 'column_4']);
});

test('encodings are told by marks, by zeros and by what is no UTF-8', async () => {
  const text = 'name;größe\nmüller;1\nñandú €;2\n';
  const rows = [
    ['müller', '1'],
    ['ñandú €', '2'],
  ];
  const encoded: [string, Buffer][] = [
    ['utf8', Buffer.from(text)],
    ['utf8', Buffer.from(`\uFEFF${text}`)],
    ['utf-16le', iconv.encode(text, 'utf-16le', { addBOM: true })],
    ['utf-16le', iconv.encode(text, 'utf-16le')],
    ['utf-16be', iconv.encode(text, 'utf-16be', { addBOM: true })],
    ['utf-16be', iconv.encode(text, 'utf-16be')],
    ['utf-32le', iconv.encode(text, 'utf-32le', { addBOM: true })],
    ['windows-1252', iconv.encode(text, 'windows-1252')],
  ];
  for (const [encoding, bytes] of encoded) {
    for (const size of [1, 3, 1000]) {
      const found = await read(bytes, { size });
      assert.equal(found.encoding, encoding);
      assert.deepEqual(found.names, ['name', 'größe'], encoding);
      assert.deepEqual(found.rows, rows, encoding);
    }
  }
  const greek = await read(iconv.encode('a,b\nαβγ,1\n', 'iso-8859-7'), { encoding: 'iso-8859-7' });
  assert.deepEqual(greek.rows, [['αβγ', '1']]);
});

test('a text that stops being UTF-8 is an error that names the byte', async () => {
  const good = `name\n${'é\n'.repeat(700_000)}`;
  const bytes = Buffer.concat([Buffer.from(good), Buffer.from([0xe9, 0x0a])]);
  await assert.rejects(read(bytes), { code: 'corrupt', message: new RegExp(`byte ${Buffer.byteLength(good)},`) });
  await assert.rejects(read('a,b\n', { encoding: 'klingon' }), { code: 'invalid_argument', message: /klingon/ });
});

test('gzip and zstd are told by their first bytes, also in several members', async () => {
  const bytes = readFileSync(realCsv('airports.csv'));
  const plain = await read(bytes);
  assert.equal(plain.compression, 'none');
  const half = bytes.length >> 1;
  const members: [string, Buffer][] = [
    ['gzip', gzipSync(bytes)],
    ['gzip', Buffer.concat([gzipSync(bytes.subarray(0, half)), gzipSync(bytes.subarray(half))])],
    ['zstd', zstdCompressSync(bytes)],
    ['zstd', Buffer.concat([zstdCompressSync(bytes.subarray(0, half)), zstdCompressSync(bytes.subarray(half))])],
  ];
  for (const [compression, compressed] of members) {
    const found = await read(compressed);
    assert.equal(found.compression, compression);
    assert.deepEqual(found.rows, plain.rows);
    const cut = compressed.subarray(0, compressed.length - 20);
    await assert.rejects(read(cut), { code: 'corrupt', message: /damaged/ });
  }
});

test('rows with stray quotes are told from others', async () => {
  const found = await read('a,b\n1,"x"y\n2,z\n');
  assert.deepEqual(
    found.problems.map(([row]) => row),
    [1],
  );
  const open = await read('a,b\n1,x\n2,"never closed\n3,y\n');
  assert.deepEqual(open.problems, [[2, 'quoted field unterminated']]);
});

test('a quote that is never closed does not gather the rest of a large file', async () => {
  const bytes = Buffer.from(`a,b\n1,"${'x'.repeat(1000)}\n${'2,y\n'.repeat(5_000_000)}`);
  await assert.rejects(read(bytes, { size: 1 << 20 }), { code: 'corrupt', message: /row 1 has more than/ });
});

test('an empty file is no table, and one with a header alone has no rows', async () => {
  await assert.rejects(read(''), { code: 'unprocessable', message: /empty/ });
  await assert.rejects(read('\n\n'), { code: 'unprocessable', message: /empty/ });
  const header = await read('a,b\n');
  assert.deepEqual(header.names, ['a', 'b']);
  assert.deepEqual(header.rows, []);
});

test('in one column an empty line is an empty cell', async () => {
  const found = await read('name\na\n\nb\n', { hasHeader: true });
  assert.deepEqual(found.rows, [['a'], [''], ['b']]);
});

test('types may be inferred from so many rows', async () => {
  const bytes = readFileSync(realCsv('zipcodes.csv'));
  const { sample, rows } = await read(bytes, { sampleRows: 250, size: 4096 });
  assert.deepEqual([...sample], rows.slice(0, 250));
});
