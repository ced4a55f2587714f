import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { createCommits } from '../../src/catalog/commits.ts';
import { BridgeError } from '../../src/errors.ts';
import { commitSegment } from '../../src/ingest/commit-segment.ts';
import type { StoredObjects } from '../../src/ingest/messages.ts';
import type { StoredRecord } from '../../src/journal/format.ts';
import { listSegments, removeSegment, segmentCommitId } from '../../src/journal/journal.ts';
import { openSegment } from '../../src/journal/segment-reader.ts';
import { createSegmentWriter } from '../../src/journal/segment-writer.ts';
import type { CommitObject } from '../../src/model/commit.ts';
import { systemFiles } from '../../src/platform/files.ts';
import { createFileStore } from '../../src/store/file.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { type Bench, createBench, onDisk, SAMPLE } from './support.ts';

function recordsOf(path: string): StoredRecord[] {
  const reader = openSegment(systemFiles, path)!;
  const records = [...reader.records()];
  reader.close();
  return records;
}

test('a commit stores one object a partition, writes its record and removes the segment', async (t) => {
  const bench = createBench(t, '[partitioning]\ntype = "hash"\nfield = "trace_id"\nnum_partitions = 4');
  bench.send(SAMPLE.body, SAMPLE.body);
  bench.lane.seal('request');
  const { record } = await bench.commit(bench.sealed[0]!);
  assert.ok(record!.objects.length > 1);
  for (const { key, partition } of record!.objects) {
    assert.match(partition, /^trace_id_bucket=[0-3]$/);
    assert.equal(key, `traces/${partition}/${record!.commitId}.parquet`);
  }
  assert.deepEqual(record!.rows.traces, {
    received: SAMPLE.items * 2,
    rejected: 0,
    rejectedBy: {},
    journalled: SAMPLE.items * 2,
    written: SAMPLE.items * 2,
  });
  assert.equal(await bench.rowsInLake(), SAMPLE.items * 2);
  assert.deepEqual(listSegments(systemFiles, bench.journalPath), []);
});

test('a replay from the segment alone writes the same objects as the commit from memory', async (t) => {
  const bench = createBench(t);
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const replayed = await bench.commit(onDisk(bench.sealed[0]!));
  const other = createBench(t);
  other.send(SAMPLE.body);
  other.lane.seal('request');
  const direct = await other.commit(other.sealed[0]!);
  assert.deepEqual(replayed.record, direct.record);
});

test('a commit broken off between two objects is finished by its replay, every row once', async (t) => {
  const bench = createBench(t, '[partitioning]\ntype = "hash"\nfield = "trace_id"\nnum_partitions = 8');
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  let writes = 0;
  const failing: ObjectStore = {
    ...bench.deps.store,
    write(key, options) {
      if (++writes === 4) throw new BridgeError('unavailable', 'the store is away');
      return bench.deps.store.write(key, options);
    },
  };

  await assert.rejects(commitSegment(bench.sealed[0]!, { ...bench.deps, store: failing }), /the store is away/);
  assert.equal(await bench.rowsInLake(), 0, 'nothing of it is visible without its record');
  assert.equal(listSegments(systemFiles, bench.journalPath).length, 1);
  await bench.commit(onDisk(bench.sealed[0]!));
  assert.equal(await bench.rowsInLake(), SAMPLE.items);
});

test('a segment whose commit record exists is only removed: deleted partitions do not come back', async (t) => {
  const bench = createBench(t);
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const segment = bench.sealed[0]!;
  const kept = { ...systemFiles, remove() {} }; // the crash before the segment's removal

  const { record } = await commitSegment(segment, { ...bench.deps, files: kept });
  for (const { partition } of record!.objects)
    await bench.catalog.deletePartition('traces', partition, { dryRun: false });
  assert.equal(listSegments(systemFiles, bench.journalPath).length, 1);
  await bench.commit(onDisk(segment));
  assert.deepEqual(listSegments(systemFiles, bench.journalPath), []);
  assert.equal(await bench.rowsInLake(), 0);
});

