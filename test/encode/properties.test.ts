import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unsupportedParquetSettings } from '../../src/encode/properties.ts';
import { CONFIG, SPANS } from './support.ts';

const TABLES = [SPANS, { name: 'logs', columns: [SPANS.columns[0]!] }] as const;

test('settings that the encoder can follow are not reported', () => {
  const config = {
    ...CONFIG,
    bloomFilterColumns: ['trace_id', 'service_name', 'http_route', 'http_response_status_code', 'flags'],
    sortBy: ['service_name', 'timestamp', 'load', 'cached'],
  };
  assert.deepEqual(unsupportedParquetSettings(config, undefined, TABLES), []);
  assert.deepEqual(unsupportedParquetSettings({ ...config, compression: 'ZSTD' }, 1, TABLES), []);
  assert.deepEqual(unsupportedParquetSettings({ ...config, compression: 'GZIP' }, 6, TABLES), []);
});

test('a compression level other than the fixed one is reported with the one to set', () => {
  for (const [compression, level, message, hint] of [
    ['ZSTD', 3, /compresses ZSTD at level 1 only/, /compression_level = 1/],
    ['GZIP', 9, /compresses GZIP at level 6 only/, /compression_level = 6/],
    ['SNAPPY', 1, /SNAPPY has no levels/, /Remove/],
  ] as const) {
    const [problem, ...rest] = unsupportedParquetSettings({ ...CONFIG, compression }, level, TABLES);
    assert.equal(problem!.key, 'compression_level');
    assert.match(problem!.message, message);
    assert.match(problem!.hint, hint);
    assert.deepEqual(rest, []);
  }
});

test('columns that no table has, or whose type cannot be used, are reported with those that can', () => {
  const config = { ...CONFIG, bloomFilterColumns: ['trace', 'timestamp'], sortBy: ['attributes', 'events', 'name'] };
  const problems = unsupportedParquetSettings(config, undefined, TABLES);
  assert.deepEqual(
    problems.map(({ key, message }) => [key, message]),
    [
      ['bloom_filter_columns', 'no table has a column "trace"'],
      ['bloom_filter_columns', 'column "timestamp" is a timestamp'],
      ['sort_by', 'column "attributes" is a map'],
      ['sort_by', 'column "events" is a list'],
    ],
  );
  assert.match(problems[0]!.hint, /trace_id, span_id/);
  assert.doesNotMatch(problems[0]!.hint, /timestamp|attributes,/);
});
