import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from '../../../src/tables/manifest/parse.ts';

const FILE = { key: 'data/a.parquet', size: 12, MD5checksum: '825F24BE0C1D4F6BE0E3A5D1A5C8B0AA' };
const WHOLE = {
  sourceBucket: 'source',
  destinationBucket: 'arn:aws:s3:::inventory',
  version: '2016-11-30',
  creationTimestamp: '1514944800000',
  fileFormat: 'Parquet',
  fileSchema: 'message s3.inventory { required binary bucket (UTF8); }',
  files: [FILE],
};

const parse = (changes: object) => parseManifest(JSON.stringify({ ...WHOLE, ...changes }), 'm.json');

test('a manifest of S3 Inventory is read, its digests in lower case', () => {
  assert.deepEqual(parse({}), {
    ...WHOLE,
    files: [{ key: FILE.key, size: 12, md5: FILE.MD5checksum.toLowerCase() }],
  });
});

test('what says nothing of the files may be missing, and a byte order mark stands before nothing', () => {
  const { destinationBucket, files } = WHOLE;
  const text = `\ufeff${JSON.stringify({ destinationBucket, fileFormat: 'csv', files })}`;
  assert.equal(parseManifest(text, 'm.json').fileFormat, 'CSV');
});

for (const [name, text, message] of [
  ['no JSON', '{"files": [', /the manifest m\.json is not JSON: /],
  ['a list', '[]', /m\.json is no manifest: it is a list, expected an object/],
  ['null', 'null', /m\.json is no manifest: it is null/],
  ['an object of something else', '{"a": 1}', /destinationBucket is missing; fileFormat is missing; files is missing/],
] as const) {
  test(`${name} is no manifest, and the error says so`, () => {
    assert.throws(() => parseManifest(text, 'm.json'), { code: 'unprocessable', message });
  });
}

for (const [name, changes, message] of [
  ['files that are no list', { files: {} }, /files is an object, expected a list/],
  [
    'a file without a key',
    { files: [{ ...FILE, key: 7 }] },
    /files\[0\]\.key is a number, expected the key of an object/,
  ],
  [
    'a size that is none',
    { files: [FILE, { ...FILE, size: '12' }] },
    /files\[1\]\.size is "12", expected a number of bytes/,
  ],
  ['a file without a size', { files: [{ key: 'a' }] }, /files\[0\]\.size is missing/],
  [
    'a digest that is none',
    { files: [{ ...FILE, MD5checksum: 'x' }] },
    /files\[0\]\.MD5checksum is "x", expected 32 hex digits/,
  ],
  ['a bucket that is no text', { destinationBucket: 1 }, /destinationBucket is a number, expected text/],
  ['no files', { files: [] }, /the manifest m\.json names no files/],
  ['ORC', { fileFormat: 'ORC' }, /the manifest m\.json is of ORC files, which cannot be read/],
  ['another format', { fileFormat: 'XLSX' }, /is of files of format "XLSX", which cannot be read/],
] as const) {
  test(`${name}: refused with its own error`, () => {
    assert.throws(() => parse(changes), { code: 'unprocessable', message });
  });
}

test('of many faults the first are named, the rest counted', () => {
  assert.throws(() => parse({ files: Array.from({ length: 30 }, () => 'x') }), /files\[9\] is text.*; and 20 more$/);
});
