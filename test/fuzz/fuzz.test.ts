import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SIGNAL_LIST } from '../../src/model/signal.ts';
import { makeCase } from './cases.ts';
import { loadCorpus } from './corpus.ts';
import { examine } from './examine.ts';
import { Random } from './random.ts';
import { createSubject } from './subject.ts';
import { writeTree } from './wire-tree.ts';

const CASES = 600;
const SEEDS = [1, 2, 3];

const signals = SIGNAL_LIST.map(({ name }) => name);
const corpus = loadCorpus(signals);
const numbers = Array.from({ length: CASES }, (_, number) => number);

test('a seed and the number of a case decide the case alone', () => {
  const again = loadCorpus(signals);
  const forward = numbers.map((number) => makeCase(corpus, 7, number));
  const backward = numbers.toReversed().map((number) => makeCase(again, 7, number));
  assert.deepEqual(backward.toReversed(), forward);
});

test('another seed makes other cases', () => {
  const texts = SEEDS.map((seed) => numbers.map((number) => makeCase(corpus, seed, number).steps.join()).join());
  assert.equal(new Set(texts).size, SEEDS.length);
});

test('cases of every signal and encoding are made, and most are requests that were changed', () => {
  const cases = numbers.map((number) => makeCase(corpus, 1, number));
  const kinds = new Set(cases.map(({ signal, contentType }) => `${signal} ${contentType}`));
  assert.equal(kinds.size, 2 * signals.length);
  assert.equal(new Set(cases.map(({ contentEncoding }) => contentEncoding)).size, 5);
  assert.ok(cases.filter(({ steps }) => steps.length > 0).length > CASES / 2);
});

test('random numbers are spread over their range', () => {
  const counts = new Array<number>(10).fill(0);
  for (let number = 0; number < 5000; number++) counts[new Random(1, number).below(10)]!++;
  assert.ok(Math.min(...counts) > 400 && Math.max(...counts) < 600, counts.join());
});

test('a request without an edit is written as it was read', () => {
  for (const { protobuf } of corpus.whole) {
    assert.deepEqual(Buffer.from(writeTree(protobuf, new Map())), Buffer.from(protobuf.bytes));
  }
});

for (const seed of SEEDS) {
  test(`${CASES} cases of seed ${seed} are taken or refused as promised`, () => {
    const subject = createSubject();
    const extent = { oracle: false, roundTrip: true };
    for (const number of numbers) {
      assert.equal(examine(subject, makeCase(corpus, seed, number), extent).finding, undefined, `case ${number}`);
    }
  });
}