test('a record without rows that this run has acknowledged is not taken for its own: the segment stays', async (t) => {
  const bench = createBench(t);
  bench.send(SAMPLE.body);
  // A bridge that went on from a copy of the journal commits what the copy has.
  const copy = { ...bench.deps, files: { ...systemFiles, remove() {} } };
  const [path] = listSegments(systemFiles, bench.journalPath);
  const commitId = segmentCommitId(path!);
  const journalBytes = statSync(path!).size;
  await commitSegment({ commitId, path: path!, batches: undefined, counts: {}, memoryBytes: 0, journalBytes }, copy);
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const segment = bench.sealed[0]!;
  await assert.rejects(bench.commit(segment), { code: 'already_exists' });
  const again = { ...segment, batches: undefined };
  const message = /record of commit .* tells of \d+ rows of traces, and \d+ were acknowledged/;
  await assert.rejects(bench.commit(again), { code: 'already_exists', message });
  assert.deepEqual(listSegments(systemFiles, bench.journalPath), [path]);
});

test('a replay keeps the layout its segment was written under', async (t) => {
  const bench = createBench(t, '[partitioning]\ntype = "value"\nfield = "service_name"');
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const today = createBench(t).deps.layout;

  const { record } = await commitSegment(onDisk(bench.sealed[0]!), { ...bench.deps, layout: today });
  assert.ok(record!.objects.every(({ partition }) => partition.startsWith('service_name=')));
});

test('whole requests before and after damage are committed, and the damaged bytes are kept for people', async (t) => {
  const bench = createBench(t);
  for (let i = 0; i < 3; i++) bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const { path, commitId } = bench.sealed[0]!;
  const whole = readFileSync(path);
  const [, second] = recordsOf(path);
  const damaged = Buffer.from(whole);
  damaged[second!.end - 10]! ^= 1;
  writeFileSync(path, damaged);

  const { quarantined } = await bench.commit(onDisk(bench.sealed[0]!));
  assert.equal(await bench.rowsInLake(), SAMPLE.items * 2);
  const { start, end } = second!;
  const kept = join(bench.journalPath, 'quarantine', `${commitId}.${start}-${end}.bytes`);
  assert.deepEqual(quarantined, { paths: [kept], bytes: end - start, cutBytes: 0, lostRequests: 1 });
  assert.deepEqual(readFileSync(kept), damaged.subarray(start, end));
  assert.deepEqual(listSegments(systemFiles, bench.journalPath), []);
});

test('the beginning of a request that a kill has left at the end is no damage', async (t) => {
  const bench = createBench(t);
  bench.send(SAMPLE.body, SAMPLE.body);
  bench.lane.seal('request');
  const { path } = bench.sealed[0]!;
  truncateSync(path, statSync(path).size - 10);
  const { quarantined } = await bench.commit(onDisk(bench.sealed[0]!));
  assert.equal(await bench.rowsInLake(), SAMPLE.items);
  assert.ok(quarantined!.bytes > 0);
  assert.equal(quarantined!.cutBytes, quarantined!.bytes);
  assert.equal(quarantined!.lostRequests, 0);
});

test('a request that was whole on disk and cannot be decoded is set aside alone', async (t) => {
  const bench = createBench(t);
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const segment = bench.sealed[0]!;
  const [record] = recordsOf(segment.path);
  const reader = openSegment(systemFiles, segment.path)!;
  reader.close();
  removeSegment(systemFiles, bench.journalPath, segment.path);
  const writer = createSegmentWriter(systemFiles, bench.journalPath, reader.header);
  writer.append([{ ...record!, body: Buffer.from('no protobuf') }, record!], true);
  writer.close();

  const { quarantined } = await bench.commit(onDisk(segment));
  assert.equal(quarantined!.lostRequests, 1);
  assert.equal(readFileSync(quarantined!.paths[0]!).subarray(-11).toString(), 'no protobuf');
  assert.equal(await bench.rowsInLake(), SAMPLE.items);
});

