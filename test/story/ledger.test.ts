/** Rows are accounted for from the answers to the files: by the senders, the commit records, /metrics and lake check. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CheckSummary } from '../../src/check/types.ts';
import { listSegments } from '../../src/journal/journal.ts';
import { openSegment } from '../../src/journal/segment-reader.ts';
import type { CommitRecord } from '../../src/model/commit.ts';
import { SIGNAL_LIST, SIGNALS, type Signal, type SignalName } from '../../src/model/signal.ts';
import { systemFiles } from '../../src/platform/files.ts';
import { runCli } from '../support/cli.ts';
import { spawnBridge, type TestBridge } from '../support/daemon.ts';
import { type Item, post, readAnswer, requestBody } from '../support/requests.ts';
import { tempFolder } from '../support/temp.ts';

interface Sent {
  received: number;
  rejected: number;
  /** Refused because of their time; the others because of their ids. */
  late: number;
}

type BySignal = Record<SignalName, Sent>;

const none = (): BySignal => {
  const sent = () => ({ received: 0, rejected: 0, late: 0 });
  return { traces: sent(), logs: sent(), metrics: sent() };
};

/** `good` rows of now, `late` ones of long ago (as the items are by default), and for spans `wrong` ones. */
function items(signal: Signal, good: number, late: number, wrong: number): Item[] {
  const now = `${BigInt(Date.now()) * 1_000_000n}`;
  const times = signal.name === 'traces' ? { startTimeUnixNano: now, endTimeUnixNano: now } : { timeUnixNano: now };
  return [
    ...Array.from({ length: good }, (_, i) => ({ name: `good-${i}`, changes: times })),
    ...Array.from({ length: late }, (_, i) => ({ name: `late-${i}` })),
    ...Array.from({ length: wrong }, (_, i) => ({ name: `wrong-${i}`, changes: { ...times, spanId: 'abcd' } })),
  ];
}

async function send(bridge: TestBridge, total: BySignal): Promise<void> {
  for (const signal of SIGNAL_LIST) {
    for (let request = 0; request < 4; request++) {
      const [good, late, wrong] = [request * 5, request, signal.name === 'traces' ? 2 : 0];
      const body = requestBody(signal, 'protobuf', 'ledger', items(signal, good, late, wrong));
      const response = await post(bridge.otlp, signal, 'protobuf', body);
      assert.equal(response.status, 200);
      const { rejected } = readAnswer(signal, 'protobuf', new Uint8Array(await response.arrayBuffer()));
      assert.equal(rejected, late + wrong);
      const sent = total[signal.name];
      sent.received += good + late + wrong;
      sent.rejected += rejected;
      sent.late += late;
    }
  }
}

async function metricsOf(bridge: TestBridge): Promise<(name: string, signal: SignalName) => number> {
  const text = await (await fetch(`${bridge.api}/metrics`)).text();
  return (name, signal) => {
    const lines = text.matchAll(
      new RegExp(`^otel_lake_${name}\\{(?:signal|table)="${signal}"[^}]*\\} (-?\\d+)$`, 'gm'),
    );
    return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
  };
}

function assertBalanced(metric: (name: string, signal: SignalName) => number, signal: SignalName): void {
  const of = (name: string) => metric(name, signal);
  assert.equal(of('received_rows_total'), of('rejected_rows_total') + of('journalled_rows_total'));
  const before = of('journalled_rows_total') + of('replayed_rows_total');
  assert.equal(before, of('written_rows_total') + of('missing_rows_total') + of('waiting_rows'));
}

