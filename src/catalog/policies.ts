/**
 * Least-privilege policies of IAM for the lake's buckets: what each role calls, on the keys it calls it for, and nothing
 * else. That each action is needed, and that nothing else is allowed, is held by a test on a real server.
 *
 *   writer    a bridge that takes rows: it creates objects and records, looks at those it finds in their place, and ends
 *             its uploads. It cannot delete or overwrite rows (objects are created with `If-None-Match: *`; IAM alone
 *             cannot tell an overwrite from a creation).
 *   reader    reads rows and commit records.
 *   deleter   deletes partitions: reads commit records, never rows, and leaves receipts.
 *
 * A bridge that does all of it gets all three.
 */
import type { Config, S3Config } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import { SIGNAL_LIST } from '../model/signal.ts';
import { bucketsOf, type LakeBucket } from '../store/buckets.ts';
import { COMMITS_PREFIX, DELETIONS_PREFIX, tablePrefix } from './keys.ts';

export const ROLES = ['writer', 'reader', 'deleter'] as const;
export type Role = (typeof ROLES)[number];

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/** Objects of the trial of conditional writes at a start. */
const TRIALS_PREFIX = '_lake/tmp/';

export function policyOf(config: Config, role: Role): Policy {
  const buckets = bucketsOf(config);
  if (buckets.length === 0) {
    throw new BridgeError('config', 'the lake is in a directory, where the rights of files decide', {
      hint: 'Set bucket in [s3]; policies are for lakes in S3.',
    });
  }
  const statements = STATEMENTS[role](config, buckets);
  return { Version: '2012-10-17', Statement: [...statements, ...kmsStatements(config.s3!, role)] };
}

type Statements = (config: Config, buckets: readonly LakeBucket[]) => Statement[];

const STATEMENTS: Readonly<Record<Role, Statements>> = {
  writer(config, buckets) {
    const { tags, acl, conditionalWrites, createBucket, versioning, lifecycle } = config.s3!;
    const enabled = SIGNAL_LIST.filter(({ name }) => config.tables[name].enabled).map(({ name }) => tablePrefix(name));
    const objects = objectArns(buckets, [...enabled, COMMITS_PREFIX, ...(conditionalWrites ? [TRIALS_PREFIX] : [])]);
    const more = [
      ...(Object.keys(tags).length > 0 ? ['s3:PutObjectTagging'] : []),
      ...(acl === undefined ? [] : ['s3:PutObjectAcl']),
    ];
    const compares = createBucket || versioning !== undefined || lifecycle.length > 0;
    return [
      listStatement(buckets),
      allow('ListUploads', ['s3:ListBucketMultipartUploads'], bucketArns(buckets)),
      allow(
        'WriteObjects',
        ['s3:PutObject', 's3:GetObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts', ...more],
        objects,
      ),
      ...(conditionalWrites ? [allow('EndTrials', ['s3:DeleteObject'], objectArns(buckets, [TRIALS_PREFIX]))] : []),
      ...(compares ? [allow('CompareSettings', SETTINGS, bucketArns(buckets))] : []),
    ];
  },
  reader(_, buckets) {
    return [
      listStatement(buckets),
      allow('ReadObjects', ['s3:GetObject'], objectArns(buckets, [...TABLE_PREFIXES, COMMITS_PREFIX])),
    ];
  },
  deleter(_, buckets) {
    return [
      listStatement(buckets),
      allow('ReadRecords', ['s3:GetObject'], objectArns(buckets, [COMMITS_PREFIX])),
      allow('DeleteRows', ['s3:DeleteObject'], objectArns(buckets, TABLE_PREFIXES)),
      allow('LeaveReceipts', ['s3:PutObject'], objectArns(buckets, [DELETIONS_PREFIX])),
    ];
  },
};

const TABLE_PREFIXES = SIGNAL_LIST.map(({ name }) => tablePrefix(name));
/** Compared with the configuration at a start, where that says something of the bucket. */
const SETTINGS = [
  's3:GetBucketLocation',
  's3:GetBucketPublicAccessBlock',
  's3:GetBucketVersioning',
  's3:GetLifecycleConfiguration',
];

function allow(Sid: string, Action: readonly string[], Resource: readonly string[]): Statement {
  return { Sid, Effect: 'Allow', Action, Resource };
}

/** Only names below the lake's prefix may be listed; without a prefix the bucket is the lake. */
function listStatement(buckets: readonly LakeBucket[]): Statement {
  const statement = allow('ListLake', ['s3:ListBucket'], bucketArns(buckets));
  const prefixes = new Set(buckets.map(({ s3 }) => s3.prefix));
  if (prefixes.has('')) return statement;
  return { ...statement, Condition: { StringLike: { 's3:prefix': [...prefixes].map((prefix) => `${prefix}/*`) } } };
}

function bucketArns(buckets: readonly LakeBucket[]): string[] {
  return [...new Set(buckets.map(({ s3 }) => arnOf(s3)))];
}

/** Objects in these folders, each in the bucket where it lies; trials of conditional writes are made in all of them. */
function objectArns(buckets: readonly LakeBucket[], folders: readonly string[]): string[] {
  const found = folders.flatMap((folder) => {
    const own = buckets.filter(({ table }) => table !== undefined && tablePrefix(table) === folder);
    const places = folder === TRIALS_PREFIX ? buckets : own.length > 0 ? own : buckets.slice(0, 1);
    return places.map(({ s3 }) => `${arnOf(s3)}/${s3.prefix === '' ? '' : `${s3.prefix}/`}${folder}*`);
  });
  return [...new Set(found)];
}

function arnOf({ bucket, region }: S3Config): string {
  return `arn:${partitionOf(region)}:s3:::${bucket}`;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

function kmsStatements(s3: S3Config, role: Role): Statement[] {
  const { encryption, region } = s3;
  if (encryption === undefined || encryption.type === 'AES256') return [];
  const current = encryption.kmsKeyId === undefined ? [] : [encryption.kmsKeyId];
  const old = encryption.type === 'client' ? encryption.oldKmsKeyIds : [];
  // S3 asks KMS in the caller's name, and only through S3 may the key be used.
  const via =
    encryption.type === 'client' ? {} : { StringEquals: { 'kms:ViaService': [`s3.${region}.amazonaws.com`] } };
  const forKeys = (sid: string, action: string, ids: readonly string[]) =>
    ids.map((id, i) => {
      const { resource, condition } = keyOf(id, region);
      const all = { ...via, ...condition };
      const statement = allow(i === 0 ? sid : `${sid}${i + 1}`, [action], [resource]);
      return Object.keys(all).length === 0 ? statement : { ...statement, Condition: all };
    });
  return [
    ...forKeys('UseKey', 'kms:Decrypt', [...current, ...old]),
    ...(role === 'reader' ? [] : forKeys('MakeDataKeys', 'kms:GenerateDataKey', current)),
  ];
}

/** An alias is no resource of a policy: keys that carry it are meant. */
function keyOf(id: string, region: string): { readonly resource: string; readonly condition: Statement['Condition'] } {
  const place = /^(arn:[^:]+:kms:[^:]+:[^:]+):/.exec(id)?.[1] ?? `arn:${partitionOf(region)}:kms:${region}:*`;
  const alias = /(?:^|:)(alias\/.+)$/.exec(id)?.[1];
  if (alias === undefined) return { resource: `${place}:key/${id.replace(/^.*:key\//, '')}`, condition: undefined };
  return { resource: `${place}:key/*`, condition: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': [alias] } } };
}
