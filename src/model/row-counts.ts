/**
 * The ledger of rows: what came in, and what became of it. It is kept by table, so that a further dimension is a further
 * key around it, and adds up to the row at both ends of the journal:
 *
 *   received = rejected + journalled    when a request is answered, and again when its segment is replayed
 *   journalled = written                when the commit record is written
 */
import type { TableName } from './signal.ts';

export interface JournalledRows {
  /** Rows of requests that were taken, refused rows included. */
  readonly received: number;
  /** Rows refused alone (partial success). */
  readonly rejected: number;
  /** The same by reason; adds up to `rejected`. */
  readonly rejectedBy: Readonly<Record<string, number>>;
  /** Rows that are durable in the journal and have to be written. */
  readonly journalled: number;
}

export interface RowCounts extends JournalledRows {
  /** Rows in the commit's objects. */
  readonly written: number;
}

export type ByTable<T> = Readonly<Partial<Record<TableName, T>>>;

/** What the decoding of one request gives. */
export interface DecodedRows {
  readonly accepted: number;
  readonly rejected: number;
  readonly rejectedByKind: ReadonlyMap<string, number>;
}

export interface RowTally {
  add(table: TableName, rows: DecodedRows): void;
  counts(): ByTable<JournalledRows>;
}

export function createRowTally(): RowTally {
  const tables: Partial<Record<TableName, JournalledRows>> = {};
  return {
    add(table, { accepted, rejected, rejectedByKind }) {
      const before = tables[table] ?? { received: 0, rejected: 0, rejectedBy: {}, journalled: 0 };
      tables[table] = {
        received: before.received + accepted + rejected,
        rejected: before.rejected + rejected,
        rejectedBy: rejected === 0 ? before.rejectedBy : sumByKey(before.rejectedBy, rejectedByKind),
        journalled: before.journalled + accepted,
      };
    },
    counts: () => ({ ...tables }),
  };
}

function sumByKey(before: Readonly<Record<string, number>>, more: Iterable<readonly [string, number]>) {
  const sum: Record<string, number> = { ...before };
  for (const [key, count] of more) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}

/** Why these counts do not add up, as the end of a sentence; undefined where they do. */
export function imbalance(counts: RowCounts): string | undefined {
  const { received, rejected, rejectedBy, journalled, written } = counts;
  const byReason = Object.values(rejectedBy).reduce((sum, count) => sum + count, 0);
  if (received !== rejected + journalled) {
    return `${received} received are not ${rejected} rejected + ${journalled} journalled`;
  }
  if (rejected !== byReason) return `${rejected} rejected are not the ${byReason} of its reasons`;
  if (journalled !== written) return `${journalled} journalled are not ${written} written`;
  return undefined;
}
