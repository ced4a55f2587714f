import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createSchema, printSchema, schemaInput } from '../../src/records/schema.ts';
import { parseSchema, readSchemaFile } from '../../src/records/schema-file.ts';
import { tempFolder } from '../support/temp.ts';

const TOML = `
[[fields]]
name = "id"
type = "int64"
nullable = false
field_id = 1

[[fields]]
name = "amount"
type = "decimal128(18,10)"
metadata = { unit = "EUR" }

[metadata]
owner = "payments"
`;

const JSON_TEXT = `{
  "fields": [
    { "name": "id", "type": "int64 not null", "field_id": 1 },
    { "name": "amount", "type": "decimal(18,10)", "metadata": { "unit": "EUR" } }
  ],
  "metadata": { "owner": "payments" }
}`;

const EXPECTED = createSchema({
  fields: [
    { name: 'id', type: 'int64', nullable: false, fieldId: 1 },
    { name: 'amount', type: { kind: 'decimal', precision: 18, scale: 10 }, metadata: { unit: 'EUR' } },
  ],
  metadata: { owner: 'payments' },
});

test('a schema is read from TOML and from JSON alike', async (t) => {
  const folder = tempFolder(t);
  await writeFile(join(folder, 'a.toml'), TOML);
  await writeFile(join(folder, 'a.json'), `\uFEFF${JSON_TEXT}`);
  assert.deepEqual(await readSchemaFile(join(folder, 'a.toml')), EXPECTED);
  assert.deepEqual(await readSchemaFile(join(folder, 'a.json')), EXPECTED);
});

test('fields may be pairs of name and type, in the order of the text', () => {
  const schema = parseSchema('[fields]\nzeta = "string not null"\nalpha = "list<int32>"\n', 'toml');
  assert.equal(printSchema(schema), 'zeta: string not null\nalpha: list<int32>');
});

test('a schema goes through its written form as it was', () => {
  assert.deepEqual(createSchema(schemaInput(EXPECTED)), EXPECTED);
});

const REFUSED: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  [
    'an unknown key',
    '{"fields":[{"name":"a","type":"int64","nulable":true}]}',
    /fields\[0\] has the unknown key "nulable"; known are name, type/,
  ],
  [
    'a duplicate name',
    '{"fields":[{"name":"a","type":"int64"},{"name":"a","type":"bool"}]}',
    /the name "a" is there twice/,
  ],
  [
    'a wrong type',
    '{"fields":[{"name":"a","type":"int65"}]}',
    /fields\[0\] \(a\): the type "int65" at column 1: found "int65"/,
  ],
  ['a missing name', '{"fields":[{"type":"int64"}]}', /fields\[0\]: name is missing, expected a text/],
  ['a missing type', '{"fields":[{"name":"a"}]}', /fields\[0\] \(a\): type is missing/],
  ['no fields', '{"fields":[]}', /there are no fields/],
  ['fields that are a number', '{"fields":7}', /fields is 7, expected a list/],
  ['a list', '[1]', /the schema is \[1\], expected a table with fields, metadata/],
  [
    'metadata of numbers',
    '{"fields":[{"name":"a","type":"int64"}],"metadata":{"n":1}}',
    /metadata\.n is 1, expected a text/,
  ],
  ['a field id that is none', '{"fields":[{"name":"a","type":"int64","field_id":-1}]}', /the field id is -1/],
  [
    'contradicting nulls',
    '{"fields":[{"name":"a","type":"int64 not null","nullable":true}]}',
    /nullable is true, expected false/,
  ],
  ['what is no JSON', '{"fields":', /the schema: this is no JSON/],
];

for (const [what, text, message] of REFUSED) {
  test(`a schema with ${what} is refused by name`, () => {
    assert.throws(() => parseSchema(text, 'json'), { code: 'invalid_argument', message });
  });
}

test('every problem of a schema is named at once', () => {
  const text = '{"fields":[{"name":"a","type":"int65"},{"name":"b","type":"decimal(0,0)"}]}';
  assert.throws(
    () => parseSchema(text, 'json', 'a.json'),
    /^BridgeError: a\.json: .*\(a\).*int65.*; .*\(b\).*decimal has 1 to 76/s,
  );
});

test('TOML that cannot be parsed is refused with line and column', () => {
  assert.throws(() => parseSchema('[[fields]]\nname = \n', 'toml', 's.toml'), {
    message: /^s\.toml:2:8: this is no TOML/,
  });
});

test('a schema file that is missing, or of another kind, is refused', async () => {
  await assert.rejects(readSchemaFile('/nowhere/schema.toml'), { code: 'not_found' });
  await assert.rejects(readSchemaFile('schema.yaml'), {
    code: 'invalid_argument',
    message: /neither in \.json nor in \.toml/,
  });
});
