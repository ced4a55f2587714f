/** Sums of a check: rows by table, and how many of what was looked at. */
import type { CommitRecord } from '../model/commit.ts';
import { type LakeTable, SIGNAL_LIST } from '../model/signal.ts';
import type { TableLedger } from './types.ts';

type RowColumn = Exclude<keyof TableLedger, 'table' | 'rejectedBy'>;

export interface Ledger {
  commits: number;
  objects: number;
  bytes: number;
  addRows(table: LakeTable, column: RowColumn, rows: number): void;
  addRecord(record: CommitRecord): void;
  tables(): TableLedger[];
}

export function createLedger(): Ledger {
  const none = {
    received: 0,
    rejected: 0,
    journalled: 0,
    written: 0,
    inFiles: 0,
    deleted: 0,
    foreign: 0,
    inJournal: 0,
  };
  const tables = new Map<LakeTable, Record<RowColumn, number>>(SIGNAL_LIST.map(({ name }) => [name, { ...none }]));
  const reasons = new Map<LakeTable, Record<string, number>>();
  const ledger: Ledger = {
    commits: 0,
    objects: 0,
    bytes: 0,
    addRows(table, column, rows) {
      const sums = tables.get(table) ?? { ...none };
      sums[column] += rows;
      tables.set(table, sums);
    },
    addRecord(record) {
      ledger.commits++;
      for (const [name, { received, rejected, rejectedBy, journalled, written }] of Object.entries(record.rows)) {
        const table = name as LakeTable;
        ledger.addRows(table, 'received', received);
        ledger.addRows(table, 'rejected', rejected);
        ledger.addRows(table, 'journalled', journalled);
        ledger.addRows(table, 'written', written);
        const sums = reasons.get(table) ?? {};
        for (const [reason, rows] of Object.entries(rejectedBy)) sums[reason] = (sums[reason] ?? 0) + rows;
        reasons.set(table, sums);
      }
    },
    tables: () => [...tables].map(([table, rows]) => ({ table, ...rows, rejectedBy: reasons.get(table) ?? {} })),
  };
  return ledger;
}
