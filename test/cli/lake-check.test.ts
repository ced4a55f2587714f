import assert from 'node:assert/strict';
import { readdirSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CheckSummary, Finding } from '../../src/check/types.ts';
import { runCli } from '../support/cli.ts';
import { startBridge } from '../support/daemon.ts';
import { readSamples } from '../support/samples.ts';
import { exportHttp } from '../support/send.ts';

const sample = readSamples('traces').find(({ encoding, items }) => encoding === 'protobuf' && items > 100)!;

type Line = ({ type: 'finding' } & Finding) | ({ type: 'summary' } & CheckSummary);

function linesOf(stdout: string): Line[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

function summaryOf(stdout: string): CheckSummary {
  const last = linesOf(stdout).at(-1)!;
  assert.equal(last.type, 'summary');
  return last as CheckSummary;
}

test('lake check beside a running bridge adds up, and finds and mends what was broken', async (t) => {
  const bridge = await startBridge(t);
  const check = (...args: string[]) => runCli(['lake', 'check', '--config', bridge.configFile, ...args]);
  await exportHttp(bridge.otlp, sample.body);
  await bridge.flush();
  await exportHttp(bridge.otlp, sample.body); // stays in an open segment

  const sound = await check('--deep', '--json');
  assert.deepEqual([sound.code, sound.stderr], [0, '']);
  const summary = summaryOf(sound.stdout);
  const ledger = summary.tables.find(({ table }) => table === 'traces')!;
  assert.deepEqual([ledger.received, ledger.written, ledger.inFiles], [sample.items, sample.items, sample.items]);
  assert.deepEqual([summary.problems, summary.segments, ledger.inJournal], [0, 1, sample.items]);
  const table = await check();
  assert.equal(table.code, 0);
  assert.match(table.stdout, /everything adds up/);
  assert.match(table.stdout, /received/);

  const lake = join(bridge.folder, 'lake');
  const [record] = readdirSync(join(lake, '_lake', 'commits'));
  renameSync(join(lake, '_lake', 'commits', record!), join(bridge.folder, 'record'));
  const young = await check();
  assert.equal(young.code, 0, 'it may be the commit of another bridge, under way');
  const orphaned = await check('--min-age', '0');
  assert.equal(orphaned.code, 1);
  assert.match(orphaned.stdout, /neither record nor segment/);
  assert.match(orphaned.stderr, /problems? in .*lake/);
  const repaired = await check('--min-age', '0', '--repair', '--json');
  assert.equal(repaired.code, 0);
  assert.equal(summaryOf(repaired.stdout).repaired, summaryOf(repaired.stdout).problems);
  assert.equal((await bridge.rows({ buffered: 'false', select: 'span_id' })).length, sample.items);
});

test('lake check without a bridge tells of damage with its file, and exits 1', async (t) => {
  const bridge = await startBridge(t);
  await exportHttp(bridge.otlp, sample.body);
  await bridge.flush();
  await bridge.daemon.stop(5000);
  const traces = join(bridge.folder, 'lake', 'traces');
  const files = readdirSync(traces, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.parquet'));
  const file = join(traces, files[0]!);
  truncateSync(file, statSync(file).size - 1);
  const cut = await runCli(['lake', 'check', '--config', bridge.configFile, '--json']);
  assert.equal(cut.code, 1);
  const finding = linesOf(cut.stdout)[0] as Finding;
  assert.equal(finding.severity, 'problem');
  assert.ok(finding.at.endsWith(files[0]!.split('/').pop()!));
  rmSync(file);
  const gone = await runCli(['lake', 'check', '--config', bridge.configFile, '--repair']);
  assert.equal(gone.code, 1, 'what is gone cannot be mended');
  assert.match(gone.stdout, /is not there/);
});
