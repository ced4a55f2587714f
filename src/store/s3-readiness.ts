/** Whether a bucket can be used: asked again and again, while what is looked at once a start is remembered. */
import { BridgeError } from '../errors.ts';
import type { BucketSetting } from '../model/bucket-plan.ts';
import type { BucketWish } from './buckets.ts';
import { applyBucket, planBucket, settingsOf } from './s3-bucket.ts';
import { probeBucket } from './s3-bucket-state.ts';
import { checkConditionalWrites, newTrialKey } from './s3-conditional.ts';
import type { S3Context } from './s3-context.ts';
import { causeCode } from './s3-errors.ts';
import type { CheckOptions } from './store.ts';

export interface Readiness {
  check(options?: CheckOptions): Promise<void>;
}

/** @param remove takes an object of a trial away again */
export function createReadiness(
  context: S3Context,
  wish: BucketWish,
  remove: (key: string) => Promise<void>,
): Readiness {
  const { createBucket, versioning, lifecycle, conditionalWrites } = context.config;
  const isSet = createBucket || versioning !== undefined || lifecycle.length > 0;
  let isCompared = false;
  let isTried = false;
  const trialKey = newTrialKey();

  async function create(): Promise<void> {
    const plan = settingsOf(wish, undefined);
    for (const failure of await applyBucket(context, wish, plan)) warn(`the bucket was created, but not ${failure}`);
    isCompared = true;
  }

  async function compare(): Promise<void> {
    for (const one of await planBucket(context, wish)) {
      if (one.action !== 'none') warn(differenceText(one));
    }
    isCompared = true;
  }

  function warn(message: string): void {
    const hint = '`otel-lake bucket plan` shows all of it, `otel-lake bucket apply --yes` changes it.';
    context.warn(message, new BridgeError('config', message, { hint }));
  }

  return {
    async check({ forWriting = false } = {}) {
      try {
        await probeBucket(context);
      } catch (error) {
        if (!createBucket || causeCode(error) !== 'NoSuchBucket') throw error;
        await create();
        await probeBucket(context);
      }
      if (!forWriting) return;
      if (conditionalWrites && !isTried) await checkConditionalWrites(context, trialKey, remove);
      isTried = true;
      if (isSet && !isCompared) await compare();
    },
  };
}

function differenceText({ bucket, setting, current, wanted, note }: BucketSetting): string {
  const what = `bucket ${bucket}: ${setting} is ${current}, and should be ${wanted}`;
  return note === undefined ? what : `${what} (${note})`;
}
