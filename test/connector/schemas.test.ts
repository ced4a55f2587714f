import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  createSchema,
  inferSchema,
  NotFoundError,
  parseSchema,
  printSchema,
  readSchemaFile,
  SchemaError,
  unifySchemas,
} from '../../src/connector/index.ts';
import { tempFolder } from '../support/temp.ts';
import { openInFolder } from './support.ts';

const SCHEMA = createSchema({
  fields: [
    { name: 'id', type: 'uuid', nullable: false },
    { name: 'at', type: 'timestamp(us, Asia/Tokyo)', metadata: { source: 'clock of the till' } },
    { name: 'price', type: 'decimal(18,4)', fieldId: 7 },
  ],
});

test('zones, metadata and ids of columns come back from the files', async (t) => {
  const { connector } = await openInFolder(t);
  const record = { id: '01890a5d-ac96-774b-bcce-b302099a8057', at: '2024-02-29T13:45:00', price: '1.25' };
  await connector.write({ schema: SCHEMA, records: [record], fileName: 'a' });
  const { schema, records } = await connector.read({});
  assert.deepEqual(schema, SCHEMA);
  assert.deepEqual(records, [{ ...record, at: '2024-02-29T04:45:00.000000Z', price: '1.2500' }]);
});

test('schemas are read from files and text, inferred and unified, with errors of the library', async (t) => {
  const path = join(tempFolder(t), 'schema.toml');
  writeFileSync(path, 'fields = { id = "int32 not null", tags = "list<string>" }');
  const read = await readSchemaFile(path);
  const inferred = inferSchema([{ id: 1, name: 'a' }]);
  assert.equal(printSchema(unifySchemas(read, inferred)), 'id: int64 not null\ntags: list<string>\nname: string');
  assert.throws(() => createSchema({ fields: [] }), SchemaError);
  assert.throws(() => parseSchema('{', 'json'), SchemaError);
  assert.throws(() => unifySchemas(read, { fields: [{ name: 'tags', type: 'int8' }] }), SchemaError);
  await assert.rejects(readSchemaFile(`${path}.json`), NotFoundError);
});
