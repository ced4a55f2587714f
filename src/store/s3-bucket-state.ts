/** What a bucket is set to, as far as this server and these credentials tell. */
import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  ListObjectsV2Command,
  type LifecycleRule as S3Rule,
  type TransitionDefaultMinimumObjectSize,
} from '@aws-sdk/client-s3';
import { BridgeError } from '../errors.ts';
import { call, fullKey, type S3Context } from './s3-context.ts';
import { causeCode } from './s3-errors.ts';

/** What could not be found out, and why. */
export interface Unknown {
  readonly unknown: string;
}

export interface BucketState {
  readonly region: string | Unknown;
  readonly isBlocked: boolean | Unknown;
  readonly versioning: 'Enabled' | 'Suspended' | 'never' | Unknown;
  readonly lifecycle: LifecycleState | Unknown;
}

export interface LifecycleState {
  readonly rules: readonly S3Rule[];
  /** A setting of all rules, which has to be given again with them. */
  readonly minimumSize: TransitionDefaultMinimumObjectSize | undefined;
}

export const isUnknown = (value: unknown): value is Unknown =>
  typeof value === 'object' && value !== null && 'unknown' in value;

/** Undefined where the bucket is missing. What else is wrong (its region, the credentials) is thrown. */
export async function readBucketState(context: S3Context): Promise<BucketState | undefined> {
  try {
    await probeBucket(context);
  } catch (error) {
    if (causeCode(error) === 'NoSuchBucket') return undefined;
    throw error;
  }
  const [region, isBlocked, versioning, lifecycle] = await Promise.all([
    orUnknown(() => readRegion(context)),
    orUnknown(() => readBlock(context)),
    orUnknown(() => readVersioning(context)),
    orUnknown(() => readLifecycleState(context)),
  ]);
  return { region, isBlocked, versioning, lifecycle };
}

/** Listing, not HeadBucket: an answer to HEAD has no body, so it could not say what is wrong. */
export async function probeBucket(context: S3Context): Promise<void> {
  const command = new ListObjectsV2Command({ Bucket: context.config.bucket, Prefix: fullKey(context, ''), MaxKeys: 1 });
  await call(context, 'ListObjectsV2', undefined, () => context.client.send(command));
}

async function readRegion(context: S3Context): Promise<string> {
  const command = new GetBucketLocationCommand({ Bucket: context.config.bucket });
  const found = await call(context, 'GetBucketLocation', undefined, () => context.client.send(command));
  // The oldest regions have names of their own here (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html).
  const name = String(found.LocationConstraint ?? '');
  return name === '' ? 'us-east-1' : name === 'EU' ? 'eu-west-1' : name;
}

export async function readBlock(context: S3Context): Promise<boolean> {
  const command = new GetPublicAccessBlockCommand({ Bucket: context.config.bucket });
  try {
    const found = await call(context, 'GetPublicAccessBlock', undefined, () => context.client.send(command));
    const { BlockPublicAcls, BlockPublicPolicy, IgnorePublicAcls, RestrictPublicBuckets } =
      found.PublicAccessBlockConfiguration ?? {};
    return [BlockPublicAcls, BlockPublicPolicy, IgnorePublicAcls, RestrictPublicBuckets].every((one) => one === true);
  } catch (error) {
    if (causeCode(error) === 'NoSuchPublicAccessBlockConfiguration') return false;
    throw error;
  }
}

async function readVersioning(context: S3Context): Promise<'Enabled' | 'Suspended' | 'never'> {
  const command = new GetBucketVersioningCommand({ Bucket: context.config.bucket });
  const { Status } = await call(context, 'GetBucketVersioning', undefined, () => context.client.send(command));
  return Status === 'Enabled' || Status === 'Suspended' ? Status : 'never';
}

export async function readLifecycleState(context: S3Context): Promise<LifecycleState> {
  const command = new GetBucketLifecycleConfigurationCommand({ Bucket: context.config.bucket });
  const action = 'GetBucketLifecycleConfiguration';
  try {
    const found = await call(context, action, undefined, () => context.client.send(command));
    return { rules: found.Rules ?? [], minimumSize: found.TransitionDefaultMinimumObjectSize };
  } catch (error) {
    if (causeCode(error) === 'NoSuchLifecycleConfiguration') return { rules: [], minimumSize: undefined };
    throw error;
  }
}

/** A setting that the server does not know, or that these credentials may not see, does not hide the others. */
export async function orUnknown<T>(read: () => Promise<T>): Promise<T | Unknown> {
  try {
    return await read();
  } catch (thrown) {
    return { unknown: whyNot(thrown) };
  }
}

export const NO_SETTING = 'this server has no such setting';
const NO_SETTING_CODES = ['NotImplemented', 'MethodNotAllowed', 'NotFound'];

/** Throws on what may pass: then nothing is known about the setting. */
export function whyNot(thrown: unknown): string {
  const error = BridgeError.from(thrown);
  if (error.code === 'permission_denied') return error.hint ?? error.message;
  if (NO_SETTING_CODES.includes(causeCode(error) ?? '')) return NO_SETTING;
  if (error.code === 'unprocessable' || error.code === 'not_found') return error.message;
  throw error;
}
