/** The buckets of a lake: its own, and those that tables have of their own. */
import type { Config, LifecycleRule, S3Config } from '../config/types.ts';
import { SIGNAL_LIST, type TableName } from '../model/signal.ts';

export interface LakeBucket {
  /** With the bucket, prefix and region meant. */
  readonly s3: S3Config;
  /** Whose files lie there; the lake's own bucket has all others', and the bookkeeping. */
  readonly table: TableName | undefined;
}

/** The lake's own first, then one a table with a bucket of its own; tables may share one. Empty for a lake in a directory. */
export function bucketsOf({ s3, tables }: Config): readonly LakeBucket[] {
  if (s3 === undefined) return [];
  const ofTables = SIGNAL_LIST.flatMap(({ name }): LakeBucket[] => {
    const { bucket, prefix = s3.prefix, region = s3.region } = tables[name];
    return bucket === undefined ? [] : [{ s3: { ...s3, bucket, prefix, region }, table: name }];
  });
  return [{ s3, table: undefined }, ...ofTables];
}

/** What the configuration wants of one bucket. */
export interface BucketWish {
  readonly s3: S3Config;
  /** With prefixes from the bucket's root, and ids that are unique in it. */
  readonly rules: readonly LifecycleRule[];
}

/** One wish a bucket, with the lifecycle rules of all that lies in it. */
export function bucketWishes(config: Config): readonly BucketWish[] {
  const buckets = bucketsOf(config);
  const elsewhere = buckets.flatMap(({ table }) => table ?? []);
  const wishes = new Map<string, { readonly s3: S3Config; readonly rules: Map<string, LifecycleRule> }>();
  for (const { s3, table } of buckets) {
    const wish = wishes.get(s3.bucket) ?? { s3, rules: new Map<string, LifecycleRule>() };
    wishes.set(s3.bucket, wish);
    for (const rule of s3.lifecycle) {
      if (!concerns(rule, table, elsewhere)) continue;
      const prefix = s3.prefix === '' ? rule.prefix : `${s3.prefix}/${rule.prefix}`;
      const other = wish.rules.get(rule.id);
      if (other?.prefix === prefix) continue;
      const id = other === undefined ? rule.id : `${rule.id}-${table}`;
      wish.rules.set(id, { ...rule, id, prefix });
    }
  }
  return [...wishes.values()].map(({ s3, rules }) => ({ s3, rules: [...rules.values()] }));
}

/** Whether objects that the rule is for lie in the table's bucket, or for no table in the lake's own. */
function concerns({ prefix }: LifecycleRule, table: TableName | undefined, elsewhere: readonly TableName[]): boolean {
  const meets = (name: TableName) => prefix.startsWith(`${name}/`) || `${name}/`.startsWith(prefix);
  if (table !== undefined) return meets(table);
  return !elsewhere.some((name) => prefix.startsWith(`${name}/`));
}
