/** Threads of the write path are ended for real, from inside and outside, while requests are on their way. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { layoutOf } from '../../src/app/layout.ts';
import { heapLimits, portOf } from '../../src/app/spawn.ts';
import type { ThreadData } from '../../src/app/thread-data.ts';
import { transferables } from '../../src/batch/arrow.ts';
import { createCommits } from '../../src/catalog/commits.ts';
import { parseConfig } from '../../src/config/load.ts';
import { BridgeError } from '../../src/errors.ts';
import { startIngest } from '../../src/ingest/ingest.ts';
import type { FromEncoder, FromLane, ToEncoder, ToLane } from '../../src/ingest/messages.ts';
import type { ThreadPort } from '../../src/ingest/threads.ts';
import { systemRandomness } from '../../src/platform/clock.ts';
import { systemFiles } from '../../src/platform/files.ts';
import { openStore } from '../../src/store/open.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createStoreTally } from '../../src/telemetry/store-tally.ts';
import { readSamples } from '../support/samples.ts';
import { tempFolder } from '../support/temp.ts';
import type { Fault } from './faults.ts';

const SAMPLE = readSamples('traces').find(({ encoding, items }) => encoding === 'protobuf' && items > 100)!;

interface Bench {
  readonly ingest: Awaited<ReturnType<typeof startIngest>>;
  /** Every lane and encoder ever started. */
  readonly lanes: ThreadPort<ToLane, FromLane>[];
  readonly encoders: ThreadPort<ToEncoder, FromEncoder>[];
  fault(thread: 'lane' | 'encoder', fault: Fault): void;
  /** Sends one request; the rows acknowledged, or the error. */
  send(): Promise<number | BridgeError>;
  rowsInLake(): Promise<number>;
  /** Partitions that have begun, of commits that are not complete too. */
  partitions(): number;
  metric(name: string): Promise<number>;
}

async function startBench(t: TestContext, toml = ''): Promise<Bench> {
  const folder = tempFolder(t);
  const text = `[storage]\npath = "${join(folder, 'lake')}"\n[journal]\npath = "${join(folder, 'journal')}"
[operations]\nlanes = 1\nencoders = 1\n[telemetry]\nlog_level = "error"\n${toml}`;
  const config = parseConfig(text, 'test.toml');
  const data: ThreadData = {
    config,
    layout: layoutOf(config),
    version: 'test',
    storeCounts: createStoreTally().memory,
  };
  const store = await openStore(config);
  const metrics = createMetrics();
  const log = createLogger(config.telemetry);
  log.level = 'silent'; // deaths are logged as errors
  const faults = { lane: randomUUID(), encoder: randomUUID() };
  const start = <Out, In>(thread: 'lane' | 'encoder', more: object): ThreadPort<Out, In> => {
    const workerData = { ...data, ...more, faults: faults[thread] };
    const url = new URL(`./faulty-${thread}.ts`, import.meta.url);
    return portOf(new Worker(url, { workerData, resourceLimits: heapLimits(data), stderr: true }));
  };
  const lanes: Bench['lanes'] = [];
  const encoders: Bench['encoders'] = [];
  const keep = <T>(list: T[], item: T): T => {
    list.push(item);
    return item;
  };
  const ingest = await startIngest({
    config,
    files: systemFiles,
    log,
    metrics,
    randomness: systemRandomness,
    startLane: (node, lock) => keep(lanes, start<ToLane, FromLane>('lane', { node, lock })),
    onJournalLost: () => {}, // the folder goes before the bench
    startEncoder: () => keep(encoders, start<ToEncoder, FromEncoder>('encoder', {})),
    transferables: (segment) => segment.batches?.flatMap(transferables) ?? [],
  });
  t.after(async () => {
    await ingest.stop(10_000);
    store.close();
  });
  return {
    ingest,
    lanes,
    encoders,
    fault(thread, fault) {
      const channel = new BroadcastChannel(faults[thread]);
      channel.postMessage(fault);
      channel.close();
    },
    async send() {
      const parts = [new Uint8Array(SAMPLE.body)];
      const request = { signal: 'traces', contentType: 'protobuf', contentEncoding: 'identity', parts } as const;
      return ingest.accept(request).then(
        (outcome) => outcome.accepted,
        (error: unknown) => BridgeError.from(error),
      );
    },
    async rowsInLake() {
      const { records } = await createCommits(store).readCommits();
      return records.reduce((sum, { rows }) => sum + (rows.traces?.written ?? 0), 0);
    },
    partitions: () => systemFiles.list(join(folder, 'lake', 'traces')).length,
    async metric(name) {
      const line = new RegExp(`^otel_lake_${name}\\{(?:signal|table)="traces"\\} (-?\\d+)$`, 'm');
      return Number(line.exec(await metrics.registry.metrics())?.[1]);
    },
  };
}

