/**
 * `[[s3.lifecycle]]` to rules. Names follow Terraform and the S3 API; what S3 would refuse is refused here, with its line
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html).
 */
import { type CheckContext, type Given, isTable } from './check.ts';
import { readEntry } from './entries.ts';
import type { Key } from './key.ts';
import type { LifecycleRule, LifecycleTransition } from './types.ts';

const SECTION = 's3.lifecycle';
/** S3 takes 1,000 rules a bucket; others have theirs in it too. */
const MAX_RULES = 100;
const MAX_TRANSITIONS = 10;
const MAX_ID_CHARS = 200;
const MAX_DAYS = 36_500;
/** Bookkeeping without which a lake cannot be read. */
const BOOKKEEPING = '_lake/';
/** Objects of these cannot be read before somebody restores them. */
const ARCHIVES = new Set(['GLACIER', 'DEEP_ARCHIVE']);
const AWS_CLASSES = ['STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR', ...ARCHIVES];
/** Least days of a transition, on AWS. */
const LEAST_DAYS: Readonly<Record<string, number>> = { STANDARD_IA: 30, ONEZONE_IA: 30 };

const days = (path: string, doc: string): Key => ({ path, type: 'integer', min: 1, max: MAX_DAYS, doc });

/** The keys of a rule; `path` is their name alone. */
export const RULE_KEYS: readonly Key[] = [
  { path: 'id', type: 'string', doc: 'Name of the rule in the bucket.' },
  {
    path: 'prefix',
    type: 'string',
    default: '',
    doc: 'Objects it is for, below `s3.prefix`, such as `traces/`; absent: all.',
  },
  { path: 'enabled', type: 'boolean', default: true, doc: 'Whether it is in force.' },
  {
    path: 'transitions',
    type: 'tables',
    doc: 'Changes of the storage class: `{ days = 30, storage_class = "STANDARD_IA" }`.',
  },
  days('expiration_days', 'Days after which objects are deleted.'),
  days('noncurrent_expiration_days', 'Days after which versions are deleted that are not the current one.'),
  {
    path: 'newer_noncurrent_versions',
    type: 'integer',
    min: 1,
    max: 100,
    doc: 'Such versions that stay all the same.',
  },
  days('abort_incomplete_multipart_upload_days', 'Days after which uploads are aborted that were never completed.'),
];

const TRANSITION_KEYS: readonly Key[] = [
  { path: 'days', type: 'integer', min: 0, max: MAX_DAYS, doc: 'Age of the object.' },
  { path: 'storage_class', type: 'string', doc: 'The class it then gets.' },
];

export function readLifecycle(given: Given, context: CheckContext): readonly LifecycleRule[] {
  const raw = (given.get(SECTION) as readonly unknown[] | undefined) ?? [];
  if (raw.length > MAX_RULES) {
    context.problems.report(SECTION, `${SECTION} has ${raw.length} rules; expected at most ${MAX_RULES}`);
    return [];
  }
  const ids = new Set<string>();
  return raw.flatMap((entry, i): LifecycleRule[] => {
    const path = `${SECTION}[${i}]`;
    const rule = readRule(entry, path, !given.has('s3.endpoint'), context);
    if (rule === undefined) return [];
    if (ids.has(rule.id)) {
      context.problems.report(`${path}.id`, `${path}.id is "${rule.id}", as another one's; give each its own`);
    }
    ids.add(rule.id);
    return [rule];
  });
}

