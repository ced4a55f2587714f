/** `otel-lake bucket`: the buckets of the lake against the configuration. */
import type { Config } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import type { BucketSetting } from '../model/bucket-plan.ts';
import { bucketWishes } from '../store/buckets.ts';
import { createS3Context } from '../store/s3.ts';
import { applyBucket, planBucket } from '../store/s3-bucket.ts';

export interface BucketChanges {
  readonly plan: readonly BucketSetting[];
  /** What could not be done, with reasons; empty where nothing was tried. */
  readonly failed: readonly string[];
}

/**
 * @param mayApply is shown the plan of all buckets before anything is done, and says whether it is to be
 */
export async function settleBuckets(
  config: Config,
  mayApply: (plan: readonly BucketSetting[]) => boolean,
): Promise<BucketChanges> {
  const wishes = bucketWishes(config);
  if (wishes.length === 0) {
    throw new BridgeError('config', 'the lake is in a directory, and has no bucket', {
      hint: 'Set bucket in [s3], or name another configuration with --config.',
    });
  }
  const buckets = wishes.map((wish) => ({ wish, context: createS3Context(wish.s3, config.operations, {}) }));
  try {
    const plans = await Promise.all(buckets.map(({ wish, context }) => planBucket(context, wish)));
    const plan = plans.flat();
    const failed: string[] = [];
    if (mayApply(plan)) {
      for (const [i, { wish, context }] of buckets.entries()) {
        failed.push(...(await applyBucket(context, wish, plans[i]!)));
      }
    }
    return { plan, failed };
  } finally {
    for (const { context } of buckets) context.client.destroy();
  }
}
