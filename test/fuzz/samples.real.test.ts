/** All captured requests before the oracle: but for three, the Collector's parser agrees with the bridge without any rule. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { toProtobuf } from '../../src/decode/body.ts';
import { SIGNAL_LIST, type SignalName } from '../../src/model/signal.ts';
import { sampleBody, sampleList } from '../decode/canonical.ts';
import { type Oracle, oracleForTests, startOracle } from '../oracle/oracle.ts';
import type { FuzzCase } from './cases.ts';
import { compare } from './rules.ts';
import { createSubject, MAX_BYTES } from './subject.ts';

/** As the daemon's defaults: no sample is over them. */
const LIMITS = { maxAttributeCount: 1024, maxNesting: 32 };
/** Captured of a sender that writes null for a value that is not set, which pdata refuses. */
const REFUSED_BY_PDATA = new Set(['0036.metrics.json', '0038.metrics.json', '0040.metrics.json']);
const NULL_ACCEPTED = { agrees: false, rule: 'JSON accepted: null' };
const signals: readonly SignalName[] = SIGNAL_LIST.map(({ name }) => name);

const binary = oracleForTests();
let oracle: Oracle;
before(() => {
  if (binary) oracle = startOracle(binary);
});
after(() => oracle?.close());

for (const { file, signal, encoding: contentType } of sampleList().filter((sample) =>
  signals.includes(sample.signal),
)) {
  test(`the Collector's parser and the bridge read ${file} alike`, { skip: !binary }, async () => {
    const plain = sampleBody(file);
    const identity = { signal, contentType, contentEncoding: 'identity', limits: LIMITS } as const;
    const subject = createSubject(LIMITS);
    const fuzzCase: FuzzCase = { ...identity, number: 0, body: plain, plain, isBad: false, origin: file, steps: [] };
    const outcome = subject.take(fuzzCase);
    assert.equal(outcome.error, '');
    const protobuf = toProtobuf(plain, { ...identity, maxBytes: MAX_BYTES });
    const back = subject.roundTrip(signal, protobuf, outcome.result!);
    const [asked, transcoded, returned] = await oracle.ask([
      { signal, contentType, body: plain },
      { signal, contentType: 'protobuf', body: protobuf },
      { signal, contentType: 'protobuf', body: back },
    ]);

    const { pdata, reference } = asked!;
    const difference = { fuzzCase, plain, outcome, pdata, reference };
    assert.deepEqual(compare(difference), REFUSED_BY_PDATA.has(file) ? NULL_ACCEPTED : { agrees: true });
    assert.ok(asked!.canonical === transcoded!.canonical || REFUSED_BY_PDATA.has(file), 'another request in JSON');
    const { accepted, rejected, duplicateKeys } = outcome.result!;
    assert.equal(accepted + rejected, transcoded!.reference.rows);
    const isWhole = rejected === 0 && duplicateKeys === 0;
    assert.equal(returned!.reference.rows, accepted);
    assert.equal(isWhole && returned!.content !== transcoded!.content, false, 'rows became another request');
  });
}