function readRule(entry: unknown, path: string, isAws: boolean, context: CheckContext): LifecycleRule | undefined {
  const { problems } = context;
  const before = problems.count;
  const own = readEntry(
    entry,
    path,
    RULE_KEYS,
    '{ id = "traces", prefix = "traces/", expiration_days = 365 }',
    context,
  );
  if (own === undefined) return undefined;
  const id = own.get('id') as string | undefined;
  if (id === undefined) problems.reportMissing(`${path}.id`, 'expected a name for the rule');
  else if (id.length > MAX_ID_CHARS) {
    problems.report(`${path}.id`, `${path}.id has ${id.length} characters; expected at most ${MAX_ID_CHARS}`);
  }
  const rule: LifecycleRule = {
    id: id ?? '',
    prefix: (own.get('prefix') as string | undefined) ?? '',
    enabled: (own.get('enabled') as boolean | undefined) ?? true,
    transitions: readTransitions(own.get('transitions'), `${path}.transitions`, isAws, context),
    expirationDays: own.get('expiration_days') as number | undefined,
    noncurrentExpirationDays: own.get('noncurrent_expiration_days') as number | undefined,
    newerNoncurrentVersions: own.get('newer_noncurrent_versions') as number | undefined,
    abortIncompleteMultipartUploadDays: own.get('abort_incomplete_multipart_upload_days') as number | undefined,
  };
  if (problems.count === before) checkRule(rule, path, context);
  return problems.count > before ? undefined : rule;
}

function readTransitions(
  raw: unknown,
  path: string,
  isAws: boolean,
  context: CheckContext,
): readonly LifecycleTransition[] {
  const { problems } = context;
  const entries = (raw as readonly unknown[] | undefined) ?? [];
  if (entries.length > MAX_TRANSITIONS) {
    problems.report(path, `${path} has ${entries.length} entries; expected at most ${MAX_TRANSITIONS}`);
    return [];
  }
  return entries.flatMap((entry, i): LifecycleTransition[] => {
    const at = `${path}[${i}]`;
    const example = '{ days = 30, storage_class = "STANDARD_IA" }';
    const own = readEntry(entry, at, TRANSITION_KEYS, example, context);
    if (own === undefined) return [];
    const found = { days: own.get('days') as number, storageClass: own.get('storage_class') as string };
    const missing = isTable(entry) && TRANSITION_KEYS.find(({ path: name }) => !(name in entry));
    if (missing) problems.reportMissing(`${at}.${missing.path}`, `expected ${example}`);
    else if (isAws && !AWS_CLASSES.includes(found.storageClass)) {
      const place = `${at}.storage_class`;
      problems.report(place, `${place} is "${found.storageClass}"; expected one of ${AWS_CLASSES.join(', ')}`);
    } else if (isAws && found.days < (LEAST_DAYS[found.storageClass] ?? 0)) {
      const place = `${at}.days`;
      const least = LEAST_DAYS[found.storageClass];
      problems.report(place, `${place} is ${found.days}; expected at least ${least} for ${found.storageClass}`);
    }
    return [found];
  });
}

function checkRule(rule: LifecycleRule, path: string, { problems }: CheckContext): void {
  const { prefix, transitions, expirationDays } = rule;
  const actions = [
    expirationDays,
    rule.noncurrentExpirationDays,
    rule.abortIncompleteMultipartUploadDays,
    transitions[0],
  ];
  if (actions.every((action) => action === undefined)) {
    problems.report(path, `${path} does nothing; expected transitions, expiration_days or another action`);
  }
  if (
    prefix
      .split('/')
      .slice(0, -1)
      .some((step) => step === '' || step === '.' || step === '..')
  ) {
    const at = `${path}.prefix`;
    problems.report(at, `${at} is "${prefix}"; expected a path below s3.prefix, such as "traces/"`);
  }
  const all = [...transitions.map((one) => one.days), ...(expirationDays === undefined ? [] : [expirationDays])];
  if (all.some((day, i) => i > 0 && day <= all[i - 1]!)) {
    problems.report(path, `${path} has the days ${all.join(', ')}; expected each later than the one before`);
  }
  if (rule.newerNoncurrentVersions !== undefined && rule.noncurrentExpirationDays === undefined) {
    const at = `${path}.newer_noncurrent_versions`;
    problems.report(at, `${at} is used with noncurrent_expiration_days only; set that too`, 'key');
  }
  const takesAway = expirationDays !== undefined || transitions.some(({ storageClass }) => ARCHIVES.has(storageClass));
  if (takesAway && (BOOKKEEPING.startsWith(prefix) || prefix.startsWith(BOOKKEEPING))) {
    const what = 'deletes or archives the commit records too, without which the lake cannot be read';
    problems.report(path, `${path} ${what}; expected the prefix of a table, such as "traces/", a rule for each`);
  }
}
