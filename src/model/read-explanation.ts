/** What a read would touch, and why the rest is left out: the answer to `explain=true`. */

export interface ReadExplanation {
  readonly table: string;
  readonly filter: string | null;
  /** Columns the filter asks, and those of the output. */
  readonly columns: { readonly filter: readonly string[]; readonly output: readonly string[] };
  /** Distinct partition paths of the files that are asked for. */
  readonly partitions: { readonly listed: number; readonly pruned: number };
  readonly files: {
    readonly listed: number;
    /** Outside the asked partition, or of a commit that is read from the journal. */
    readonly notAsked: number;
    readonly prunedByPartition: number;
    /** By the time range and counts of their commit record. */
    readonly prunedByCommit: number;
    /** Opened, and left at their footer. */
    readonly prunedByFooter: number;
    readonly read: number;
  };
  readonly rowGroups: {
    readonly prunedByStatistics: number;
    readonly prunedByBloomFilters: number;
    readonly prunedByPages: number;
    readonly read: number;
  };
  /** Pages of the filter's columns that have a page index. */
  readonly pages: { readonly pruned: number; readonly read: number };
  /** Rows of the row groups that are read. */
  readonly rows: { readonly pruned: number; readonly read: number };
  /** Segments of the journal that are read as well. */
  readonly journalSegments: number;
  /** What this plan took: footers, Bloom filters and page indexes; what is in memory takes nothing. */
  readonly planned: Cost;
  /** What the read then takes. */
  readonly toRead: Cost;
  /** At most, and only around rows that pass: columns outside the filter. */
  readonly toReadIfRowsPass: Cost;
  /** The first of the files that are read. */
  readonly readFiles: readonly ExplainedFile[];
  readonly skipped: readonly { readonly key: string; readonly reason: string }[];
}

/** Requests and bytes. */
export interface Cost {
  readonly requests: number;
  readonly bytes: number;
}

/** What of one file a read would touch. */
export interface ExplainedFile {
  readonly key: string;
  readonly bytes: number;
  readonly rowGroups: readonly {
    readonly index: number;
    /** Ranges of its rows, ends exclusive. */
    readonly rows: readonly (readonly [start: number, end: number])[];
  }[];
}
