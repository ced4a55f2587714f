import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { crc32, inflateRawSync, zstdDecompressSync } from 'node:zlib';
import { Field, Int32, Schema, Union, Utf8 } from 'apache-arrow';
import avro from 'avsc';
import { snappyUncompress } from 'hyparquet';
import { AVRO_CODECS, type AvroCodec } from '../../../src/tables/avro/codecs.ts';
import { createAvroEncoder } from '../../../src/tables/avro/encoder.ts';
import { legalNames } from '../../../src/tables/avro/names.ts';
import { avroSchema } from '../../../src/tables/avro/schema.ts';
import { sampleBatch } from './batches.ts';

type Done = (error: Error | null, data?: Buffer) => void;
const CODECS: Record<string, (data: Buffer, done: Done) => void> = {
  null: (data, done) => done(null, data),
  deflate: (data, done) => done(null, inflateRawSync(data)),
  zstandard: (data, done) => done(null, zstdDecompressSync(data)),
  snappy(data, done) {
    const packed = data.subarray(0, -4);
    let length = 0;
    for (let i = 0, shift = 0; ; i++, shift += 7) {
      length |= (packed[i]! & 127) << shift;
      if (packed[i]! < 128) break;
    }
    const plain = Buffer.alloc(length);
    snappyUncompress(packed, plain);
    assert.equal(data.readUInt32BE(data.length - 4), crc32(plain));
    done(null, plain);
  },
};

/** Longs beyond 2^53, which this library refuses as numbers. */
const LONG = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer(value: bigint) {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : Number(a > b)),
});
const typeHook = (schema: avro.Schema) => {
  const type = typeof schema === 'object' && 'type' in schema ? schema.type : schema;
  return type === 'long' ? LONG : undefined;
};
const parseHook = (schema: avro.Schema) => avro.Type.forSchema(schema, { typeHook });

type Row = Record<string, unknown>;

/** Rows as plain objects: the library makes a class of each schema. */
async function decode(bytes: Uint8Array): Promise<Row[]> {
  const decoder = new avro.streams.BlockDecoder({ codecs: CODECS as never, parseHook });
  const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value);
  const rows: Row[] = [];
  for await (const row of Readable.from([Buffer.from(bytes)]).pipe(decoder))
    rows.push(JSON.parse(JSON.stringify(row, plain)) as Row);
  return rows;
}

function encodeAll(codec: AvroCodec, rows = 500): Uint8Array {
  const batch = sampleBatch(rows);
  const encoder = createAvroEncoder(batch.schema, { codec, name: 'rows' });
  return Buffer.concat([...encoder.rows(batch.slice(0, 100)), ...encoder.rows(batch.slice(100)), ...encoder.finish()]);
}

test('another implementation reads the same rows under every codec', async () => {
  const plain = await decode(encodeAll('null'));
  assert.equal(plain.length, 500);
  assert.equal(plain[1]!.int32, 2 ** 31 - 1);
  assert.equal(plain[2]!.a_text_with_accents_e, 'größe ☃');
  assert.equal(plain[3]!.int32_or_null, null);
  for (const codec of AVRO_CODECS) assert.deepEqual(await decode(encodeAll(codec)), plain, codec);
});

test('a file without rows is a file with a schema', async () => {
  const { schema } = sampleBatch(1);
  assert.deepEqual(
    await decode(Buffer.concat(createAvroEncoder(schema, { codec: 'deflate', name: 'x' }).finish())),
    [],
  );
});

test('rows are given out in blocks, so that memory does not grow with the file', () => {
  const batch = sampleBatch(4000);
  const encoder = createAvroEncoder(batch.schema, { codec: 'null', name: 'rows' });
  const sizes = encoder.rows(batch).map((block) => block.length);
  assert.ok(sizes.length > 4);
  assert.ok(Math.max(...sizes) < 300_000);
});

test('schemas are named and documented', () => {
  const metadata = new Map([['description', 'in euros']]);
  const fields = [
    new Field('Preis (€)', new Int32(), false, metadata),
    new Field('Preis €', new Utf8(), true),
    new Field('2024', new Int32(), true),
  ];
  const schema = avroSchema(new Schema(fields), {
    name: 'my table',
    namespace: 'com.example-shop',
    doc: 'from a file',
  });
  assert.deepEqual(schema, {
    type: 'record',
    name: 'my_table',
    namespace: 'com.example_shop',
    doc: 'from a file',
    fields: [
      { name: 'Preis_', type: 'int', doc: 'in euros', column: 'Preis (€)' },
      { name: 'Preis__2', type: ['null', 'string'], default: null, column: 'Preis €' },
      { name: '_2024', type: ['null', 'int'], default: null, column: '2024' },
    ],
  });
  assert.deepEqual(legalNames(['a b', 'a_b', 'a-b', '']), ['a_b_2', 'a_b', 'a_b_3', '_']);
});

test('a type that Avro has nothing for is refused by the name of its column', () => {
  const union = new Union(0, [0], [new Field('a', new Int32())]);
  assert.throws(() => avroSchema(new Schema([new Field('odd', union)]), { name: 'x' }), {
    code: 'invalid_argument',
    message: /column odd/,
  });
});

test('a batch of other columns is refused', () => {
  const batch = sampleBatch(2);
  const encoder = createAvroEncoder(new Schema([new Field('a', new Int32())]), { codec: 'null', name: 'x' });
  assert.throws(() => encoder.rows(batch), { code: 'internal', message: /others/ });
});
