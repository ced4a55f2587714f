import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRowTally, imbalance } from '../../src/model/row-counts.ts';

const request = fc.record({
  accepted: fc.nat(1000),
  reasons: fc.dictionary(fc.constantFrom('time', 'span_id', 'nesting'), fc.nat(50)),
});

test('whatever requests come, what is received is what was rejected, by reason, and what was journalled', () => {
  fc.assert(
    fc.property(fc.array(request), (requests) => {
      const tally = createRowTally();
      for (const { accepted, reasons } of requests) {
        const rejected = Object.values(reasons).reduce((sum, count) => sum + count, 0);
        tally.add('logs', { accepted, rejected, rejectedByKind: new Map(Object.entries(reasons)) });
      }
      const counts = Object.values(tally.counts());
      assert.equal(counts.length, Math.min(1, requests.length));
      for (const rows of counts) assert.equal(imbalance({ ...rows, written: rows.journalled }), undefined);
    }),
  );
});

test('counts that do not add up are told with both sides', () => {
  const good = { received: 10, rejected: 2, rejectedBy: { time: 2 }, journalled: 8, written: 8 };
  assert.equal(imbalance(good), undefined);
  assert.equal(imbalance({ ...good, received: 11 }), '11 received are not 2 rejected + 8 journalled');
  assert.equal(imbalance({ ...good, rejectedBy: { time: 1 } }), '2 rejected are not the 1 of its reasons');
  assert.equal(imbalance({ ...good, written: 9 }), '8 journalled are not 9 written');
});
