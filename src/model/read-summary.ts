/** What a read says at its end: as the trailer of an HTTP answer, and on standard error by the commands. */
export interface ReadSummary {
  /** Rows given out. */
  readonly rows: number;
  /** Of them, those that were in no object yet. */
  readonly freshRows: number;
  /** Files opened. */
  readonly files: number;
  /** Files left out because they cannot hold such rows. */
  readonly filesPruned: number;
  /** From the store. */
  readonly bytesRead: number;
  /** From the cache on disk. */
  readonly bytesCached: number;
  /** Calls to the store for bytes of files. */
  readonly requests: number;
  readonly elapsedMs: number;
  /** Files left out under `on_error=skip`; `skipped` names as many of them as there is room for. */
  readonly skippedFiles: number;
  readonly skipped: readonly SkippedFile[];
  /** Where the next incremental read goes on; absent where the read was none. */
  readonly cursor?: string;
}

export interface SkippedFile {
  readonly key: string;
  readonly code: string;
  readonly message: string;
}
