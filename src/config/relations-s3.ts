/** What keys of `[s3]` say together. */
import type { TableName } from '../model/signal.ts';
import { TABLE_NAMES } from './keys.ts';
import { joinPath } from './locate.ts';
import type { Problems } from './problems.ts';
import type { Settings } from './settings.ts';

export function checkS3(settings: Settings, problems: Problems): void {
  const isS3 = settings.text('storage.type') === 's3';
  if (isS3) checkBucket(settings, problems);
  else refuseWithout(settings, problems);
  checkPrefix('s3.prefix', settings.text('s3.prefix'), problems);
  checkCredentials(settings, problems);
  checkEncryption(settings, problems);
  checkObjectSettings(settings, problems);
  for (const table of TABLE_NAMES) checkTableBucket(table, isS3, settings, problems);
  checkSharedBuckets(settings, problems);
}

/** Of a lake in a directory these would be settings in name only. */
function refuseWithout(settings: Settings, problems: Problems): void {
  for (const path of ['s3.versioning', 's3.lifecycle']) {
    if (!settings.has(path)) continue;
    problems.report(
      path,
      `${path} is for storage.type "s3" only, and that is "file"; set that type or remove it`,
      'key',
    );
  }
}

/** The rules of S3 for names (3 to 63 characters, letters, digits, `.`, `-`), and `_` and capitals as old buckets have. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/;

function checkBucket(settings: Settings, problems: Problems): void {
  const bucket = settings.optional('s3.bucket');
  if (bucket === undefined) problems.reportMissing('s3.bucket', 'storage.type "s3" needs it');
  else checkBucketName('s3.bucket', bucket, problems);
}

function checkBucketName(path: string, bucket: string, problems: Problems): void {
  if (BUCKET.test(bucket)) return;
  problems.report(path, `${path} is no name of a bucket; expected letters, digits, "." and "-" (no URL)`);
}

function checkPrefix(path: string, prefix: string, problems: Problems): void {
  const steps = trimSlashes(prefix).split('/');
  if (steps.length > 1 && steps.some((step) => step === '' || step === '.' || step === '..')) {
    problems.report(path, `${path} has an empty segment, "." or ".."; expected a path such as "lake/prod"`);
  }
}

function checkTableBucket(table: TableName, isS3: boolean, settings: Settings, problems: Problems): void {
  const path = `tables.${table}.bucket`;
  const bucket = settings.optional(path);
  for (const key of ['prefix', 'region'].map((name) => `tables.${table}.${name}`)) {
    if (settings.has(key) && bucket === undefined) {
      problems.report(key, `${key} is used with ${path} only; set that too`, 'key');
    }
  }
  if (bucket === undefined) return;
  checkBucketName(path, bucket, problems);
  checkPrefix(`tables.${table}.prefix`, settings.optional(`tables.${table}.prefix`) ?? '', problems);
  if (!isS3) problems.report(path, `${path} is for storage.type "s3" only, and that is "file"`, 'key');
  else if (bucket === settings.optional('s3.bucket')) {
    problems.report(path, `${path} is "${bucket}", as s3.bucket is; expected another bucket, or no key`);
  }
}

/** A bucket is in one region. */
function checkSharedBuckets(settings: Settings, problems: Problems): void {
  const regions = new Map<string, { readonly path: string; readonly region: string }>();
  for (const table of TABLE_NAMES) {
    const bucket = settings.optional(`tables.${table}.bucket`);
    if (bucket === undefined) continue;
    const path = `tables.${table}.region`;
    const region = settings.optional(path) ?? settings.text('s3.region');
    const other = regions.get(bucket);
    if (other && other.region !== region) {
      problems.report(path, `${path} is "${region}", and ${other.path} "${other.region}", for the same bucket`);
    }
    regions.set(bucket, { path, region });
  }
}

const OWNER = /^\d{12}$/;
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
const MAX_TAGS = 10;
const TAG_KEY = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;
/** Of the 2 KB that S3 takes, names and values together; the rest is for the lake's own. */
const MAX_METADATA_BYTES = 1536;
const METADATA_NAME = /^[A-Za-z0-9][A-Za-z0-9-]*$/;
/** Those the lake writes itself. */
const OWN_METADATA = /^(lake-.*|commit-id|rows)$/i;