test('damage that finds no room in quarantine keeps the whole segment there', async (t) => {
  const bench = createBench(t);
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const { path, commitId } = bench.sealed[0]!;
  appendFileSync(path, 'rubbish');
  const files = {
    ...systemFiles,
    append() {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    },
  };
  const { quarantined } = await commitSegment(onDisk(bench.sealed[0]!), { ...bench.deps, files });
  assert.equal(await bench.rowsInLake(), SAMPLE.items);
  assert.deepEqual(quarantined!.paths, [join(bench.journalPath, 'quarantine', `${commitId}.segment`)]);
  assert.deepEqual(readdirSync(join(bench.journalPath, 'quarantine')), [`${commitId}.segment`]);
  assert.deepEqual(listSegments(systemFiles, bench.journalPath), []);
});

test('a replay in the same run leaves out what a failed group has left behind the durable bytes', async (t) => {
  const bench = createBench(t);
  bench.send(SAMPLE.body);
  const durable = statSync(listSegments(systemFiles, bench.journalPath)[0]!).size;
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const segment = { ...onDisk(bench.sealed[0]!), journalBytes: durable, needsCopy: true };
  const { quarantined } = await bench.commit(segment);
  assert.equal(quarantined, undefined);
  assert.equal(await bench.rowsInLake(), SAMPLE.items);
});

test('a segment without a readable header is set aside and stops nothing', async (t) => {
  const bench = createBench(t);
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  truncateSync(bench.sealed[0]!.path, 20);
  const { record, quarantined } = await bench.commit(onDisk(bench.sealed[0]!));
  assert.equal(record, undefined);
  assert.match(quarantined!.paths[0]!, /quarantine/);
  assert.deepEqual(listSegments(systemFiles, bench.journalPath), []);
});

test('a segment that a crash left empty or all zeros is removed without noise', async (t) => {
  const bench = createBench(t);
  for (const length of [0, 10_000]) {
    bench.send(SAMPLE.body);
    bench.lane.seal('request');
    const segment = bench.sealed.pop()!;
    writeFileSync(segment.path, Buffer.alloc(length));
    const { record, quarantined } = await bench.commit(onDisk(segment));
    assert.deepEqual([record, quarantined], [undefined, undefined]);
  }
  assert.deepEqual(listSegments(systemFiles, bench.journalPath), []);
  assert.deepEqual(readdirSync(join(bench.journalPath, 'quarantine')), []);
});

test('the record of a replay has the counts of the answers, refused rows by reason, and a checksum for each object', async (t) => {
  const bench = createBench(t, '[limits]\nmax_past_seconds = 3600');
  const [answer] = bench.send(SAMPLE.body); // captured longer ago than an hour
  assert.ok(answer?.ok);
  bench.clock.now = Date.parse('2031-01-01T00:00:00Z');
  bench.lane.seal('request');
  const { record } = await bench.commit(onDisk(bench.sealed[0]!));
  const { accepted, rejected, rejectedByKind } = answer.outcome;
  assert.equal(accepted + rejected, SAMPLE.items);
  assert.ok(rejected > 0);
  assert.deepEqual(record!.rows.traces, {
    received: SAMPLE.items,
    rejected,
    rejectedBy: Object.fromEntries(rejectedByKind),
    journalled: accepted,
    written: accepted,
  });
  for (const { key, crc32: recorded } of record!.objects) {
    const bytes = await bench.deps.store.get(key);
    assert.equal(Number.parseInt(recorded!, 16), crc32(bytes));
  }
});

