/** What the threads of the write path say to each other. All of it is plain data; row data is moved, not copied. */
import type { ErrorData } from '../errors.ts';
import type { Batch } from '../model/batch.ts';
import type { CommitObject, CommitRecord } from '../model/commit.ts';
import type { ByTable, JournalledRows } from '../model/row-counts.ts';
import type { ContentEncoding, ContentType, SignalName } from '../model/signal.ts';

interface RequestHead {
  readonly signal: SignalName;
  readonly contentType: ContentType;
  readonly contentEncoding: ContentEncoding;
}

/** An export request as a lane works on it. */
export interface ExportRequest extends RequestHead {
  readonly body: Uint8Array<ArrayBuffer>;
}

/** An export request on its way from a transport to a lane. */
export interface ArrivedRequest extends RequestHead {
  /** Its body in order; each part has its ArrayBuffer to itself, which is moved to the lane's thread. */
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
}

/** What became of a request that was accepted: durable, with some of its rows refused perhaps. */
export interface ExportOutcome {
  readonly accepted: number;
  readonly rejected: number;
  /** English text for `partial_success`; present where rejected > 0. */
  readonly reason: string | undefined;
  /** Refused rows by reason; empty where there are none. */
  readonly rejectedByKind: ReadonlyMap<string, number>;
}

export interface LaneRequest extends ExportRequest {
  readonly type: 'request';
  readonly id: number;
}

export type ToLane =
  | (ArrivedRequest & { readonly type: 'request'; readonly id: number })
  | { readonly type: 'seal'; readonly id: number }
  /** Memory is short: seal, and collect garbage. */
  | { readonly type: 'relieve' }
  | { readonly type: 'stop' };

export type LaneAnswer = {
  readonly id: number;
} /** With the segment that has it; undefined where there was nothing to keep. */ & (
  | { readonly ok: true; readonly outcome: ExportOutcome; readonly commitId: string | undefined }
  | { readonly ok: false; readonly error: ErrorData }
);

/** The rows of one closed segment. Without `batches` they are decoded again from the segment. */
export interface SealedSegment {
  readonly commitId: string;
  readonly path: string;
  readonly batches: readonly Batch[] | undefined;
  /** Of the requests that were answered with success; empty for a segment of an earlier run. */
  readonly counts: ByTable<JournalledRows>;
  /** Bytes of the batches' buffers. */
  readonly memoryBytes: number;
  readonly journalBytes: number;
  /**
   * The file holds requests behind `journalBytes` that were refused, and could not be cut off; or a sync of it has failed.
   * Before it is read, its `journalBytes` are put into a new file.
   */
  readonly needsCopy?: boolean;
}

export type FromLane =
  | {
      readonly type: 'answers';
      readonly answers: readonly LaneAnswer[];
      /** Bytes the lane's open batch takes, and its segment on disk. */
      readonly memoryBytes: number;
      readonly journalBytes: number;
      readonly duplicateKeys: number;
    }
  /** The journal cannot be written, or can be again (undefined). */
  | { readonly type: 'journal'; readonly failure: string | undefined }
  /** After the answers of all its requests. */
  | { readonly type: 'sealed'; readonly segment: SealedSegment; readonly reason: SealReason }
  /** Answer to a `seal` message, after the `sealed` message where there was something to seal. */
  | { readonly type: 'sealDone'; readonly id: number; readonly commitId: string | undefined }
  | { readonly type: 'stopped' };

export type SealReason = 'rows' | 'bytes' | 'memory' | 'age' | 'request' | 'journal_error';

/** Objects of a commit that are in the store already, by table and partition. */
export type StoredObjects = Map<string, { readonly object: CommitObject; readonly storedMs: number }>;

export interface ToEncoder {
  readonly type: 'commit';
  readonly id: number;
  readonly segment: SealedSegment;
  /** By earlier tries. */
  readonly stored: StoredObjects;
}

export type FromEncoder =
  | {
      readonly type: 'committed';
      readonly id: number;
      readonly result: CommitResult;
      /** Memory the thread keeps for ever: WebAssembly, which never shrinks. */
      readonly keptBytes: number;
    }
  /** `ends`: the thread ends after this message. */
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly error: ErrorData;
      readonly stored: StoredObjects;
      readonly ends: boolean;
    };

export interface CommitResult {
  readonly commitId: string;
  /** Undefined where the segment held no rows, or could not be read and was set aside. */
  readonly record: CommitRecord | undefined;
  /** What of the segment was damaged; undefined where nothing was. */
  readonly quarantined: QuarantinedData | undefined;
}

export interface QuarantinedData {
  /** Files in the journal's `quarantine/`. */
  readonly paths: readonly string[];
  readonly bytes: number;
  /** Of these, what is only the beginning of a request that was being written when the bridge ended. */
  readonly cutBytes: number;
  /** Acknowledged requests known to be lost. */
  readonly lostRequests: number;
}
