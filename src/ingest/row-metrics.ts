/**
 * The ledger in `/metrics`: rows received, refused, journalled and written since the start.
 *
 *   received_rows = rejected_rows + journalled_rows
 *   journalled_rows + replayed_rows = written_rows + missing_rows + waiting_rows
 *
 * Replayed rows are those of segments that were never counted as journalled in this run: an earlier run left them, or a
 * lane ended between its disk and its answer. Missing ones were acknowledged, and their segment did not give them back.
 */
import type { ByTable, JournalledRows } from '../model/row-counts.ts';
import { SIGNAL_LIST, type SignalName } from '../model/signal.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { CommitResult, ExportOutcome, SealedSegment } from './messages.ts';

export interface RowMetrics {
  answered(signal: SignalName, outcome: ExportOutcome): void;
  /** Returns the acknowledged rows that are missing in the commit, or 0. */
  committed(result: CommitResult, acknowledged: SealedSegment['counts']): number;
}

export function createRowMetrics(metrics: Metrics): RowMetrics {
  const waiting = new Map(SIGNAL_LIST.map(({ name }) => [name, 0]));
  metrics.labelledGauge('waiting_rows', 'Rows in the journal and in no committed object yet.', 'signal', () => waiting);
  const wait = (signal: SignalName, rows: number) => waiting.set(signal, waiting.get(signal)! + rows);

  return {
    answered(signal, { accepted, rejected, rejectedByKind }) {
      metrics.receivedRows.inc({ signal }, accepted + rejected);
      metrics.journalledRows.inc({ signal }, accepted);
      for (const [reason, rows] of rejectedByKind) metrics.rejectedRows.inc({ signal, reason }, rows);
      wait(signal, accepted);
    },
    committed({ record, quarantined }, acknowledged) {
      if (!record && !quarantined) return 0; // removed by hand, or empty
      let missing = 0;
      for (const { name: table } of SIGNAL_LIST) {
        const written = record?.rows[table]?.written ?? 0;
        const known = journalledIn(acknowledged, table);
        metrics.writtenRows.inc({ table }, written);
        metrics.replayedRows.inc({ table }, Math.max(0, written - known));
        metrics.missingRows.inc({ table }, Math.max(0, known - written));
        missing += Math.max(0, known - written);
        wait(table, -known);
      }
      return missing;
    },
  };
}

function journalledIn(counts: ByTable<JournalledRows>, table: SignalName): number {
  return counts[table]?.journalled ?? 0;
}
