/**
 * The verdict on a lake: every acknowledged try is there once and whole, any other try once and whole or not at all, no
 * row is another than the one that was sent, and commit records tell the truth about it.
 */
import type { CommitObject, CommitRecord } from '../../src/model/commit.ts';
import type { LakeTable } from '../../src/model/signal.ts';
import type { LakeFile, LakeVisitor, ReadLake } from './lake-reader.ts';
import type { Ledger } from './ledger.ts';
import { expectedRow, type LakeRow, parseRowId } from './sent-rows.ts';

export type Kind = 'lost' | 'doubled' | 'partial' | 'mangled' | 'stranger' | 'record' | 'unread' | 'stray';

export interface Verdict {
  readonly findings: Readonly<Record<Kind, number>>;
  /** The first of them, in words. */
  readonly examples: readonly string[];
  readonly commitIds: readonly string[];
  readonly objects: number;
  readonly rows: number;
  readonly rejected: number;
  /** Tries whose connection broke and that are stored. */
  readonly unknownStored: number;
}

export interface Judge {
  /** Reads what is new in the lake. All tries of `acknowledged` must be in it. */
  check(acknowledged: readonly string[]): Promise<void>;
  /** The same when nothing is under way any more: also what must not be there is looked for. */
  finish(): Promise<Verdict>;
  readonly verdict: Verdict;
}

export const NO_FINDINGS: Readonly<Record<Kind, number>> = {
  lost: 0,
  doubled: 0,
  partial: 0,
  mangled: 0,
  stranger: 0,
  record: 0,
  unread: 0,
  stray: 0,
};

const MAX_EXAMPLES = 30;

export function createJudge(readLake: ReadLake, ledger: Ledger): Judge {
  const findings = { ...NO_FINDINGS };
  const examples: string[] = [];
  /** Tries that were found wanting are told once. */
  const told = new Set<string>();
  /** Rows found of a try, as bits. */
  const seen = new Map<string, number>();
  const named = new Map<string, CommitObject>();
  const commitIds: string[] = [];
  let objectsInLake: readonly string[] = [];
  let rows = 0;
  let rejected = 0;

  function find(kind: Kind, text: string): void {
    findings[kind]++;
    if (examples.length < MAX_EXAMPLES) examples.push(`${kind}: ${text}`);
  }

  const visitor: LakeVisitor = {
    record(record) {
      commitIds.push(record.commitId);
      for (const object of record.objects) {
        if (named.has(object.key)) find('record', `${object.key} is named by two records`);
        named.set(object.key, object);
      }
      for (const text of recordProblems(record)) find('record', text);
      for (const counts of Object.values(record.rows)) rejected += counts.rejected;
    },
    file(file) {
      const object = named.get(file.key)!;
      if (object.rows !== file.rows.length || object.bytes !== file.bytes) {
        find(
          'record',
          `${file.key}: ${file.rows.length} rows in ${file.bytes} bytes, the record says ${object.rows} in ${object.bytes}`,
        );
      }
      for (const row of file.rows) judgeRow(file, row);
    },
    broken: (key, error) => find('unread', `${key}: ${error}`),
    objects: (keys) => {
      objectsInLake = keys;
    },
  };

  function judgeRow({ key, table }: LakeFile, row: LakeRow): void {
    rows++;
    const id = parseRowId(row.name);
    const entry = id && ledger.entries.get(id.send);
    if (!id || !entry || entry.signal !== table) {
      find('stranger', `${row.name} in ${key} was never sent so`);
      return;
    }
    if (entry.outcome === 'refused') find('stranger', `${row.name} in ${key} was refused`);
    const bits = seen.get(id.send) ?? 0;
    if ((bits & (1 << id.index)) !== 0) find('doubled', `${row.name} is there again in ${key}`);
    seen.set(id.send, bits | (1 << id.index));
    const expected = expectedRow(table, row.name);
    for (const field of Object.keys(expected) as (keyof LakeRow)[]) {
      if (row[field] !== expected[field]) {
        find('mangled', `${row.name} in ${key}: ${field} is ${row[field]}, sent was ${expected[field]}`);
      }
    }
  }

  /** Rows that are there of a try must be all of it: they were in one segment, and so in one commit. */
  function checkTry(send: string, mustBeThere: boolean): void {
    const { signal, rows: sent, outcome } = ledger.entries.get(send)!;
    const bits = seen.get(send) ?? 0;
    if (bits === 2 ** sent - 1 || told.has(send) || (bits === 0 && !mustBeThere)) return;
    told.add(send);
    if (bits !== 0) find('partial', `${signal} ${send} (${outcome}): of ${sent} rows ${bits.toString(2)} are there`);
    else find('lost', `${signal} ${send}: acknowledged, ${sent} rows are not there`);
  }

  const judge: Judge = {
    async check(acknowledged) {
      await readLake(commitIds, visitor);
      for (const send of new Set([...acknowledged, ...seen.keys()])) checkTry(send, true);
    },
    async finish() {
      await readLake(commitIds, visitor);
      let certain = 0;
      let possible = 0;
      for (const [send, { outcome, flawed }] of ledger.entries) {
        checkTry(send, outcome === 'acknowledged');
        if (outcome === 'acknowledged') certain += flawed;
        if (outcome === 'unknown') possible += flawed;
      }
      if (rejected < certain || rejected > certain + possible) {
        find('record', `${rejected} rows rejected, expected were ${certain} to ${certain + possible}`);
      }
      for (const key of objectsInLake) if (!named.has(key)) find('stray', `${key} belongs to no commit record`);
      return judge.verdict;
    },
    get verdict() {
      const stored = [...ledger.entries].filter(([send, { outcome }]) => outcome === 'unknown' && seen.has(send));
      const totals = { commitIds: [...commitIds], objects: named.size, rows, rejected, unknownStored: stored.length };
      return { findings: { ...findings }, examples: [...examples], ...totals };
    },
  };
  return judge;
}

/** Received = written + rejected, and written = rows of the objects, for each table. */
function recordProblems({ commitId, rows, objects }: CommitRecord): string[] {
  const problems: string[] = [];
  const stored = new Map<LakeTable, number>();
  for (const object of objects) stored.set(object.table, (stored.get(object.table) ?? 0) + object.rows);
  for (const table of new Set([...(Object.keys(rows) as LakeTable[]), ...stored.keys()])) {
    const { received = 0, written = 0, rejected = 0 } = rows[table] ?? {};
    const inObjects = stored.get(table) ?? 0;
    if (received === written + rejected && written === inObjects) continue;
    problems.push(
      `${commitId} ${table}: received ${received}, written ${written}, rejected ${rejected}, in objects ${inObjects}`,
    );
  }
  return problems;
}
