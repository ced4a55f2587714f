/** Avro files in an implementation that is not ours: fastavro, by way of Python, with pyarrow saying what is expected. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Table, tableToIPC } from 'apache-arrow';
import { AVRO_CODECS } from '../../../src/tables/avro/codecs.ts';
import { createAvroEncoder } from '../../../src/tables/avro/encoder.ts';
import { tempFolder } from '../../support/temp.ts';
import { sampleBatch } from './batches.ts';

interface Report {
  readonly rows: number;
  readonly differences: readonly string[];
  readonly codec: string;
  readonly metadata: Record<string, string>;
  readonly types: Record<string, unknown>;
}

test('fastavro reads every type under every codec, value by value', (t) => {
  const folder = tempFolder(t);
  const whole = sampleBatch(2000);
  const batches = [whole.slice(0, 333), whole.slice(333, 334), whole.slice(334)];
  const stream = join(folder, 'rows.arrows');
  writeFileSync(stream, tableToIPC(new Table([whole]), 'stream'));
  const files = AVRO_CODECS.map((codec) => {
    const encoder = createAvroEncoder(whole.schema, { codec, name: 'sample rows', metadata: { 'made.by': 'größe' } });
    const path = join(folder, `${codec}.avro`);
    writeFileSync(path, Buffer.concat([...batches.flatMap((batch) => encoder.rows(batch)), ...encoder.finish()]));
    return path;
  });
  const script = join(import.meta.dirname, 'compare.py');
  const output = execFileSync('python3', [script, stream, ...files], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const reports = JSON.parse(output) as Record<string, Report>;
  assert.equal(Object.keys(reports).length, AVRO_CODECS.length);
  AVRO_CODECS.forEach((codec, i) => {
    const { rows, differences, metadata, ...found } = reports[files[i]!]!;
    assert.deepEqual(differences, [], codec);
    assert.equal(rows, 2000);
    assert.equal(found.codec, codec);
    assert.deepEqual(metadata, { 'made.by': 'größe' });
  });
});
