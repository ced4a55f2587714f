/** What the catalog knows of the lake, as plain data. */
import type { PartitionStrategy } from '../model/layout.ts';
import type { LakeTable } from '../model/signal.ts';

/** An object that belongs to a table: committed by a bridge, or put there by another writer. */
export interface LakeObject {
  readonly table: LakeTable;
  /** Relative to the lake's root. */
  readonly key: string;
  /** Path between the table and the file name, without slashes at its ends. */
  readonly partition: string;
  /** Bytes. */
  readonly size: number;
  readonly modifiedMs: number;
  /** From the commit record; undefined for objects of other writers. */
  readonly commitId: string | undefined;
  /** Strategies the path was written under; undefined where nothing says so. */
  readonly partitioning?: readonly PartitionStrategy[] | undefined;
  readonly rows: number | undefined;
  /** ISO 8601 with microseconds; null: no row has a time; undefined: unknown. */
  readonly minTimestamp: string | null | undefined;
  readonly maxTimestamp: string | null | undefined;
}

export interface Partition {
  readonly table: LakeTable;
  /** `date=2026-11-21/hour=08`. */
  readonly partition: string;
  readonly files: number;
  /** Undefined where one of its objects has no known count. */
  readonly rows: number | undefined;
  readonly bytes: number;
  readonly minTimestamp: string | null | undefined;
  readonly maxTimestamp: string | null | undefined;
}

export interface DeletionReceipt {
  readonly formatVersion: 1;
  readonly deletionId: string;
  readonly deletedAt: string;
  readonly dryRun: boolean;
  readonly table: LakeTable;
  /** The path as asked; all partitions equal to it or below it were deleted. */
  readonly path: string;
  readonly files: number;
  readonly rows: number | undefined;
  readonly bytes: number;
  readonly objects: readonly { readonly key: string; readonly rows: number | undefined; readonly bytes: number }[];
}
