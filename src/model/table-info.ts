import type { LakeTable } from './signal.ts';

/** A table's description as `GET /api/v1/tables` gives it. */
export interface TableInfo {
  readonly table: LakeTable;
  readonly files: number;
  /** Committed rows; undefined where an object of another writer has no known count. */
  readonly rows: number | undefined;
  readonly bytes: number;
  readonly columns: readonly ColumnInfo[];
}

export interface ColumnInfo {
  readonly name: string;
  /** As Trino spells it; DuckDB and Spark differ in spelling only. */
  readonly type: string;
  readonly nullable: boolean;
  readonly fieldId: number;
  readonly doc: string;
}
