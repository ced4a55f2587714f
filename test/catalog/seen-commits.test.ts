import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type ListedCommit,
  MAX_HASHES,
  MAX_RECENT,
  NOTHING_SEEN,
  unseenCommits,
} from '../../src/catalog/seen-commits.ts';
import { commitId } from '../../src/model/commit.ts';

/** Id `n` in order of ids; which of them is stored when is another matter. */
const idOf = (n: number) => commitId(1_800_000_000_000 + n * 1000, '4f9c1a2b', n);
/** Enough for older commits beside the recent ones. */
const NUMBERS = Array.from({ length: 3 * MAX_RECENT }, (_, n) => n);
const sorted = (commits: readonly ListedCommit[]) => commits.toSorted((a, b) => (a.id < b.id ? -1 : 1));

function seenOf(ids: readonly string[]) {
  const listed = sorted(ids.map((id) => ({ id, modifiedMs: 0 })));
  return unseenCommits(NOTHING_SEEN, listed, true).after(new Set(ids));
}

test('commits in any order, at any moment, are each found once, however late their ids are', () => {
  const arrivals = fc
    .shuffledSubarray(NUMBERS, { minLength: 2 * MAX_RECENT })
    .chain((ids) => fc.tuple(fc.constant(ids), fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 12 })));
  fc.assert(
    fc.property(arrivals, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), ([numbers, sizes], wholes) => {
      let seen = NOTHING_SEEN;
      let stored: ListedCommit[] = [];
      const given: string[] = [];
      let from = 0;
      let isCut = false;
      for (const [poll, size] of [...sizes, numbers.length].entries()) {
        const now = numbers.slice(from, from + size).map((n, i) => ({ id: idOf(n), modifiedMs: from + i }));
        from += now.length;
        stored = sorted([...stored, ...now]);
        const after = stored.filter(({ id }) => id > seen.mark).length;
        const mayBeHalf = seen.recent.length + after <= MAX_RECENT;
        // A limit may have left some unread, late ones among them: what follows is then a whole look.
        const isWhole = isCut || !mayBeHalf || wholes[poll % wholes.length]!;
        const unseen = unseenCommits(seen, isWhole ? stored : stored.filter(({ id }) => id > seen.mark), isWhole);
        assert.deepEqual(unseen.ids, unseen.ids.toSorted());
        isCut = !isCut && wholes[(poll + 5) % wholes.length]! && unseen.ids.length > 1;
        const read = isCut ? unseen.ids.slice(0, unseen.ids.length >> 1) : unseen.ids;
        given.push(...read);
        seen = unseen.after(new Set(read));
        assert.ok(seen.recent.length <= MAX_HASHES);
      }
      const last = unseenCommits(seen, stored, true);
      given.push(...last.ids);
      assert.deepEqual(
        given.toSorted(),
        stored.map(({ id }) => id),
      );
    }),
    { numRuns: 60 },
  );
});

test('a part of the new commits that was read is not new again, the rest is', () => {
  const ids = Array.from({ length: 10 }, (_, n) => idOf(n));
  const listed = ids.map((id) => ({ id, modifiedMs: 0 }));
  const first = unseenCommits(NOTHING_SEEN, listed, true);
  const seen = first.after(new Set([ids[3]!, ids[0]!]));
  assert.deepEqual(
    unseenCommits(seen, listed, true).ids,
    ids.filter((_, n) => n !== 0 && n !== 3),
  );
});

const old = Array.from({ length: 1000 }, (_, n) => idOf(2 * n));
const late = (count: number) => Array.from({ length: count }, (_, n) => idOf(2 * n + 1));

for (const count of [1, 2]) {
  test(`${count} late are found by their hashes alone, whatever the store's clock says`, () => {
    const listed = sorted([...old, ...late(count)].map((id) => ({ id, modifiedMs: 5 })));
    assert.deepEqual(unseenCommits(seenOf(old), listed, true).ids, late(count));
  });
}

test('many late ones are those stored last, also where some were stored in the same second as one seen before', () => {
  const before = [...old, idOf(1)];
  const now = late(40);
  const when = (id: string) => (id === idOf(1) || id === idOf(3) || id === idOf(5) ? 7 : now.includes(id) ? 8 : 1);
  const listed = sorted([...old, ...now].map((id) => ({ id, modifiedMs: when(id) })));
  assert.deepEqual(unseenCommits(seenOf(before), listed, true).ids, now.slice(1));
});

test('what cannot be told apart or is gone is an error, and no guess', () => {
  const same = sorted([...old, ...late(40)].map((id) => ({ id, modifiedMs: 5 })));
  assert.throws(() => unseenCommits(seenOf(old), same, true), {
    code: 'unprocessable',
    message: /40 commits came late/,
  });
  const gone = sorted(old.slice(1).map((id) => ({ id, modifiedMs: 5 })));
  assert.throws(() => unseenCommits(seenOf(old), gone, true), /1 commit records are gone/);
  const other = sorted([...old.slice(1), idOf(1)].map((id) => ({ id, modifiedMs: 5 })));
  assert.throws(() => unseenCommits(seenOf(old), other, true), /cannot go on/);
});
