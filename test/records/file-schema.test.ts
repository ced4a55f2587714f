import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parquetMetadata } from 'hyparquet';
import { createParquetEncoder } from '../../src/encode/encoder.ts';
import { toArrowSchema } from '../../src/records/arrow.ts';
import { fileMetadata, SCHEMA_KEY, withFileMetadata } from '../../src/records/file-schema.ts';
import { schemaOfFile } from '../../src/records/parquet-schema.ts';
import { createSchema } from '../../src/records/schema.ts';
import type { ParquetSchema } from '../../src/records/types.ts';
import { arrayBuffer, CONFIG } from '../encode/support.ts';
import { arbitraryFields, arbitraryType } from './support.ts';

/** The schema that a file under `schema` says it has. */
function throughFile(schema: ParquetSchema): ParquetSchema {
  const { chunks } = createParquetEncoder(toArrowSchema(schema), CONFIG, fileMetadata(schema)).finish();
  const footer = parquetMetadata(arrayBuffer(Buffer.concat(chunks)));
  const pairs = (footer.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? '']);
  const found = schemaOfFile(footer.schema);
  assert.deepEqual([found.unsupported, found.empty], [[], []]);
  return withFileMetadata(found.schema, Object.fromEntries(pairs));
}

test('a schema comes out of the footer of its file as it was', () => {
  const metadata = fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), {
    maxKeys: 2,
    noNullPrototype: true,
  });
  const property = fc.property(
    arbitraryFields(arbitraryType(2), 4),
    fc.array(metadata, { minLength: 5, maxLength: 5 }),
    (fields, [own, ...others]) => {
      const schema = createSchema({
        fields: fields.map((field, i) => ({ ...field, metadata: others[i]!, ...(i % 2 === 0 ? { fieldId: i } : {}) })),
        metadata: own!,
      });
      assert.deepEqual(throughFile(schema), schema);
    },
  );
  fc.assert(property, { numRuns: 200 });
});

test('only what Parquet has no place for is written beside the columns', () => {
  const plain = createSchema({
    fields: [
      { name: 'at', type: 'timestamp(us, UTC)' },
      { name: 'id', type: 'uuid' },
    ],
    metadata: { a: 'b' },
  });
  assert.deepEqual(fileMetadata(plain), { a: 'b' });
  const zoned = createSchema({
    fields: [
      { name: 'n', type: 'int64' },
      { name: 'at', type: 'list<timestamp(us, Asia/Tokyo)>' },
    ],
  });
  assert.deepEqual(fileMetadata(zoned), {
    [SCHEMA_KEY]: '{"fields":[{"name":"at","type":"list<timestamp(us, Asia/Tokyo)>","nullable":true}]}',
  });
});

test('a key that is damaged or of other columns says nothing', () => {
  const schema = createSchema({ fields: [{ name: 'at', type: 'timestamp(us, UTC)' }] });
  for (const text of [
    '',
    '{',
    '{"fields":[{"name":"at","type":"timestamp(ns, Asia/Tokyo)"}]}',
    '{"fields":[{"name":"to","type":"int64"}]}',
  ]) {
    assert.deepEqual(withFileMetadata(schema, { [SCHEMA_KEY]: text }).fields, schema.fields);
  }
});
