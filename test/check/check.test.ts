import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCommits } from '../../src/catalog/commits.ts';
import { commitKey } from '../../src/catalog/keys.ts';
import { parseConfig } from '../../src/config/load.ts';
import { commitSegment } from '../../src/ingest/commit-segment.ts';
import type { CommitRecord } from '../../src/model/commit.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { watched } from '../catalog/lake.ts';
import { SAMPLE } from '../ingest/support.ts';
import { type CheckBench, createCheckBench, ROWS, traces } from './support.ts';

const text = (value: string) => new TextEncoder().encode(value);

async function change(store: ObjectStore, key: string, to: (body: Uint8Array) => Uint8Array): Promise<void> {
  await store.put(key, to((await store.get(key)).slice()));
}

async function changeRecord(store: ObjectStore, id: string, to: (json: string) => string): Promise<void> {
  await change(store, commitKey(id), (body) => text(to(new TextDecoder().decode(body))));
}

test('a sound lake adds up: commits, a deletion, objects of other writers, segments left in the journal', async (t) => {
  const bench = createCheckBench(t);
  const [first] = [await bench.write(), await bench.write()];
  const deleted = first.objects[0]!;
  await bench.catalog.deletePartition('traces', deleted.partition, { dryRun: false });
  const other = (await bench.write()).objects[0]!;
  await bench.deps.store.put('traces/by-hand/part-0.parquet', await bench.deps.store.get(other.key));
  await bench.deps.store.put('traces/_SUCCESS', text(''));
  bench.send(SAMPLE.body);
  const { summary, findings } = await bench.check({ deep: true });
  assert.deepEqual(
    findings.map(({ kind, severity }) => `${severity} ${kind}`),
    ['note stray', 'note foreign'],
  );
  const ledger = traces(summary);
  assert.deepEqual([ledger.received, ledger.rejected, ledger.written], [3 * ROWS, 0, 3 * ROWS]);
  assert.equal(ledger.inFiles + ledger.deleted, ledger.written);
  assert.ok(ledger.deleted >= deleted.rows);
  assert.equal(ledger.foreign, other.rows);
  assert.equal(ledger.inJournal, ROWS);
  assert.deepEqual([summary.commits, summary.segments, summary.problems], [3, 1, 0]);
});

test('files that a lifecycle rule has deleted are no gaps, but counted as deleted; younger ones, and those of no rule, are', async (t) => {
  const bench = createCheckBench(t);
  const { objects, committedAt } = await bench.write();
  const [expired, ...rest] = objects;
  await bench.deps.store.delete([expired!.key]);
  const [rule] = parseConfig(
    '[s3]\nbucket = "lake"\n[[s3.lifecycle]]\nid = "traces"\nprefix = "traces/"\nexpiration_days = 30',
    'a.toml',
    {},
  ).s3!.lifecycle;
  const at = (days: number) => {
    const nowMs = Date.parse(committedAt) + days * 86_400_000;
    return { ...systemClock, nowMs: () => nowMs };
  };
  const { summary, findings } = await bench.check({}, { clock: at(30), lifecycle: [rule!] });
  assert.deepEqual(
    findings.map(({ kind, severity, message }) => [kind, severity, message]),
    [['expired', 'note', `1 files with ${expired!.rows} rows are not there, as a lifecycle rule wants it`]],
  );
  const ledger = traces(summary);
  assert.deepEqual([ledger.deleted, ledger.inFiles], [expired!.rows, rest.reduce((sum, { rows }) => sum + rows, 0)]);
  assert.deepEqual((await bench.check({}, { clock: at(29), lifecycle: [rule!] })).problems, ['gap']);
  for (const other of [
    { ...rule!, prefix: 'logs/' },
    { ...rule!, enabled: false },
  ]) {
    assert.deepEqual((await bench.check({}, { clock: at(99), lifecycle: [other] })).problems, ['gap']);
  }
});

