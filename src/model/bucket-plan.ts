/** What a bucket is set to, what the configuration wants, and what would have to be done: plain data, to be shown. */

export type BucketAction =
  /** It is as wanted, or nobody asked for anything. */
  | 'none'
  /** Part of making a bucket that is missing. */
  | 'create'
  /** Changes a bucket that exists. */
  | 'change'
  /** Cannot be done, or not be found out; `note` says why. */
  | 'cannot';

export interface BucketSetting {
  readonly bucket: string;
  /** "bucket", "region", "versioning", `lifecycle rule "x"` … */
  readonly setting: string;
  readonly current: string;
  readonly wanted: string;
  readonly action: BucketAction;
  readonly note: string | undefined;
}
