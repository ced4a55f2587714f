import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { levenshtein, nearestPath } from '../../src/config/nearest.ts';

test('the distance counts inserted, deleted and replaced characters', () => {
  assert.equal(levenshtein('kitten', 'sitting'), 3);
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      assert.equal(levenshtein(a, b), levenshtein(b, a));
      assert.equal(levenshtein(a, b) === 0, a === b);
      assert.equal(levenshtein(a, ''), a.length);
      assert.ok(levenshtein(a, b) >= Math.abs(a.length - b.length));
    }),
  );
});

const KNOWN = ['server.api', 'server.admin', 'flush.max_rows', 'flush.max_bytes', 'parquet.page_size', 's3.bucket'];

test('the nearest key is one of its section, else one of its name', () => {
  const cases = [
    ['server.apii', 'server.api'],
    ['flush.max_row', 'flush.max_rows'],
    ['server.max_rows', 'flush.max_rows'],
    ['parqet.page_size', 'parquet.page_size'],
    ['bucket', 's3.bucket'],
    ['something.else', undefined],
  ] as const;
  for (const [path, expected] of cases) assert.equal(nearestPath(path, KNOWN), expected, path);
});