test('a commit whose counts do not add up is not completed, and its segment stays', async (t) => {
  const bench = createBench(t);
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const segment = bench.sealed[0]!;
  const counts = { traces: { ...segment.counts.traces!, journalled: SAMPLE.items + 1, received: SAMPLE.items + 1 } };
  await assert.rejects(bench.commit({ ...segment, counts }), { code: 'internal', message: /do not add up/ });
  assert.equal(await bench.rowsInLake(), 0);
  await bench.commit(onDisk(segment));
  assert.equal(await bench.rowsInLake(), SAMPLE.items);
});

/** Puts an object where the segment's first one goes; returns its key. */
async function occupy(bench: Bench, metadata: Record<string, string>, body = new Uint8Array(9)): Promise<string> {
  const rehearsal = createMemoryStore();
  const files = { ...systemFiles, remove() {} };
  const deps = { ...bench.deps, store: rehearsal, commits: createCommits(rehearsal), files };
  const { record } = await commitSegment(onDisk(bench.sealed[0]!), deps);
  const { key } = record!.objects[0]!;
  await bench.deps.store.put(key, body, { metadata });
  return key;
}

test("a stranger's object is not overwritten: the commit fails, names it, and keeps its segment", async (t) => {
  for (const ofStranger of [{}, { 'commit-id': 'somebody', rows: '1' }, { rows: String(SAMPLE.items) }]) {
    const bench = createBench(t, '[partitioning]\ntype = "hash"\nfield = "trace_id"\nnum_partitions = 1');
    bench.send(SAMPLE.body);
    bench.lane.seal('request');
    const key = await occupy(bench, ofStranger);
    await assert.rejects(bench.commit(bench.sealed[0]!), (error: BridgeError) => {
      assert.equal(error.code, 'already_exists');
      assert.ok(error.message.includes(key) && error.message.includes('is not of commit'), error.message);
      assert.match(error.hint!, /move it away/);
      return true;
    });
    assert.deepEqual(await bench.deps.store.get(key), new Uint8Array(9));
    assert.equal(listSegments(systemFiles, bench.journalPath).length, 1);
    assert.equal(await bench.deps.commits.read(bench.sealed[0]!.commitId), undefined);

    await bench.deps.store.delete([key]);
    await bench.commit(onDisk(bench.sealed[0]!));
    assert.equal(await bench.rowsInLake(), SAMPLE.items);
  }
});

test('a key that is free again when its object is looked at is tried again at once', async (t) => {
  const bench = createBench(t, '[partitioning]\ntype = "hash"\nfield = "trace_id"\nnum_partitions = 1');
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  await occupy(bench, {});
  const { store } = bench.deps;
  const moving: ObjectStore = {
    ...store,
    async head(key, options) {
      await store.delete([key]);
      return store.head(key, options);
    },
  };
  await commitSegment(onDisk(bench.sealed[0]!), { ...bench.deps, store: moving });
  assert.equal(await bench.rowsInLake(), SAMPLE.items);
});

test('an object of the same commit with another number of rows is not taken for its own', async (t) => {
  const bench = createBench(t, '[partitioning]\ntype = "hash"\nfield = "trace_id"\nnum_partitions = 1');
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const { commitId } = bench.sealed[0]!;
  await occupy(bench, { 'commit-id': commitId, rows: String(SAMPLE.items - 1) });
  await assert.rejects(bench.commit(bench.sealed[0]!), {
    code: 'already_exists',
    message: /holds \d+ rows of commit/,
    hint: /damaged since.* keep it, because it may hold rows that are nowhere else: the commit is tried again/,
  });
});

test("what an earlier try stored with another encoder is the commit's own, and its record tells of that object", async (t) => {
  const bench = createBench(t, '[partitioning]\ntype = "hash"\nfield = "trace_id"\nnum_partitions = 1');
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const { commitId } = bench.sealed[0]!;
  const body = new Uint8Array(1234);
  const key = await occupy(bench, { 'commit-id': commitId, rows: String(SAMPLE.items) }, body);
  const { record } = await bench.commit(bench.sealed[0]!);
  assert.equal(record!.objects[0]!.bytes, 1234);
  assert.equal(record!.objects[0]!.etag, (await bench.deps.store.head(key)).etag);
  assert.deepEqual(await bench.deps.store.get(key), body);
});

