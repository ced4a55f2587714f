import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/config/load.ts';
import { bucketsOf, bucketWishes } from '../../src/store/buckets.ts';
import { settingsOf } from '../../src/store/s3-bucket.ts';

const TOML = `
[s3]
bucket = "main"
region = "eu-central-1"
prefix = "p"
[[s3.lifecycle]]
id = "uploads"
abort_incomplete_multipart_upload_days = 7
[[s3.lifecycle]]
id = "traces"
prefix = "traces/"
transitions = [{ days = 30, storage_class = "STANDARD_IA" }]
expiration_days = 365
[[s3.lifecycle]]
id = "logs"
prefix = "logs/date=2026"
expiration_days = 30
[tables.traces]
bucket = "far"
region = "us-west-2"
[tables.metrics]
bucket = "far"
region = "us-west-2"
prefix = "m"
`;
const config = parseConfig(TOML, 'a.toml', {});

test('buckets of tables take prefix and region of the lake where they have none', () => {
  assert.deepEqual(
    bucketsOf(config).map(({ s3, table }) => [table, s3.bucket, s3.prefix, s3.region]),
    [
      [undefined, 'main', 'p', 'eu-central-1'],
      ['traces', 'far', 'p', 'us-west-2'],
      ['metrics', 'far', 'm', 'us-west-2'],
    ],
  );
  assert.deepEqual(bucketsOf(parseConfig('', 'a.toml', {})), []);
});

test('each bucket gets the lifecycle rules of what lies in it, with whole prefixes and ids of their own', () => {
  assert.deepEqual(
    bucketWishes(config).map(({ s3, rules }) => [s3.bucket, rules.map(({ id, prefix }) => [id, prefix])]),
    [
      [
        'main',
        [
          ['uploads', 'p/'],
          ['logs', 'p/logs/date=2026'],
        ],
      ],
      [
        'far',
        [
          ['uploads', 'p/'],
          ['traces', 'p/traces/'],
          ['uploads-metrics', 'm/'],
        ],
      ],
    ],
  );
});

const [wish] = bucketWishes(
  parseConfig(TOML.replace('prefix = "p"', 'prefix = "p"\nversioning = false'), 'a.toml', {}),
);
const STATE = {
  region: 'eu-central-1',
  isBlocked: true,
  versioning: 'never',
  lifecycle: { rules: [], minimumSize: undefined },
} as const;
const actions = (state: Parameters<typeof settingsOf>[1]) =>
  settingsOf(wish!, state).map(({ setting, action }) => [setting, action]);

test('a missing bucket is made with all settings; one that exists is changed where it differs', () => {
  assert.deepEqual(actions(undefined), [
    ['bucket', 'create'],
    ['region', 'create'],
    ['public access', 'create'],
    ['versioning', 'none'],
    ['lifecycle rule "uploads"', 'create'],
    ['lifecycle rule "logs"', 'create'],
  ]);
  const rules = [
    { ID: 'theirs', Status: 'Enabled', Filter: { Prefix: 'x' }, Expiration: { Days: 1 } },
    { ID: 'logs', Status: 'Enabled', Prefix: 'p/logs/date=2026', Expiration: { Days: 30 } },
    {
      ID: 'uploads',
      Status: 'Disabled',
      Filter: { Prefix: 'p/' },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    },
  ] as const;
  const found = settingsOf(wish!, {
    ...STATE,
    versioning: 'Enabled',
    isBlocked: false,
    lifecycle: { rules, minimumSize: undefined },
  });
  assert.deepEqual(
    found.map(({ setting, current, wanted, action }) => [setting, current, wanted, action]),
    [
      ['bucket', 'there', 'there', 'none'],
      ['region', 'eu-central-1', 'eu-central-1', 'none'],
      ['public access', 'not blocked', 'blocked', 'change'],
      ['versioning', 'enabled', 'suspended', 'change'],
      [
        'lifecycle rule "uploads"',
        'p/: uploads aborted after 7 d (disabled)',
        'p/: uploads aborted after 7 d',
        'change',
      ],
      ['lifecycle rule "logs"', 'p/logs/date=2026: deleted after 30 d', 'p/logs/date=2026: deleted after 30 d', 'none'],
      ['lifecycle rule "theirs"', 'x: deleted after 1 d', 'x: deleted after 1 d', 'none'],
    ],
  );
});

test('what cannot be changed or found out is said, and not tried', () => {
  const unknown = { unknown: 'Allow s3:GetLifecycleConfiguration on arn:aws:s3:::main to these credentials.' };
  const found = settingsOf(wish!, { ...STATE, region: 'eu-west-1', lifecycle: unknown });
  const cannot = found.filter(({ action }) => action !== 'none');
  assert.deepEqual(
    cannot.map(({ setting, action, note }) => [setting, action, note]),
    [
      ['region', 'cannot', 'a bucket stays in its region: set region = "eu-west-1"'],
      ['lifecycle rule "uploads"', 'cannot', unknown.unknown],
      ['lifecycle rule "logs"', 'cannot', unknown.unknown],
    ],
  );
});
