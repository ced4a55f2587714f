import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTable } from '../../src/cli/output.ts';

const RECORDS = [
  { name: 'resource_dropped_attributes_count', doc: 'Attributes the sender dropped from the resource.' },
];
const COLUMNS = [{ key: 'name' }, { key: 'doc', wraps: true }] as const;
const widest = (text: string) => Math.max(...text.split('\n').map((line) => line.length));

test('a table wider than the terminal is broken into lines where its columns may be, and loses no word', () => {
  const table = formatTable(RECORDS, COLUMNS, 60);
  assert.ok(widest(table) <= 60, table);
  for (const word of `${RECORDS[0]!.name} ${RECORDS[0]!.doc}`.split(' ')) assert.ok(table.includes(word), word);
});

test('a word longer than its column is broken, not cut short', () => {
  const table = formatTable([{ name: 'n'.repeat(40), doc: `ARRAY(${'x'.repeat(40)})` }], COLUMNS, 60);
  assert.ok(!table.includes('…'), table);
  assert.equal(table.match(/x/g)?.length, 40);
});

test('a table that fits, and one in a pipe, has a line a record', () => {
  for (const width of [200, undefined]) assert.equal(formatTable(RECORDS, COLUMNS, width).split('\n').length, 5);
});