test('received = written + rejected, to the row and by reason, across a kill -9 and the replay after it', async (t) => {
  const folder = tempFolder(t);
  const toml = '[limits]\nmax_past_seconds = 3600';
  const total = none();
  const first = await spawnBridge(folder, toml);
  await send(first, total);
  const before = await metricsOf(first);
  for (const { name } of SIGNAL_LIST) {
    assertBalanced(before, name);
    assert.equal(before('waiting_rows', name), total[name].received - total[name].rejected);
  }
  first.process.kill('SIGKILL');
  await once(first.process, 'exit');

  const second = await spawnBridge(folder, toml);
  t.after(() => second.process.kill('SIGKILL'));
  const replayed = structuredClone(total);
  await send(second, total);
  await second.flush();
  const after = await metricsOf(second);
  for (const { name } of SIGNAL_LIST) {
    assertBalanced(after, name);
    assert.equal(after('replayed_rows_total', name), replayed[name].received - replayed[name].rejected);
    assert.deepEqual([after('waiting_rows', name), after('missing_rows_total', name)], [0, 0]);
  }

  const { code, stdout } = await runCli(['lake', 'check', '--deep', '--json', '--config', second.configFile]);
  assert.equal(code, 0, stdout);
  const summary = JSON.parse(stdout.trim().split('\n').at(-1)!) as CheckSummary;
  for (const { table, received, rejected, rejectedBy, journalled, written, inFiles } of summary.tables) {
    const sent = total[table as SignalName];
    const wrong = sent.rejected - sent.late;
    assert.deepEqual(rejectedBy, { time: sent.late, ...(wrong > 0 && { span_id: wrong }) });
    assert.equal(journalled, sent.received - sent.rejected);
    assert.deepEqual([received, rejected], [sent.received, sent.rejected]);
    assert.deepEqual([written, inFiles], [sent.received - sent.rejected, sent.received - sent.rejected]);
  }
  const printed = await runCli(['lake', 'check', '--config', second.configFile]);
  assert.match(printed.stdout, /rejected in traces by reason: (time|span_id) \d+, (time|span_id) \d+/);
  const commits = join(folder, 'lake', '_lake', 'commits');
  const records = readdirSync(commits).map((name) => {
    return JSON.parse(readFileSync(join(commits, name), 'utf8')) as CommitRecord;
  });
  for (const { name } of SIGNAL_LIST) {
    const late = records.reduce((sum, { rows }) => sum + (rows[name]?.rejectedBy.time ?? 0), 0);
    const wrong = records.reduce((sum, { rows }) => sum + (rows[name]?.rejectedBy.span_id ?? 0), 0);
    assert.deepEqual([late, wrong], [total[name].late, total[name].rejected - total[name].late]);
  }
});

test('what damage in the journal has cost is counted, and everything else is in the lake', async (t) => {
  const folder = tempFolder(t);
  const first = await spawnBridge(folder, '[operations]\nlanes = 1');
  for (const name of ['a', 'b', 'c']) {
    const body = requestBody(SIGNALS.logs, 'protobuf', 'ledger', [{ name }, { name }]);
    assert.equal((await post(first.otlp, SIGNALS.logs, 'protobuf', body)).status, 200);
  }
  first.process.kill('SIGKILL');
  await once(first.process, 'exit');
  const [path] = listSegments(systemFiles, join(folder, 'journal'));
  const reader = openSegment(systemFiles, path!)!;
  const second = [...reader.records()][1]!;
  reader.close();
  const bytes = readFileSync(path!);
  bytes[second.end - 1]! ^= 1;
  writeFileSync(path!, bytes);

  const bridge = await spawnBridge(folder, '[operations]\nlanes = 1');
  t.after(() => bridge.process.kill('SIGKILL'));
  await bridge.flush();
  const text = await (await fetch(`${bridge.api}/metrics`)).text();
  const counted = (name: string) => Number(new RegExp(`^otel_lake_${name} (\\d+)$`, 'm').exec(text)?.[1]);
  assert.deepEqual(
    ['quarantined_total', 'quarantined_bytes_total', 'lost_requests_total', 'cut_requests_total'].map(counted),
    [1, second.end - second.start, 1, 0],
  );
  const metric = await metricsOf(bridge);
  assert.deepEqual([metric('replayed_rows_total', 'logs'), metric('written_rows_total', 'logs')], [4, 4]);
  const names = (await bridge.rows({ buffered: 'false', select: 'event_name' }, 'logs')).map((row) => row.event_name);
  assert.deepEqual(names.sort(), ['a', 'a', 'c', 'c']);
  const kept = readFileSync(join(folder, 'journal/quarantine', readdirSync(join(folder, 'journal/quarantine'))[0]!));
  assert.deepEqual(kept, bytes.subarray(second.start, second.end));
});
