import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Policy, policyOf, ROLES, type Role } from '../../src/catalog/policies.ts';
import { parseConfig } from '../../src/config/load.ts';

const policy = (toml: string, role: Role): Policy => policyOf(parseConfig(toml, 'a.toml', {}), role);
const of = ({ Statement }: Policy, sid: string) => Statement.find(({ Sid }) => Sid === sid);
const kms = (encryption: string, role: Role) => {
  const found = policy(`[s3]\nbucket = "lake"\nregion = "eu-central-1"\n[s3.encryption]\n${encryption}`, role);
  return found.Statement.filter(({ Action }) => Action.some((action) => action.startsWith('kms:')));
};

test('no statement allows a pattern of actions or a whole account, and every name in it is used once', () => {
  for (const role of ROLES) {
    for (const prefix of ['', 'a/prefix']) {
      const { Statement } = policy(`[s3]\nbucket = "lake"\nprefix = "${prefix}"`, role);
      assert.equal(new Set(Statement.map(({ Sid }) => Sid)).size, Statement.length);
      for (const { Sid, Action, Resource } of Statement) {
        assert.match(Sid, /^[A-Za-z0-9]+$/);
        for (const action of Action) assert.match(action, /^s3:[A-Za-z]+$/);
        for (const arn of Resource) assert.match(arn, /^arn:aws:s3:::lake(\/|$)/);
      }
    }
  }
});

test('listing is held to the prefix, and free where the bucket is the lake', () => {
  const withPrefix = of(policy('[s3]\nbucket = "lake"\nprefix = "a/prefix"', 'reader'), 'ListLake');
  assert.deepEqual(withPrefix?.Condition, { StringLike: { 's3:prefix': ['a/prefix/*'] } });
  assert.equal(of(policy('[s3]\nbucket = "lake"', 'reader'), 'ListLake')?.Condition, undefined);
});

test('tables with buckets of their own are named there, and bookkeeping in the bucket of the lake', () => {
  const toml = '[s3]\nbucket = "lake"\nprefix = "p"\n[tables.logs]\nbucket = "logs"\nprefix = "q"';
  assert.deepEqual(of(policy(toml, 'reader'), 'ReadObjects')?.Resource, [
    'arn:aws:s3:::lake/p/traces/*',
    'arn:aws:s3:::logs/q/logs/*',
    'arn:aws:s3:::lake/p/metrics/*',
    'arn:aws:s3:::lake/p/_lake/commits/*',
  ]);
  const writer = policy(toml, 'writer');
  assert.deepEqual(of(writer, 'EndTrials')?.Resource, [
    'arn:aws:s3:::lake/p/_lake/tmp/*',
    'arn:aws:s3:::logs/q/_lake/tmp/*',
  ]);
  assert.deepEqual(of(writer, 'ListUploads')?.Resource, ['arn:aws:s3:::lake', 'arn:aws:s3:::logs']);
});

test('a writer gets what the settings of [s3] need, and nothing for tables that are off', () => {
  const plain = policy(
    '[s3]\nbucket = "lake"\nconditional_writes = false\n[tables.metrics]\nenabled = false',
    'writer',
  );
  assert.equal(of(plain, 'EndTrials'), undefined);
  assert.ok(!of(plain, 'WriteObjects')!.Resource.some((arn) => /metrics|tmp/.test(arn)));
  const toml = '[s3]\nbucket = "lake"\nversioning = true\ntags = { team = "a" }\nacl = "private"';
  const more = policy(toml, 'writer');
  assert.deepEqual(of(more, 'WriteObjects')!.Action.slice(-2), ['s3:PutObjectTagging', 's3:PutObjectAcl']);
  assert.ok(of(more, 'CompareSettings')!.Action.includes('s3:GetBucketVersioning'));
});

test('keys of KMS: readers open, writers and deleters also make data keys, through S3 where S3 encrypts', () => {
  const arn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd';
  const via = { StringEquals: { 'kms:ViaService': ['s3.eu-central-1.amazonaws.com'] } };
  const server = `type = "aws:kms"\nkms_key_id = "${arn}"`;
  assert.deepEqual(kms(server, 'reader'), [
    { Sid: 'UseKey', Effect: 'Allow', Action: ['kms:Decrypt'], Resource: [arn], Condition: via },
  ]);
  assert.deepEqual(
    kms(server, 'deleter').map(({ Action }) => Action[0]),
    ['kms:Decrypt', 'kms:GenerateDataKey'],
  );
  assert.deepEqual(kms('type = "AES256"', 'writer'), []);
  const client = kms('type = "client"\nkms_key_id = "alias/lake"\nold_kms_key_ids = ["5678efgh"]', 'writer');
  const alias = { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': ['alias/lake'] } };
  const all = 'arn:aws:kms:eu-central-1:*:key/*';
  assert.deepEqual(client, [
    { Sid: 'UseKey', Effect: 'Allow', Action: ['kms:Decrypt'], Resource: [all], Condition: alias },
    { Sid: 'UseKey2', Effect: 'Allow', Action: ['kms:Decrypt'], Resource: ['arn:aws:kms:eu-central-1:*:key/5678efgh'] },
    { Sid: 'MakeDataKeys', Effect: 'Allow', Action: ['kms:GenerateDataKey'], Resource: [all], Condition: alias },
  ]);
});

test('other partitions of AWS have their own ARNs, and a lake in a directory has no policy', () => {
  const toml = (region: string) => `[s3]\nbucket = "lake"\nregion = "${region}"`;
  assert.deepEqual(of(policy(toml('cn-north-1'), 'reader'), 'ListLake')?.Resource, ['arn:aws-cn:s3:::lake']);
  assert.deepEqual(of(policy(toml('us-gov-west-1'), 'reader'), 'ListLake')?.Resource, ['arn:aws-us-gov:s3:::lake']);
  assert.throws(() => policy('', 'reader'), { code: 'config', message: /in a directory/ });
});