test('where a store keeps no metadata, the footer says whose an object is', async (t) => {
  const bench = createBench(t, '[partitioning]\ntype = "hash"\nfield = "trace_id"\nnum_partitions = 2');
  const plain = createFileStore(join(bench.journalPath, 'lake'));
  const deps = { ...bench.deps, store: plain, commits: createCommits(plain), files: { ...systemFiles, remove() {} } };
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const first = await commitSegment(onDisk(bench.sealed[0]!), deps);
  await plain.delete([`_lake/commits/${bench.sealed[0]!.commitId}.json`]);
  const second = await commitSegment(onDisk(bench.sealed[0]!), deps);
  const without = ({ crc32: _, ...object }: CommitObject) => object;
  assert.deepEqual(second.record!.objects.map(without), first.record!.objects.map(without));

  await plain.delete([`_lake/commits/${bench.sealed[0]!.commitId}.json`]);
  await plain.put(first.record!.objects[1]!.key, new Uint8Array(100));
  await assert.rejects(commitSegment(onDisk(bench.sealed[0]!), deps), { code: 'already_exists' });
});

test('a further try asks the store for nothing that an earlier one stored a moment ago', async (t) => {
  const bench = createBench(
    t,
    '[partitioning]\ntype = "hash"\nfield = "trace_id"\nnum_partitions = 8\n[operations]\nparallelism = 1',
  );
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const keys: string[] = [];
  let room = 3;
  const store: ObjectStore = {
    ...bench.deps.store,
    write(key, options) {
      if (room-- <= 0) throw new BridgeError('unavailable', 'the store is away');
      keys.push(key);
      return bench.deps.store.write(key, options);
    },
  };
  const stored: StoredObjects = new Map();
  const tryIt = () => commitSegment(onDisk(bench.sealed[0]!), { ...bench.deps, store }, stored);
  await assert.rejects(tryIt(), /away/);
  assert.equal(stored.size, 3);
  room = 3;
  await assert.rejects(tryIt(), /away/);
  assert.equal(stored.size, 6);
  bench.clock.now += 11 * 60_000;
  room = 100;
  await tryIt();
  assert.equal(keys.length, 6 + 8, 'after ten minutes all are looked at again');
  assert.equal(await bench.rowsInLake(), SAMPLE.items);
});

test('an upload that is taken away under an object is begun again', async (t) => {
  const bench = createBench(t);
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  let conflicts = 2;
  const store: ObjectStore = {
    ...bench.deps.store,
    async write(key, options) {
      const writer = await bench.deps.store.write(key, options);
      if (conflicts-- <= 0) return writer;
      return { ...writer, close: () => Promise.reject(new BridgeError('conflict', 'NoSuchUpload')) };
    },
  };
  await commitSegment(bench.sealed[0]!, { ...bench.deps, store });
  assert.equal(await bench.rowsInLake(), SAMPLE.items);
  assert.deepEqual(await store.listUploads(''), []);
});

test('uploads that earlier tries left open are gone before the commit is complete, and those of parts whose creation was answered with nothing', async (t) => {
  const bench = createBench(t);
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const { commitId } = bench.sealed[0]!;
  const { store } = bench.deps;
  await store.write(`traces/elsewhere/${commitId}.parquet`);
  const inParts: ObjectStore = {
    ...store,
    async write(key, options) {
      await store.write(key); // the one nobody knows
      return Object.defineProperty({ ...(await store.write(key, options)) }, 'isInParts', { value: true });
    },
  };
  await commitSegment(onDisk(bench.sealed[0]!), { ...bench.deps, store: inParts });
  assert.deepEqual(await store.listUploads(''), []);
});
