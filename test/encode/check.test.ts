import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyFooter } from '../../src/encode/check.ts';
import {
  i64,
  numberOf,
  readStruct,
  structOf,
  structsOf,
  type ThriftStruct,
  writeStruct,
} from '../../src/encode/thrift.ts';
import { BridgeError } from '../../src/errors.ts';
import { recordBatch, sampleRows, writeFile } from './support.ts';

const ROWS = sampleRows(40);
const { bytes } = writeFile([recordBatch(ROWS.slice(0, 25)), recordBatch(ROWS.slice(25))]);
const footerLength = Buffer.from(bytes).readUInt32LE(bytes.length - 8);
const footerStart = bytes.length - 8 - footerLength;
const footer = () => readStruct(bytes.subarray(footerStart));
const [, second] = structsOf(footer(), 4);
const EXPECTED = {
  bytes: bytes.length,
  pagesEnd: numberOf(second!, 5) + numberOf(second!, 6),
  footerStart,
  rowGroups: [25, 15],
  columns: structsOf(second!, 1).length,
};

/** The file's end with a changed footer, and what is expected of it where only the footer's length changed. */
function changed(change: (metadata: ThriftStruct) => void): [Uint8Array, typeof EXPECTED] {
  const metadata = footer();
  change(metadata);
  const thrift = writeStruct(metadata);
  const tail = new Uint8Array([...thrift, 0, 0, 0, 0, ...new TextEncoder().encode('PAR1')]);
  new DataView(tail.buffer).setUint32(thrift.length, thrift.length, true);
  return [tail, { ...EXPECTED, bytes: footerStart + tail.length }];
}

const columnOf = (metadata: ThriftStruct, rowGroup: number, column: number) =>
  structsOf(structsOf(metadata, 4)[rowGroup]!, 1)[column]!;

test('a footer as it was written passes', () => {
  verifyFooter(...changed(() => {}));
});

const WRONG: [string, (metadata: ThriftStruct) => void, RegExp][] = [
  ['the number of rows', (m) => m.set(3, i64(41)), /rows is 41, not 40/],
  ['a missing row group', (m) => structsOf(m, 4).pop(), /row groups is 1, not 2/],
  ['the rows of a row group', (m) => structsOf(m, 4)[1]!.set(3, i64(16)), /row group 1: rows is 16, not 15/],
  ['the place of a row group', (m) => structsOf(m, 4)[1]!.set(5, i64(4)), /row group 1: file_offset is 4, not/],
  ['the size of a row group', (m) => structsOf(m, 4)[0]!.set(6, i64(1)), /total_compressed_size is 1, not/],
  ['a missing column', (m) => structsOf(structsOf(m, 4)[0]!, 1).pop(), /row group 0: columns is \d+, not/],
  [
    'pages that were not moved',
    (m) => structOf(columnOf(m, 1, 3), 3).set(11, i64(200)),
    /row group 1, trace_id: first page is 200, not/,
  ],
  [
    'a data page behind its chunk',
    (m) => structOf(columnOf(m, 1, 3), 3).set(9, i64(footerStart)),
    /row group 1, trace_id: data page is/,
  ],
  ['a column index among the pages', (m) => columnOf(m, 0, 0).set(6, i64(4)), /timestamp: column index is 4, not/],
  ['a lost offset index', (m) => columnOf(m, 0, 0).delete(4), /bytes between pages and footer/],
  [
    'a Bloom filter in the footer',
    (m) => structOf(columnOf(m, 0, 3), 3).set(14, i64(footerStart)),
    /trace_id: Bloom filter is/,
  ],
];

for (const [what, change, message] of WRONG) {
  test(`${what} is found and named`, () => {
    assert.throws(
      () => verifyFooter(...changed(change)),
      (error) => error instanceof BridgeError && error.code === 'internal' && message.test(error.message),
    );
  });
}

test('a footer that is cut or garbled is found', () => {
  const [tail, expected] = changed(() => {});
  assert.throws(() => verifyFooter(tail.subarray(0, -1), expected), /cannot be read/);
  assert.throws(() => verifyFooter(tail.subarray(10), expected), /the Parquet footer just written/);
  assert.throws(() => verifyFooter(tail, { ...expected, bytes: expected.bytes + 1 }), /file length/);
});
