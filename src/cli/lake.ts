/** A lake as the commands see it: a running bridge behind its api, or the store itself. */
import type { DeletionReceipt, Partition } from '../catalog/types.ts';
import type { LakeUpload } from '../catalog/uploads.ts';
import type { CommitRecord } from '../model/commit.ts';
import type { ReadSummary } from '../model/read-summary.ts';
import type { TableName } from '../model/signal.ts';
import type { TableInfo } from '../model/table-info.ts';

export interface Lake {
  /** How it is reached, for people: "the bridge at http://127.0.0.1:4319" or "the files in data/lake". */
  readonly via: string;
  /** `params` are those of `GET /api/v1/tables/{table}/rows`. */
  read(table: string, params: URLSearchParams, signal: AbortSignal): LakeRead;
  tables(): Promise<readonly TableInfo[]>;
  partitions(filter: PartitionFilter): Promise<readonly Partition[]>;
  deletePartition(table: TableName, path: string, dryRun: boolean): Promise<DeletionReceipt>;
  /** Uploads that are open under keys with that prefix, oldest first. */
  uploads(prefix: string): Promise<readonly LakeUpload[]>;
  /** Aborts those without a stored byte for so long (default: as configured) that no live commit of this bridge needs. */
  abortUploads(prefix: string, olderThanSeconds: number | undefined): Promise<readonly LakeUpload[]>;
  flush(): Promise<readonly CommitRecord[]>;
  close(): Promise<void>;
}

/** Chunks of output, to be gone through once. An error on the way is thrown: what came by then is not the whole. */
export interface LakeRead extends AsyncIterable<Uint8Array> {
  /** Known at the end. */
  readonly summary: ReadSummary | undefined;
}

export interface PartitionFilter {
  readonly table?: TableName;
  readonly prefix?: string;
}
