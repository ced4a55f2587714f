/** The keys of the bucket: `[s3]` and its tables. */
import type { Key } from './key.ts';

const fromEnvironment = (name: string) => `\${${name}}`;

export const S3_KEYS: readonly Key[] = [
  {
    path: 's3.region',
    type: 'string',
    derived: {
      text: 'AWS_REGION, AWS_DEFAULT_REGION, else "us-east-1"',
      value: ({ env }) => env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1',
    },
    example: 'us-east-1',
    doc: 'Region of the bucket.',
  },
  { path: 's3.bucket', type: 'string', example: 'my-telemetry', doc: 'Bucket of the lake.' },
  { path: 's3.prefix', type: 'string', default: '', doc: 'Folder of the lake in the bucket.' },
  { path: 's3.endpoint', type: 'url', example: 'http://127.0.0.1:9000', doc: 'URL of an S3 server other than AWS.' },
  {
    path: 's3.force_path_style',
    type: 'boolean',
    derived: { text: 'true where `s3.endpoint` is set, else false', value: ({ has }) => has('s3.endpoint') },
    example: true,
    doc: 'Whether the bucket stands in the path of URLs instead of the host.',
  },
  { path: 's3.create_bucket', type: 'boolean', default: false, doc: 'Whether a missing bucket is created at start.' },
  {
    path: 's3.versioning',
    type: 'boolean',
    unsupported: 'Set versioning on the bucket itself.',
    doc: 'Bucket versioning.',
  },
  {
    path: 's3.lifecycle',
    type: 'tables',
    unsupported: 'Set lifecycle rules on the bucket itself.',
    doc: 'Lifecycle rules.',
  },
  {
    path: 's3.credentials.type',
    type: 'string',
    values: ['env', 'profile', 'explicit'],
    derived: {
      text: '"env", but "explicit" or "profile" where their keys are set',
      value: ({ has }) =>
        has('s3.credentials.access_key_id') ? 'explicit' : has('s3.credentials.profile') ? 'profile' : 'env',
    },
    example: 'env',
    doc: "Credentials from the environment (the SDK's default chain: variables, web identity, instance role), a profile, or here.",
  },
  {
    path: 's3.credentials.profile',
    type: 'string',
    example: 'telemetry',
    doc: 'Profile of the AWS files for type "profile" ("default" where absent).',
  },
  {
    path: 's3.credentials.access_key_id',
    type: 'string',
    secret: true,
    example: fromEnvironment('LAKE_ACCESS_KEY_ID'),
    doc: 'Access key id for type "explicit".',
  },
  {
    path: 's3.credentials.secret_access_key',
    type: 'string',
    secret: true,
    example: fromEnvironment('LAKE_SECRET_ACCESS_KEY'),
    doc: 'Secret access key for type "explicit".',
  },
  {
    path: 's3.credentials.session_token',
    type: 'string',
    secret: true,
    example: fromEnvironment('LAKE_SESSION_TOKEN'),
    doc: 'Session token of temporary credentials.',
  },
  {
    path: 's3.encryption.type',
    type: 'string',
    values: ['AES256', 'aws:kms'],
    example: 'aws:kms',
    unsupportedValues: { client: 'Use "AES256" or "aws:kms", encryption by the store.' },
    doc: 'Encryption asked of the store; absent: as the bucket is set.',
  },
  {
    path: 's3.encryption.kms_key_id',
    type: 'string',
    example: 'alias/telemetry',
    doc: 'KMS key for type "aws:kms"; absent: the key of the account.',
  },
  {
    path: 's3.encryption.key_file',
    type: 'path',
    unsupported: 'Use s3.encryption.type "AES256" or "aws:kms", encryption by the store.',
    doc: 'Key for encryption by the client.',
  },
  { path: 's3.multipart.enabled', type: 'boolean', default: true, doc: 'Whether large objects are uploaded in parts.' },
  {
    path: 's3.multipart.threshold_mb',
    type: 'integer',
    default: 100,
    min: 1,
    max: 5120,
    doc: 'Objects of this many MiB and more are uploaded in parts.',
  },
  {
    path: 's3.multipart.part_size_mb',
    type: 'integer',
    default: 16,
    min: 5,
    max: 5120,
    doc: 'MiB a part; S3 takes 5 and more.',
  },
  {
    path: 's3.multipart.max_concurrent_uploads',
    type: 'integer',
    default: 10,
    min: 1,
    max: 1000,
    doc: 'Parts of an object on their way at the same time.',
  },
];
