import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLru } from '../../src/platform/lru.ts';

const MAX_WEIGHT = 10;
const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const step = fc.oneof(
  key.map((name) => ({ name, value: undefined })),
  fc.record({ name: key, value: fc.integer({ min: 1, max: 12 }) }),
);

/** The same with a list, last asked last; a value is its own weight. */
function plain() {
  let kept: { readonly name: string; readonly value: number }[] = [];
  const without = (name: string) => kept.filter((one) => one.name !== name);
  return {
    get(name: string) {
      const found = kept.find((one) => one.name === name);
      if (found) kept = [...without(name), found];
      return found?.value;
    },
    put(name: string, value: number) {
      kept = [...without(name), { name, value }];
      while (kept.reduce((sum, one) => sum + one.value, 0) > MAX_WEIGHT) kept.shift();
    },
  };
}

test('what was asked for longest ago goes first, as far as the bound asks', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const [lru, model] = [createLru<number>(MAX_WEIGHT, (value) => value), plain()];
      for (const { name, value } of steps) {
        if (value === undefined) assert.equal(lru.get(name), model.get(name));
        else {
          lru.put(name, value);
          model.put(name, value);
        }
      }
      for (const name of ['a', 'b', 'c', 'd', 'e']) assert.equal(lru.get(name), model.get(name), name);
    }),
    { numRuns: 1000 },
  );
});