interface Fault {
  readonly name: string;
  readonly make: (bench: CheckBench, record: CommitRecord) => Promise<unknown> | unknown;
  readonly problems: readonly string[];
  readonly message: RegExp;
  readonly deep?: boolean;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'an object that is gone without a receipt',
    make: ({ deps }, { objects }) => deps.store.delete([objects[0]!.key]),
    problems: ['gap'],
    message: /is not there: \d+ rows of commit/,
  },
  {
    name: 'an object that was cut',
    make: ({ deps }, { objects }) => change(deps.store, objects[0]!.key, (body) => body.subarray(0, body.length - 9)),
    problems: ['size', 'content'],
    message: /cannot be read as Parquet/,
  },
  {
    name: 'an empty object',
    make: ({ deps }, { objects }) => deps.store.put(objects[0]!.key, new Uint8Array(0)),
    problems: ['size', 'content'],
    message: /has no bytes/,
  },
  {
    name: 'an object with the bytes of another',
    make: async ({ deps }, { objects }) => deps.store.put(objects[0]!.key, await deps.store.get(objects[1]!.key)),
    problems: ['size', 'rows'],
    message: /rows; its record says/,
  },
  {
    name: 'a changed byte in a page, which only a deep check reads',
    make: ({ deps }, { objects }) =>
      change(deps.store, objects[0]!.key, (body) => {
        body[100] = body[100]! ^ 1;
        return body;
      }),
    problems: ['content'],
    message: /checksum|cannot be read/,
    deep: true,
  },
  {
    name: 'a copy of an object in another partition',
    make: async ({ deps }, { objects }) => {
      const { key } = objects[0]!;
      await deps.store.put(`traces/copied/${key.split('/').pop()}`, await deps.store.get(key));
    },
    problems: ['duplicate'],
    message: /does not name it/,
  },
  {
    name: 'a commit that has lost its record',
    make: ({ deps }, { commitId }) => deps.store.delete([commitKey(commitId)]),
    problems: ['orphan', 'orphan', 'orphan', 'orphan'],
    message: /neither record nor segment/,
  },
  {
    name: 'a damaged record',
    make: ({ deps }, { commitId }) => deps.store.put(commitKey(commitId), text('{')),
    problems: ['record'],
    message: /is no JSON/,
  },
  {
    name: 'counts that were changed',
    make: ({ deps }, { commitId }) =>
      changeRecord(deps.store, commitId, (json) => json.replace(/"received":\d+/, '"received":7')),
    problems: ['rows'],
    message: /does not add up for traces: 7 received/,
  },
  {
    name: 'a deleted object that came back',
    make: async ({ deps, catalog }, { objects }) => {
      const { key, partition } = objects[0]!;
      const body = await deps.store.get(key);
      await catalog.deletePartition('traces', partition, { dryRun: false });
      await deps.store.put(key, body);
    },
    problems: ['undeleted'],
    message: /broken off/,
  },
  {
    name: 'a damaged receipt',
    make: ({ deps }) => deps.store.put('_lake/deletions/20261121T080000000Z-00000000.json', text('{}')),
    problems: ['record'],
    message: /has no count at formatVersion/,
  },
  {
    name: 'a damaged segment',
    make: ({ journalPath }) =>
      writeFileSync(join(journalPath, 'segments', '20261121T080000000Z-aaaaaaaa-0009.segment'), 'no header'),
    problems: ['segment'],
    message: /no valid header/,
  },
  {
    name: 'a segment that was set aside as a whole',
    make: ({ journalPath }) => {
      mkdirSync(join(journalPath, 'quarantine'), { recursive: true });
      writeFileSync(join(journalPath, 'quarantine', '20261121T080000000Z-aaaaaaaa-0009.segment'), 'x');
    },
    problems: ['quarantine'],
    message: /set aside/,
  },
];

for (const { name, make, problems, message, deep = false } of FAULTS) {
  test(`it is found, with its place: ${name}`, async (t) => {
    const bench = createCheckBench(t);
    await bench.write();
    await make(bench, await bench.write());
    const shallow = await bench.check();
    assert.deepEqual(shallow.problems, deep ? [] : problems);
    const checked = await bench.check({ deep: true });
    for (const problem of problems) assert.ok(checked.problems.includes(problem), problem);
    const { at, message: told } = checked.findings.findLast(({ kind }) => kind === problems.at(-1))!;
    assert.match(told, message);
    assert.notEqual(at, '');
  });
}

test('a commit under way is no finding: its segment waits here, or its objects are young', async (t) => {
  const bench = createCheckBench(t);
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const noRecord: ObjectStore = {
    ...bench.deps.store,
    put: () => Promise.reject(new Error('before the record')),
  };
  const deps = { ...bench.deps, store: noRecord, commits: createCommits(noRecord) };
  await assert.rejects(commitSegment(bench.sealed[0]!, deps), /before the record/);
  const here = await bench.check();
  assert.deepEqual(here.problems, []);
  assert.equal(here.findings[0]!.kind, 'pending');
  assert.equal(traces(here.summary).inJournal, ROWS);

  const elsewhere = createCheckBench(t); // a check on a machine with another journal
  const there = await elsewhere.check({ minAgeMs: 1e12 }, { store: bench.deps.store });
  assert.deepEqual(there.problems, []);
  assert.equal(there.findings[0]!.kind, 'pending');
});

test('commits and deletions that come between its listings are no findings', async (t) => {
  const bench = createCheckBench(t);
  const record = await bench.write();
  const done = new Set<string>();
  const once = async (name: string, work: () => Promise<unknown>) => {
    if (done.has(name)) return;
    done.add(name);
    await work();
  };
  const store = watched(bench.deps.store, async (method, key) => {
    // After the receipts, after the objects of traces, and after the records were listed.
    if (method === 'list' && key === 'logs/') await once('written', () => bench.write());
    if (method === 'get' && key === commitKey(record.commitId)) {
      const { partition } = record.objects[1]!;
      await once('deleted', () => bench.catalog.deletePartition('traces', partition, { dryRun: false }));
    }
  });
  const { problems, summary } = await bench.check({}, { store });
  assert.deepEqual([...done], ['written', 'deleted']);
  assert.deepEqual(problems, []);
  const ledger = traces(summary);
  assert.equal(ledger.inFiles + ledger.deleted, ledger.written);
});

test('a lake that does not fit into memory is checked in parts, with the same findings', async (t) => {
  const bench = createCheckBench(t);
  const records: CommitRecord[] = [];
  for (let i = 0; i < 12; i++) records.push(await bench.write());
  await bench.deps.store.delete([records[3]!.objects[0]!.key, commitKey(records[5]!.commitId)]);
  await bench.catalog.deletePartition('traces', records[0]!.objects[2]!.partition, { dryRun: false });
  const whole = await bench.check();
  const parts = await bench.check({}, { maxIndexedKeys: 5 });
  const places = (findings: typeof whole.findings) => findings.map(({ kind, at }) => `${kind} ${at}`).sort();
  assert.deepEqual(places(parts.findings), places(whole.findings));
  assert.deepEqual(parts.summary, whole.summary);
  assert.ok(whole.problems.length > 1);
});
