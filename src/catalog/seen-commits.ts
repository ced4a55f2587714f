/**
 * Which commits a reader has had, in a bounded number of bytes, and which of those listed now it has not.
 *
 * No position in an order says that. A commit's id tells when its segment was opened, and its record may appear much
 * later: after a slow upload, after a journal was replayed, from a bridge whose clock is behind. So what is kept is a
 * set of commits:
 *
 *   recent   64-bit hashes of ids, about MAX_RECENT: those that sort highest, and those that came late
 *   older    of all others: how many, the sum of their 128-bit hashes modulo 2^128, and the highest id (the mark)
 *
 * Invariant: ids become older only in a look at all commits that leaves no late one unread, and only those before the
 * first that it does leave.
 * So after such a look every commit up to the mark is seen, and what is found there later was stored later. A listed id
 * after the mark is new unless its hash is among the recent ones. Of those up to the mark, count and sum say whether some
 * are new. One or two that came late are found by their hashes alone; more of them as those whose records were stored
 * last, and the sum says whether that is right. So a commit is never missed and never given twice: where the lists cannot
 * be explained (records removed by hand, three late commits and a store whose clock went back), the read fails instead.
 */
import { hash } from 'node:crypto';
import { BridgeError } from '../errors.ts';

/** Two bridges of two lanes each that commit every 10 s fill them in a quarter of an hour. */
export const MAX_RECENT = 384;
/** Recent ones that a cursor has room for, where a limit leaves late commits unread. */
export const MAX_HASHES = 700;
/** Ways that are tried to tell late commits apart that were stored at the same moment. */
const MAX_TRIES = 10_000;
const MODULUS = 1n << 128n;

export interface SeenCommits {
  readonly recent: readonly bigint[];
  readonly older: { readonly count: number; readonly sum: bigint };
  /** Empty where there are no older ones. */
  readonly mark: string;
}

export interface ListedCommit {
  readonly id: string;
  /** When its record was stored, as the store says. */
  readonly modifiedMs: number;
}

export interface Unseen {
  /** In order of their ids. */
  readonly ids: readonly string[];
  /** What was seen once `done` of these ids were read, in whatever order. */
  after(done: ReadonlySet<string>): SeenCommits;
}

export const NOTHING_SEEN: SeenCommits = { recent: [], older: { count: 0, sum: 0n }, mark: '' };

/**
 * `listed` in order of ids: all commits, or those after the mark, in which case late ones are not looked for. Where more
 * than MAX_RECENT would be recent by then, all must be looked at (`isWhole`), since only then some can become older.
 */
export function unseenCommits(seen: SeenCommits, listed: readonly ListedCommit[], isWhole: boolean): Unseen {
  const recent = new Set(seen.recent);
  const hashed = listed.map((commit) => ({ ...commit, hash: longHash(commit.id) }));
  const known = hashed.filter(({ hash }) => recent.has(short(hash)));
  if (known.length > recent.size) throw unexplained('two commits look the same');
  const others = hashed.filter(({ hash }) => !recent.has(short(hash)));
  const late = isWhole
    ? lateCommits(
        seen,
        others.filter(({ id }) => id <= seen.mark),
      )
    : [];
  const unseen = [...late, ...others.filter(({ id }) => id > seen.mark)].sort(byId);
  return {
    ids: unseen.map(({ id }) => id),
    after(done) {
      const given = unseen.filter(({ id }) => done.has(id));
      if (!isWhole) return { ...seen, recent: [...seen.recent, ...given.map(({ hash }) => short(hash))] };
      const firstLeft = unseen.find(({ id }) => !done.has(id))?.id;
      return withSeen(seen, [...known, ...given].sort(byId), firstLeft);
    },
  };
}

/** `commits` are all that were seen and are not among the older ones. */
function withSeen({ older, mark }: SeenCommits, commits: readonly HashedCommit[], firstLeft: string | undefined) {
  const mayFold = (i: number) => firstLeft === undefined || (firstLeft > mark && commits[i]!.id < firstLeft);
  let folded = 0;
  while (commits.length - folded > MAX_RECENT && (mayFold(folded) || commits.length - folded > MAX_HASHES)) folded++;
  const gone = commits.slice(0, folded);
  return {
    recent: commits.slice(folded).map(({ hash }) => short(hash)),
    older: { count: older.count + folded, sum: gone.reduce((sum, { hash }) => (sum + hash) % MODULUS, older.sum) },
    mark: [mark, ...gone.slice(-1).map(({ id }) => id)].sort().at(-1)!,
  };
}

interface HashedCommit extends ListedCommit {
  readonly hash: bigint;
}

/** Those of `listed` that are not in `older`. */
function lateCommits({ older }: SeenCommits, commits: readonly HashedCommit[]): readonly HashedCommit[] {
  const count = commits.length - older.count;
  // What is left over is the sum of the hashes of the late ones.
  const rest = commits.reduce((sum, { hash }) => sum + hash, MODULUS - older.sum) % MODULUS;
  if (count < 0) throw unexplained(`${-count} commit records are gone`);
  if (count === 0 && rest === 0n) return [];
  const found = count <= 2 ? byHash(commits, count, rest) : lastStored(commits, count, rest);
  if (found === undefined) throw unexplained(`${count} commits came late, and which cannot be told`);
  return found;
}

function byHash(commits: readonly HashedCommit[], count: number, rest: bigint): readonly HashedCommit[] | undefined {
  const byValue = new Map(commits.map((commit) => [commit.hash, commit]));
  if (count === 1) {
    const found = byValue.get(rest);
    return found && [found];
  }
  for (const first of commits) {
    const second = byValue.get((MODULUS + rest - first.hash) % MODULUS);
    if (count === 2 && second && second !== first) return [first, second];
  }
  return undefined;
}

/** The last stored ones; of several stored at the moment of the first of them, those whose hashes fit. */
function lastStored(
  commits: readonly HashedCommit[],
  count: number,
  rest: bigint,
): readonly HashedCommit[] | undefined {
  const sorted = commits.toSorted((a, b) => b.modifiedMs - a.modifiedMs);
  const moment = sorted[count - 1]!.modifiedMs;
  const sure = sorted.filter(({ modifiedMs }) => modifiedMs > moment);
  const unsure = sorted.filter(({ modifiedMs }) => modifiedMs === moment);
  const left = sure.reduce((sum, { hash }) => sum - hash, rest);
  let tries = 0;
  for (const some of combinations(unsure, count - sure.length)) {
    if (++tries > MAX_TRIES) return undefined;
    const sum = some.reduce((total, { hash }) => total - hash, left);
    if (sum % MODULUS === 0n) return [...sure, ...some];
  }
  return undefined;
}

function* combinations<T>(items: readonly T[], count: number, from = 0): Generator<readonly T[]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (let i = from; i <= items.length - count; i++) {
    for (const rest of combinations(items, count - 1, i + 1)) yield [items[i]!, ...rest];
  }
}

function longHash(id: string): bigint {
  return BigInt(`0x${hash('sha256', id).slice(0, 32)}`);
}

function short(long: bigint): bigint {
  return long >> 64n;
}

function byId(a: ListedCommit, b: ListedCommit): number {
  return a.id < b.id ? -1 : 1;
}

function unexplained(found: string): BridgeError {
  return new BridgeError('unprocessable', `the cursor cannot go on: ${found}`, {
    hint: 'Commit records were changed from outside. Begin again: after=begin reads every row, after=now those to come.',
  });
}
