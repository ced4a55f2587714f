/**
 * A bucket as the configuration wants it. What is missing is made whole; what exists is compared, and changed only where
 * somebody asked for that after having seen the plan. Lifecycle rules are known by their ids: those of others stay.
 */
import {
  CreateBucketCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import type { BucketSetting } from '../model/bucket-plan.ts';
import type { BucketWish } from './buckets.ts';
import {
  type BucketState,
  isUnknown,
  NO_SETTING,
  orUnknown,
  readBlock,
  readBucketState,
  readLifecycleState,
  type Unknown,
  whyNot,
} from './s3-bucket-state.ts';
import { call, type S3Context } from './s3-context.ts';
import { ruleText, toS3Rule } from './s3-lifecycle.ts';

const KEPT = 'kept: not of this configuration';

/** Looks at the bucket; changes nothing. */
export async function planBucket(context: S3Context, wish: BucketWish): Promise<readonly BucketSetting[]> {
  return settingsOf(wish, await readBucketState(context));
}

/**
 * Does what the plan says and returns what could not be done, with the reason: a server without a setting does not keep
 * the others from being made.
 */
export async function applyBucket(
  context: S3Context,
  wish: BucketWish,
  plan: readonly BucketSetting[],
): Promise<readonly string[]> {
  const todo = (setting: string) =>
    plan.some((one) => one.setting.startsWith(setting) && (one.action === 'create' || one.action === 'change'));
  const failed: string[] = [];
  const tryTo = async (setting: string, work: () => Promise<void>) => {
    if (!todo(setting)) return;
    try {
      await work();
    } catch (error) {
      failed.push(`${setting} of bucket ${wish.s3.bucket}: ${whyNot(error)}`);
    }
  };
  if (todo('bucket')) await createBucket(context);
  await tryTo('public access', () => blockPublicAccess(context));
  await tryTo('versioning', () => setVersioning(context, wish.s3.versioning === true));
  await tryTo('lifecycle rule', () => putRules(context, wish));
  return failed;
}

/** Pure: the same state and wish give the same plan. */
export function settingsOf(wish: BucketWish, state: BucketState | undefined): readonly BucketSetting[] {
  const { bucket, region, blockPublicAccess: isBlocked, versioning } = wish.s3;
  const row = (setting: string, current: string | Unknown, wanted: string): BucketSetting => {
    if (isUnknown(current)) {
      return { bucket, setting, current: 'not known', wanted, action: 'cannot', note: current.unknown };
    }
    const action = current === wanted ? 'none' : state === undefined ? 'create' : 'change';
    return { bucket, setting, current, wanted, action, note: undefined };
  };
  const has = <T>(value: T | Unknown | undefined, text: (value: T) => string): string | Unknown =>
    value === undefined ? 'missing' : isUnknown(value) ? value : text(value as T);
  return [
    row('bucket', state === undefined ? 'missing' : 'there', 'there'),
    fixed(
      row(
        'region',
        has(state?.region, (found) => found),
        region,
      ),
    ),
    ...(isBlocked ? [blockRow()] : []),
    ...(versioning === undefined ? [] : [versioningRow(versioning)]),
    ...lifecycleRows(),
  ];

  /** Servers without this setting have private buckets, so it is no fault there. */
  function blockRow(): BucketSetting {
    const found = row('public access', has(state?.isBlocked, blockText), blockText(true));
    return found.note === NO_SETTING ? { ...found, action: 'none' } : found;
  }

  function versioningRow(isWanted: boolean): BucketSetting {
    const found = row(
      'versioning',
      has(state?.versioning, versioningText),
      versioningText(isWanted ? 'Enabled' : 'Suspended'),
    );
    // A bucket that never had versions is as good as one where they are suspended.
    const isOff = state === undefined || state.versioning === 'never';
    return !isWanted && isOff ? { ...found, action: 'none' } : found;
  }

  function lifecycleRows(): readonly BucketSetting[] {
    const found = state?.lifecycle;
    const name = (id: string | undefined) => `lifecycle rule "${id ?? ''}"`;
    const wanted = wish.rules.map((rule) => ({ id: rule.id, text: ruleText(toS3Rule(rule)) }));
    if (found === undefined || isUnknown(found)) {
      return wanted.map(({ id, text }) => row(name(id), found ?? 'missing', text));
    }
    const own = new Set(wanted.map(({ id }) => id));
    const others = found.rules.filter(({ ID }) => !own.has(ID ?? ''));
    return [
      ...wanted.map(({ id, text }) => {
        const there = found.rules.find(({ ID }) => ID === id);
        return row(name(id), there === undefined ? 'missing' : ruleText(there), text);
      }),
      ...others.map((rule) => ({ ...row(name(rule.ID), ruleText(rule), ruleText(rule)), note: KEPT })),
    ];
  }
}

/** A bucket stays where it was made. */
function fixed(row: BucketSetting): BucketSetting {
  if (row.action !== 'change') return row;
  return { ...row, action: 'cannot', note: `a bucket stays in its region: set region = "${row.current}"` };
}

function blockText(isBlocked: boolean): string {
  return isBlocked ? 'blocked' : 'not blocked';
}

function versioningText(status: 'Enabled' | 'Suspended' | 'never'): string {
  return { Enabled: 'enabled', Suspended: 'suspended', never: 'never enabled' }[status];
}

async function createBucket(context: S3Context): Promise<void> {
  const { bucket, region } = context.config;
  // us-east-1 is the default and must not be named (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html).
  const place = region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as never } };
  const send = async () => {
    try {
      await context.client.send(new CreateBucketCommand({ Bucket: bucket, ...place }));
    } catch (error) {
      if (!(error instanceof Error && error.name === 'BucketAlreadyOwnedByYou')) throw error; // another node was first
    }
  };
  await call(context, 'CreateBucket', undefined, send);
}

async function blockPublicAccess(context: S3Context): Promise<void> {
  const found = await orUnknown(() => readBlock(context));
  if (isUnknown(found) && found.unknown === NO_SETTING) return;
  const command = new PutPublicAccessBlockCommand({
    Bucket: context.config.bucket,
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    },
  });
  await call(context, 'PutPublicAccessBlock', undefined, () => context.client.send(command));
}

async function setVersioning(context: S3Context, isEnabled: boolean): Promise<void> {
  const command = new PutBucketVersioningCommand({
    Bucket: context.config.bucket,
    VersioningConfiguration: { Status: isEnabled ? 'Enabled' : 'Suspended' },
  });
  await call(context, 'PutBucketVersioning', undefined, () => context.client.send(command));
}

/** The call takes all rules of the bucket at once, so those of others are read again right before, and given back. */
async function putRules(context: S3Context, wish: BucketWish): Promise<void> {
  const own = wish.rules.map(toS3Rule);
  const { rules, minimumSize } = await readLifecycleState(context);
  const others = rules.filter(({ ID }) => !own.some((rule) => rule.ID === ID));
  const command = new PutBucketLifecycleConfigurationCommand({
    Bucket: context.config.bucket,
    LifecycleConfiguration: { Rules: [...others, ...own] },
    ...(minimumSize === undefined ? {} : { TransitionDefaultMinimumObjectSize: minimumSize }),
  });
  await call(context, 'PutBucketLifecycleConfiguration', undefined, () => context.client.send(command));
}
