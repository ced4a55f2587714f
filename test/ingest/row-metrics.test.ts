import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommitResult } from '../../src/ingest/messages.ts';
import { createRowMetrics } from '../../src/ingest/row-metrics.ts';
import type { CommitRecord } from '../../src/model/commit.ts';
import type { JournalledRows } from '../../src/model/row-counts.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

function journalled(rows: number): { traces: JournalledRows } {
  return { traces: { received: rows, rejected: 0, rejectedBy: {}, journalled: rows } };
}

function commitOf(rows: number): CommitResult {
  const counts = { ...journalled(rows).traces, written: rows };
  const record: CommitRecord = {
    formatVersion: 1,
    commitId: 'c',
    committedAt: '',
    objects: [],
    rows: { traces: counts },
  };
  return { commitId: 'c', record, quarantined: undefined };
}

async function value(metrics: ReturnType<typeof createMetrics>, name: string): Promise<number> {
  const line = new RegExp(`^otel_lake_${name}\\{(?:signal|table)="traces"[^}]*\\} (-?\\d+)$`, 'm');
  return Number(line.exec(await metrics.registry.metrics())?.[1]);
}

test('what is journalled and replayed is what is written, missing and waiting, whatever becomes of a segment', async () => {
  const metrics = createMetrics();
  const rows = createRowMetrics(metrics);
  const refused = new Map([['span_id', 2]]);
  rows.answered('traces', { accepted: 10, rejected: 2, reason: 'x', rejectedByKind: refused });
  rows.answered('traces', { accepted: 5, rejected: 0, reason: undefined, rejectedByKind: new Map() });
  assert.equal(rows.committed(commitOf(7), journalled(7)), 0);
  assert.equal(rows.committed(commitOf(20), {}), 0, 'left by an earlier run');
  assert.equal(rows.committed(commitOf(4), journalled(1)), 0, 'a lane ended between its disk and its answer');
  assert.equal(
    rows.committed(
      { commitId: 'c', record: undefined, quarantined: { paths: ['path'], bytes: 1, cutBytes: 0, lostRequests: 1 } },
      journalled(3),
    ),
    3,
  );
  const names = ['received_rows_total', 'rejected_rows_total', 'journalled_rows_total', 'replayed_rows_total'];
  const [received, rejected, taken, replayed] = await Promise.all(names.map((name) => value(metrics, name)));
  assert.deepEqual([received, rejected, taken, replayed], [17, 2, 15, 23]);
  const ends = ['written_rows_total', 'missing_rows_total', 'waiting_rows'];
  assert.deepEqual(await Promise.all(ends.map((name) => value(metrics, name))), [31, 3, 4]);
});
