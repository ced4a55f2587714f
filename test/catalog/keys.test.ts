import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPartitionPath, idOfRecordKey, isWithin, objectKey, partitionOfKey } from '../../src/catalog/keys.ts';

test('an object key is table, partition path and commit id, and gives its partition back', () => {
  assert.equal(objectKey('traces', 'date=2026-11-21/hour=08', 'c'), 'traces/date=2026-11-21/hour=08/c.parquet');
  assert.equal(objectKey('traces', '', 'c'), 'traces/c.parquet');
  for (const partition of ['', 'a=1', 'a=1/b=%2F', '2026-11-21/08', '__HIVE_DEFAULT_PARTITION__/x']) {
    assert.equal(partitionOfKey('traces', objectKey('traces', partition, 'c')), partition);
  }
});

test('what engines skip is no object of the table', () => {
  const hidden = [
    'traces/_SUCCESS',
    'traces/a=1/.part.parquet',
    'traces/_temporary/0/x.parquet',
    'traces/a=1/_x.parquet',
    'traces/.hidden/x.parquet',
    'traces/a=1/x.csv',
    'logs/a=1/x.parquet',
    'traces-old/x.parquet',
  ];
  for (const key of hidden) assert.equal(partitionOfKey('traces', key), undefined, key);
  assert.equal(partitionOfKey('traces', 'traces/_tenant=a/x.parquet'), '_tenant=a');
  assert.equal(partitionOfKey('traces', 'traces/a=1/imported.parquet'), 'a=1');
});

test('a path covers whole segments only', () => {
  assert.ok(isWithin('date=2024-01-01', 'date=2024-01-01'));
  assert.ok(isWithin('date=2024-01-01/hour=00', 'date=2024-01-01'));
  assert.ok(isWithin('anything', ''));
  assert.ok(!isWithin('date=2024-01-010', 'date=2024-01-01'));
  assert.ok(!isWithin('date=2024', 'date=2024-01-01'));
});

test('partition paths of the lake pass as they are', () => {
  const paths = [
    'date=2024-01-01/hour=00',
    'service=a%2Fb',
    'service=%2E%2E',
    'service=..',
    '2024-01-01',
    '%5F',
    'caf\u00e9=1',
  ];
  for (const path of paths) assert.equal(checkPartitionPath(path), path);
  assert.equal(checkPartitionPath('service_name=web-service/2024-01-01/00/'), 'service_name=web-service/2024-01-01/00');
  assert.equal(checkPartitionPath(''), '');
});

test('a path that could leave its table is refused, however it is written', () => {
  const wrong = [
    '..',
    'a=1/..',
    'a=1/../b',
    './a',
    '%2e%2e',
    '%2E.',
    'a/%2e/b',
    '/etc',
    'a//b',
    'a=\0',
    'a=%00',
    'a\n',
    'a=100%',
    'a=%zz',
    'a=\ud800',
    `a=${'x'.repeat(1000)}`,
  ];
  for (const path of wrong) {
    assert.throws(() => checkPartitionPath(path), { code: 'invalid_argument', hint: /\w/ }, JSON.stringify(path));
  }
});

test('only names of the record form have an id', () => {
  assert.equal(idOfRecordKey('_lake/commits/x.json', '_lake/commits/'), 'x');
  assert.equal(idOfRecordKey('_lake/commits/a/x.json', '_lake/commits/'), undefined);
  assert.equal(idOfRecordKey('_lake/commits/x.txt', '_lake/commits/'), undefined);
});
