/** What a worker thread is given at its start. */
import type { Config } from '../config/types.ts';
import type { LockMark } from '../journal/lock.ts';
import type { Layout } from '../model/layout.ts';

export interface ThreadData {
  readonly config: Config;
  readonly layout: Layout;
  readonly version: string;
  /** Counters of requests to S3, which all threads share. */
  readonly storeCounts: SharedArrayBuffer;
}

export interface LaneThreadData extends ThreadData {
  /** Part of the lane's commit ids. */
  readonly node: string;
  readonly lock: LockMark;
}