async function until(what: string, holds: () => boolean, boundMs = 30_000): Promise<void> {
  const endMs = performance.now() + boundMs;
  while (!holds()) {
    assert.ok(performance.now() < endMs, `still waiting after ${boundMs} ms: ${what}`);
    await sleep(10);
  }
}

const rowsOf = (answers: readonly (number | BridgeError)[]) =>
  answers.reduce((sum: number, answer) => sum + (typeof answer === 'number' ? answer : 0), 0);
const errorsOf = (answers: readonly (number | BridgeError)[]) =>
  answers.filter((answer) => answer instanceof BridgeError);

const ENDS: readonly [how: string, end: (bench: Bench) => unknown][] = [
  ['is terminated', (bench) => bench.lanes.at(-1)!.terminate()],
  ['exits', (bench) => bench.fault('lane', 'exit')],
  ['throws what nobody catches', (bench) => bench.fault('lane', 'throw')],
  ['fills its heap', (bench) => bench.fault('lane', 'heap')],
];

for (const [how, end] of ENDS) {
  test(`a lane that ${how} is started again, and what it had acknowledged is in the lake once`, async (t) => {
    const bench = await startBench(t, '[limits]\nmemory_bytes = 134217728');
    const before = await Promise.all([bench.send(), bench.send()]);
    assert.deepEqual(before, [SAMPLE.items, SAMPLE.items]);
    end(bench);
    const sent: Promise<number | BridgeError>[] = [];
    await until('the lane is started again', () => {
      sent.push(bench.send());
      return bench.lanes.length > 1;
    });
    const after = await bench.send();
    assert.equal(after, SAMPLE.items);
    const during = await Promise.all(sent);
    for (const error of errorsOf(during)) {
      assert.deepEqual([error.code, error.retryable], ['unavailable', true]);
      assert.ok(error.retryAfterMs! > 0);
    }
    await bench.ingest.flush();
    const acknowledged = rowsOf([...before, ...during, after]);
    const written = await bench.rowsInLake();
    // A request the disk had and whose answer was lost is there too: once, and whole.
    assert.ok(written >= acknowledged && written <= acknowledged + errorsOf(during).length * SAMPLE.items);
    assert.equal((written - acknowledged) % SAMPLE.items, 0);
    assert.equal(await bench.metric('journalled_rows_total'), acknowledged);
    assert.equal(await bench.metric('replayed_rows_total'), written - acknowledged);
    assert.equal(await bench.metric('missing_rows_total'), 0);
    assert.equal(await bench.metric('waiting_rows'), 0);
  });
}

/** So many files that a commit takes its time. */
const SLOW_COMMITS = '[partitioning]\ntype = "hash"\nfield = "span_id"\nnum_partitions = 16';

for (const [how, end] of [
  ['is terminated', (bench) => bench.encoders.at(-1)!.terminate()],
  ['exits', (bench) => bench.fault('encoder', 'exit')],
  ['throws what nobody catches', (bench) => bench.fault('encoder', 'throw')],
  ['fills its heap', (bench) => bench.fault('encoder', 'heap')],
] satisfies [string, (bench: Bench) => unknown][]) {
  test(`an encoder that ${how} during a commit is started again, and the segment is in the lake once`, async (t) => {
    const bench = await startBench(t, `[limits]\nmemory_bytes = 134217728\n${SLOW_COMMITS}`);
    assert.deepEqual(await Promise.all([bench.send(), bench.send()]), [SAMPLE.items, SAMPLE.items]);
    const flushed = bench.ingest.flush().catch((error: unknown) => BridgeError.from(error));
    await until('the first files are there', () => bench.partitions() > 0);
    assert.equal(await bench.rowsInLake(), 0);
    end(bench);
    await flushed;
    await until('the encoder is started again', () => bench.encoders.length > 1);
    await until('it is committed', () => bench.ingest.status().waitingCommits === 0);
    assert.equal(await bench.rowsInLake(), 2 * SAMPLE.items);
    assert.equal(await bench.metric('waiting_rows'), 0);
  });
}

test('a lane that dies again and again is not started in a circle, and status says so', async (t) => {
  const bench = await startBench(t);
  const endMs = performance.now() + 2000;
  const troubles = new Set<string>();
  while (performance.now() < endMs) {
    void bench.lanes.at(-1)!.terminate();
    for (const trouble of bench.ingest.status().troubles) troubles.add(trouble);
    await sleep(20);
  }
  assert.ok(bench.lanes.length <= 6, `${bench.lanes.length} starts in 2 s`);
  assert.match([...troubles].at(-1)!, /lane 1 ended \d+ times in a row and is started again/);
  const refused = await bench.send();
  assert.ok(refused instanceof BridgeError);
  assert.equal(refused.retryable, true);
  await until('it is started again', () => bench.ingest.status().troubles.length === 0);
  assert.equal(await bench.send(), SAMPLE.items);
});
