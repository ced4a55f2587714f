/** Sums of a check: rows by table, and how many of what was looked at. */
import type { CommitRecord } from '../model/commit.ts';
import { SIGNAL_LIST, type TableName } from '../model/signal.ts';
import type { TableLedger } from './types.ts';

type RowColumn = Exclude<keyof TableLedger, 'table'>;

export interface Ledger {
  commits: number;
  objects: number;
  bytes: number;
  addRows(table: TableName, column: RowColumn, rows: number): void;
  addRecord(record: CommitRecord): void;
  tables(): TableLedger[];
}

export function createLedger(): Ledger {
  const none = { received: 0, rejected: 0, written: 0, inFiles: 0, deleted: 0, foreign: 0, inJournal: 0 };
  const tables = new Map(SIGNAL_LIST.map(({ name }) => [name, { ...none }]));
  const ledger: Ledger = {
    commits: 0,
    objects: 0,
    bytes: 0,
    addRows(table, column, rows) {
      tables.get(table)![column] += rows;
    },
    addRecord(record) {
      ledger.commits++;
      for (const [table, { received, rejected, written }] of Object.entries(record.rows)) {
        ledger.addRows(table as TableName, 'received', received);
        ledger.addRows(table as TableName, 'rejected', rejected);
        ledger.addRows(table as TableName, 'written', written);
      }
    },
    tables: () => [...tables].map(([table, rows]) => ({ table, ...rows })),
  };
  return ledger;
}