function checkObjectSettings(settings: Settings, problems: Problems): void {
  const owner = settings.optional('s3.expected_bucket_owner');
  if (owner !== undefined && !OWNER.test(owner)) {
    const path = 's3.expected_bucket_owner';
    problems.report(path, `${path} is "${owner}"; expected the twelve digits of an AWS account`);
  }
  const tags = Object.entries((settings.get('s3.tags') ?? {}) as Record<string, string>);
  if (tags.length > MAX_TAGS) {
    problems.report('s3.tags', `s3.tags has ${tags.length} tags; expected at most ${MAX_TAGS}`);
  }
  for (const [name, value] of tags) {
    if (TAG_KEY.test(name) && TAG_VALUE.test(value) && !/^aws:/i.test(name)) continue;
    const expected = 'letters, digits, spaces and _ . : / = + - @, at most 128 and 256, not beginning with "aws:"';
    problems.report(joinPath('s3.tags', name), `${joinPath('s3.tags', name)} is no tag of S3; expected ${expected}`);
  }
  checkMetadata((settings.get('s3.metadata') ?? {}) as Record<string, string>, problems);
}

function checkMetadata(metadata: Readonly<Record<string, string>>, problems: Problems): void {
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata)) {
    const path = joinPath('s3.metadata', name);
    bytes += name.length + value.length;
    if (!METADATA_NAME.test(name) || !/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value)) {
      const expected = 'a name of letters, digits and "-", and a value of printable ASCII characters';
      problems.report(path, `${path} does not fit into a header; expected ${expected}`);
    } else if (OWN_METADATA.test(name)) {
      problems.report(path, `${path} is a name that the lake uses itself; expected another one`, 'key');
    }
  }
  if (bytes > MAX_METADATA_BYTES) {
    problems.report('s3.metadata', `s3.metadata has ${bytes} bytes; expected at most ${MAX_METADATA_BYTES}`);
  }
}

function checkCredentials(settings: Settings, problems: Problems): void {
  const type = settings.text('s3.credentials.type');
  for (const [key, user] of CREDENTIAL_USERS) {
    const path = `s3.credentials.${key}`;
    const isGiven = settings.has(path);
    if (isGiven && type !== user) {
      problems.report(
        path,
        `${path} is not used by s3.credentials.type "${type}", only by "${user}"; remove it`,
        'key',
      );
    }
    if (!isGiven && type === user && (key === 'access_key_id' || key === 'secret_access_key')) {
      problems.reportMissing(path, 's3.credentials.type "explicit" needs it');
    }
  }
}

/** Which types use a key of `[s3.encryption]`. */
const ENCRYPTION_USERS: readonly (readonly [key: string, types: readonly string[]])[] = [
  ['kms_key_id', ['aws:kms', 'client']],
  ['bucket_key_enabled', ['aws:kms']],
  ['key_file', ['client']],
  ['old_key_files', ['client']],
  ['old_kms_key_ids', ['client']],
  ['kms_endpoint', ['client']],
];

function checkEncryption(settings: Settings, problems: Problems): void {
  const type = settings.optional('s3.encryption.type') ?? '';
  for (const [key, users] of ENCRYPTION_USERS) {
    const path = `s3.encryption.${key}`;
    if (!settings.has(path) || users.includes(type)) continue;
    const all = users.map((user) => `"${user}"`).join(' and ');
    problems.report(path, `${path} is used by s3.encryption.type ${all} only; set that type or remove the key`, 'key');
  }
  if (type === 'client') checkClientKeys(settings, problems);
}

function checkClientKeys(settings: Settings, problems: Problems): void {
  const path = 's3.encryption.key_file';
  const hasFile = settings.has(path);
  const hasKms = settings.has('s3.encryption.kms_key_id');
  if (!hasFile && !hasKms) {
    problems.reportMissing(path, 's3.encryption.type "client" needs it, or kms_key_id');
  } else if (hasFile && hasKms) {
    const more = 'the other one of a rotation goes to old_key_files or old_kms_key_ids';
    problems.report(path, `${path} and kms_key_id are both set; one key encrypts what is written: ${more}`, 'key');
  }
}

const CREDENTIAL_USERS = [
  ['profile', 'profile'],
  ['access_key_id', 'explicit'],
  ['secret_access_key', 'explicit'],
  ['session_token', 'explicit'],
] as const;

export function trimSlashes(text: string): string {
  return text.replace(/^\/+|\/+$/g, '');
}
