import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { type Cursor, decodeCursor, encodeCursor, lakeFingerprint } from '../../src/catalog/cursor.ts';
import { MAX_HASHES } from '../../src/catalog/seen-commits.ts';
import { commitId } from '../../src/model/commit.ts';

const lake = lakeFingerprint('memory');
const plain = { noNullPrototype: true } as const;
const seen = fc.record(
  {
    recent: fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: MAX_HASHES }),
    older: fc.record({ count: fc.nat(2 ** 31), sum: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }) }, plain),
    mark: fc.constantFrom('', commitId(0, '4f9c1a2b', 7)),
  },
  plain,
);
const position = fc.record({ commitId: fc.string(), key: fc.string(), rows: fc.nat(), query: fc.string() }, plain);
const cursors: fc.Arbitrary<Cursor> = fc.record(
  {
    table: fc.constantFrom('traces', 'logs', 'metrics'),
    lake: fc.constant(lake),
    checkedMs: fc.nat(2 ** 45),
    seen,
    position: fc.option(position, { nil: undefined }),
  },
  plain,
);

test('any cursor is read again as it was written, and fits into a header', () => {
  fc.assert(
    fc.property(cursors, (cursor) => {
      const text = encodeCursor(cursor);
      assert.match(text, /^[\w-]+$/);
      assert.ok(text.length < 8192);
      assert.deepEqual(decodeCursor(text, cursor), cursor);
    }),
    { numRuns: 200 },
  );
});

const [sample] = fc.sample(cursors, { numRuns: 1, seed: 7 }) as [Cursor];

test('a cursor that was cut, changed or made up is refused, whatever byte it is', () => {
  const text = encodeCursor(sample);
  const refused = (given: string) =>
    assert.throws(() => decodeCursor(given, sample), { code: 'invalid_argument', message: /^after: the cursor / });
  for (let length = 0; length < text.length; length += 7) refused(text.slice(0, length));
  for (let at = 0; at < text.length - 1; at += 5) {
    refused(`${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`);
  }
  for (const given of ['x', 'AAAA', '../../etc', '\u0000', 'a b', '%00', 'x'.repeat(100_000), 'Begin']) refused(given);
});

/** Bytes as the text of a cursor, with a right checksum. */
function sealed(...parts: (Uint8Array | readonly number[])[]): string {
  const body = Buffer.concat(parts.map((part) => Uint8Array.from(part)));
  const end = Buffer.alloc(4);
  end.writeUInt32BE(crc32(body));
  return Buffer.concat([body, end]).toString('base64url');
}

test('bytes with a right checksum that are no cursor are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.throws(() => decodeCursor(sealed([1], bytes), { table: 'traces', lake }), { code: 'invalid_argument' });
    }),
  );
});

test('a cursor of another table, lake or version is refused by what it is', () => {
  const of = (more: Partial<Cursor>) => encodeCursor({ ...sample, table: 'traces', ...more });
  const expected = { table: 'traces', lake } as const;
  assert.throws(() => decodeCursor(of({ table: 'logs' }), expected), /is of table logs, and this is a read of traces/);
  assert.throws(() => decodeCursor(of({ lake: lakeFingerprint('s3://other') }), expected), /is of another lake/);
  const newer = sealed([2], Buffer.from(of({}), 'base64url').subarray(1, -4));
  assert.throws(() => decodeCursor(newer, expected), /has version 2, and this bridge reads 1/);
});
