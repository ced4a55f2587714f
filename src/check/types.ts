/** What `otel-lake lake check` finds, as plain data. */
import type { LakeTable } from '../model/signal.ts';

export type FindingKind =
  | 'orphan' // an object of a commit that has no record and no segment
  | 'duplicate' // an object whose name carries the id of a commit that does not name it
  | 'gap' // an object that a record names and that is not there, without a receipt
  | 'expired' // objects that a lifecycle rule of the configuration deletes, and that are not there
  | 'undeleted' // an object that is there although a receipt says that it was deleted
  | 'size' // bytes of an object that are not those of its record
  | 'rows' // counts that do not add up
  | 'content' // an object that is no Parquet file of its commit, or with `deep` differs from its checksum
  | 'record' // a commit record or a receipt that cannot be used
  | 'stray' // a name or an upload that belongs to nothing
  | 'foreign' // an object of another writer
  | 'pending' // a commit under way
  | 'segment' // a segment of the journal, damaged or committed already
  | 'quarantine'; // what was set aside earlier

export interface Finding {
  readonly kind: FindingKind;
  /** A `problem` is something that does not add up; a `note` is said and counted, and nothing more. */
  readonly severity: 'problem' | 'note';
  /** Key in the lake, or path in the journal. */
  readonly at: string;
  readonly message: string;
  /** What was done about it; only where repair was asked for. */
  readonly repaired?: string;
}

/**
 * The ledger of one table. Without problems: received = rejected + journalled, journalled = written, and written = files +
 * deleted.
 */
export interface TableLedger {
  readonly table: LakeTable;
  /** By the commit records. */
  readonly received: number;
  readonly rejected: number;
  /** The same by reason; adds up to `rejected`. */
  readonly rejectedBy: Readonly<Record<string, number>>;
  readonly journalled: number;
  readonly written: number;
  /** By the footers of the records' objects. */
  readonly inFiles: number;
  /** By the deletion receipts, and by the lifecycle rules of the configuration. */
  readonly deleted: number;
  /** In objects of other writers. */
  readonly foreign: number;
  /** Rows in segments of this journal that have no record yet. */
  readonly inJournal: number;
}

export interface CheckSummary {
  readonly lake: string;
  readonly commits: number;
  readonly objects: number;
  readonly bytes: number;
  readonly segments: number;
  readonly tables: readonly TableLedger[];
  readonly problems: number;
  readonly notes: number;
  /** Of the problems. */
  readonly repaired: number;
}

export interface CheckOptions {
  /** Reads every byte: checksums, and every page decoded. */
  readonly deep: boolean;
  readonly repair: boolean;
  /**
   * Objects without a record and uploads that are younger than this may be another bridge's commit under way: they are
   * noted, and left alone.
   */
  readonly minAgeMs: number;
}

export interface CheckHooks {
  /** Called for each finding as soon as it is known. */
  onFinding(finding: Finding): void;
  onProgress(objects: number, commits: number): void;
  readonly signal: AbortSignal;
}
