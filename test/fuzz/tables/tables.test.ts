import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { convert } from '../../../src/tables/convert/convert.ts';
import { convertOptions } from '../../../src/tables/convert/options.ts';
import { openCsv } from '../../../src/tables/csv/open.ts';
import { tempFolder } from '../../support/temp.ts';
import { makeCsvCase } from './csv-case.ts';
import { examine, TARGETS } from './examine.ts';

const SEED = 5;
const CASES = { csv: 120, manifest: 3000, avro: 3000 };

for (const target of TARGETS) {
  test(`${CASES[target]} inputs of ${target} come back whole or are refused as promised`, async () => {
    for (let number = 0; number < CASES[target]; number++) {
      assert.equal((await examine(target, SEED, number)).finding, undefined, `case ${number}`);
    }
  });
}

test('damaged files fail alone: what is whole beside them is converted', async (t) => {
  const folder = tempFolder(t);
  const made = Array.from({ length: 40 }, (_, number) => makeCsvCase(SEED, number));
  for (const [i, { bytes }] of made.entries()) writeFileSync(join(folder, `${i}.csv`), bytes);
  writeFileSync(join(folder, 'cut.csv.gz'), Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]));
  writeFileSync(join(folder, 'good.csv'), 'a,b\n1,2\n');
  const to = join(folder, 'out');
  const { files } = await convert(
    convertOptions({ sources: [`${folder}/`], to: `${to}/`, maxWorkers: 2, onInvalid: 'skip' }),
  );
  const failed = files.filter(({ status }) => status === 'failed');
  assert.equal(files.length, made.length + 2);
  assert.ok(failed.length > 0 && failed.length < files.length / 2);
  const codes = new Set(failed.map(({ error }) => error!.code));
  assert.deepEqual(
    [...codes].filter((code) => !['corrupt', 'unprocessable', 'invalid_argument'].includes(code)),
    [],
  );
  const good = files.find(({ source }) => source.endsWith('good.csv'))!;
  assert.deepEqual([good.status, good.result?.rows], ['converted', 1]);
});

async function* endless(piece: string, bytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= piece.length) yield Buffer.from(piece);
}

test('a row that goes on for megabytes, and one of wrong quotes, is an error before it fills the memory', async () => {
  const head = 'a,b\n1,"';
  for (const [text, found] of [
    ['x,'.repeat(32_768), /characters/],
    ['"x'.repeat(32_768), /quotes at wrong places/],
  ] as const) {
    async function* bytes() {
      yield Buffer.from(head);
      yield* endless(text, 24 * 1024 * 1024);
    }
    await assert.rejects(
      async () => {
        const csv = await openCsv(bytes(), { hasHeader: true });
        for await (const _ of csv.rows);
      },
      { code: 'corrupt', message: found },
    );
  }
});
