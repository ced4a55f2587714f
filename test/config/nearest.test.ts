import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestPath } from '../../src/config/nearest.ts';

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
