/** Buckets made and compared on real servers, by the command and by a store that is opened for writing. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  CreateBucketCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { parseConfig } from '../../src/config/load.ts';
import { openStore } from '../../src/store/open.ts';
import { runCli } from '../support/cli.ts';
import { minioBinary, type S3Server, startMinio } from '../support/minio.ts';
import { hasMoto, startMoto } from '../support/moto.ts';
import { s3Client } from '../support/s3-client.ts';
import { tempFolder } from '../support/temp.ts';
import { startVersitygw, versitygwBinary } from '../support/versitygw.ts';

const EXPIRATION = `
[[s3.lifecycle]]
id = "traces"
prefix = "traces/"
expiration_days = 365
noncurrent_expiration_days = 30
`;
const UPLOADS = `
[[s3.lifecycle]]
id = "uploads"
abort_incomplete_multipart_upload_days = 7
`;

interface ServerCase {
  readonly name: string;
  readonly isThere: boolean;
  readonly start: () => Promise<S3Server>;
  /** Lifecycle rules that it takes. */
  readonly lifecycle: string;
  readonly blocks: boolean;
}

const SERVERS: readonly ServerCase[] = [
  // MinIO aborts old uploads by itself, and refuses a rule for it.
  { name: 'MinIO', isThere: !!minioBinary(), start: startMinio, lifecycle: EXPIRATION, blocks: false },
  { name: 'versitygw', isThere: !!versitygwBinary(), start: startVersitygw, lifecycle: '', blocks: false },
  { name: 'moto', isThere: hasMoto(), start: startMoto, lifecycle: EXPIRATION + UPLOADS, blocks: true },
];

for (const { name, isThere, start, lifecycle, blocks } of SERVERS) {
  describe(`buckets on ${name}`, { skip: !isThere }, () => {
    let server: S3Server;
    let client: S3Client;
    before(async () => {
      server = await start();
      client = s3Client(server);
    });
    after(async () => {
      client.destroy();
      await server.close();
    });

    const toml = (bucket: string, more = '', rules = lifecycle) => `[s3]
bucket = "${bucket}"
region = "us-east-1"
prefix = "p"
endpoint = "${server.endpoint}"
${more}
[s3.credentials]
access_key_id = "${server.accessKey}"
secret_access_key = "${server.secretKey}"
${rules}`;

    async function bucketCommand(t: Parameters<typeof tempFolder>[0], text: string, ...args: readonly string[]) {
      const file = join(tempFolder(t), 'lake.toml');
      writeFileSync(file, text);
      return runCli(['bucket', ...args, '--config', file]);
    }

    async function openWarned(text: string): Promise<string[]> {
      const warnings: string[] = [];
      const store = await openStore(parseConfig(text, 'a.toml', {}), { warn: (message) => warnings.push(message) });
      try {
        await store.check({ forWriting: true });
        return warnings;
      } finally {
        store.close();
      }
    }

    test('a missing bucket is made whole by the command, and then nothing is left to do', async (t) => {
      const text = toml('by-command', 'versioning = true');
      const plan = await bucketCommand(t, text, 'plan');
      assert.equal(plan.code, 0, plan.stderr);
      assert.match(plan.stdout, /by-command.*bucket.*missing.*there.*create/);
      assert.match(plan.stdout, /The bucket would be created/);
      const apply = await bucketCommand(t, text, 'apply');
      assert.equal(apply.code, 0, apply.stderr);
      assert.match(apply.stdout, /Done: \d settings\./);
      const versioning = await client.send(new GetBucketVersioningCommand({ Bucket: 'by-command' }));
      assert.equal(versioning.Status, 'Enabled');
      assert.match((await bucketCommand(t, text, 'plan')).stdout, /Everything is as wanted/);
      assert.match((await bucketCommand(t, text, 'apply', '--yes')).stdout, /Nothing was to be done/);
    });

    test('a missing bucket is made by whoever opens it for writing with create_bucket, without a warning', async () => {
      const text = toml('at-start', 'create_bucket = true\nversioning = true');
      assert.deepEqual(await openWarned(text), []);
      assert.deepEqual(await openWarned(text), []);
      const versioning = await client.send(new GetBucketVersioningCommand({ Bucket: 'at-start' }));
      assert.equal(versioning.Status, 'Enabled');
    });

    test('a bucket that exists is not changed at the start: each difference is told, with what to do', async () => {
      await client.send(new CreateBucketCommand({ Bucket: 'of-others' }));
      const warnings = await openWarned(toml('of-others', 'create_bucket = true\nversioning = true', ''));
      const expected = 'bucket of-others: versioning is never enabled, and should be enabled';
      assert.ok(warnings.includes(expected), warnings.join('\n'));
      assert.equal(warnings.filter((one) => /public access/.test(one)).length, blocks ? 1 : 0);
      const versioning = await client.send(new GetBucketVersioningCommand({ Bucket: 'of-others' }));
      assert.equal(versioning.Status, undefined);
    });

    test('the command changes an existing bucket with --yes only', async (t) => {
      await client.send(new CreateBucketCommand({ Bucket: 'existing' }));
      const text = toml('existing', 'versioning = true', '');
      const refused = await bucketCommand(t, text, 'apply');
      assert.equal(refused.code, 1);
      assert.match(
        refused.stderr,
        /nothing was done: \d settings? of existing buckets would change\n {2}Run it again with --yes/,
      );
      const read = () => client.send(new GetBucketVersioningCommand({ Bucket: 'existing' }));
      assert.equal((await read()).Status, undefined);
      const applied = await bucketCommand(t, text, 'apply', '--yes', '--json');
      assert.equal(applied.code, 0, applied.stderr);
      const rows = applied.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { setting: string; action: string });
      assert.equal(rows.find(({ setting }) => setting === 'versioning')?.action, 'change');
      assert.equal((await read()).Status, 'Enabled');
      const off = await bucketCommand(t, toml('existing', 'versioning = false', ''), 'apply', '--yes');
      assert.equal(off.code, 0, off.stderr);
      assert.equal((await read()).Status, 'Suspended');
    });

    test('what this server cannot be set to is said by its name, and the rest is done', async (t) => {
      const all = EXPIRATION + UPLOADS;
      const lacks = lifecycle !== all;
      const text = toml('lacking', 'versioning = true', all);
      const { code, stderr } = await bucketCommand(t, text, 'apply');
      assert.equal(code, lacks ? 1 : 0);
      assert.equal(/not done: lifecycle rule of bucket lacking/.test(stderr), lacks);
      const versioning = await client.send(new GetBucketVersioningCommand({ Bucket: 'lacking' }));
      assert.equal(versioning.Status, 'Enabled');
    });
  });
}

describe('lifecycle rules and public access', { skip: !hasMoto() }, () => {
  test('rules of others stay as they are, those of the configuration are changed and added by their ids', async (t) => {
    const server = await startMoto();
    t.after(() => server.close());
    const client = s3Client(server);
    t.after(() => client.destroy());
    await client.send(new CreateBucketCommand({ Bucket: 'lake' }));
    const theirs: LifecycleRule = {
      ID: 'theirs',
      Status: 'Enabled',
      Filter: { And: { Prefix: 'logs/', Tags: [{ Key: 'k', Value: 'v' }] } },
      Transitions: [{ Days: 60, StorageClass: 'GLACIER' }],
    };
    const old: LifecycleRule = {
      ID: 'traces',
      Status: 'Enabled',
      Filter: { Prefix: 'traces/' },
      Expiration: { Days: 1 },
    };
    const put = { Bucket: 'lake', LifecycleConfiguration: { Rules: [theirs, old] } };
    await client.send(new PutBucketLifecycleConfigurationCommand(put));
    const file = join(tempFolder(t), 'lake.toml');
    writeFileSync(
      file,
      `[s3]
bucket = "lake"
endpoint = "${server.endpoint}"
[s3.credentials]
access_key_id = "a"
secret_access_key = "b"
${EXPIRATION}${UPLOADS}`,
    );
    const plan = await runCli(['bucket', 'plan', '--config', file]);
    assert.match(plan.stdout, /"theirs".*logs\/, tag k=v: GLACIER after 60 d.*kept: not of this configuration/);
    assert.match(plan.stdout, /"traces".*traces\/: deleted after 1 d.*deleted after 365 d; old versions.*change/);
    const apply = await runCli(['bucket', 'apply', '--yes', '--config', file]);
    assert.equal(apply.code, 0, apply.stderr);
    const { Rules = [] } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: 'lake' }));
    assert.deepEqual(
      Rules.map(({ ID, Filter, Transitions, Expiration, AbortIncompleteMultipartUpload: abort }) => {
        return [
          ID,
          Filter?.And?.Prefix ?? Filter?.Prefix,
          Transitions?.[0]?.Days,
          Expiration?.Days,
          abort?.DaysAfterInitiation,
        ];
      }),
      [
        ['theirs', 'logs/', 60, undefined, undefined],
        ['traces', 'traces/', undefined, 365, undefined],
        ['uploads', '', undefined, undefined, 7],
      ],
    );
    const block = await client.send(new GetPublicAccessBlockCommand({ Bucket: 'lake' }));
    assert.deepEqual(Object.values(block.PublicAccessBlockConfiguration ?? {}), [true, true, true, true]);
  });
});

test('the command on a lake in a directory says that there is no bucket', async (t) => {
  const file = join(tempFolder(t), 'lake.toml');
  writeFileSync(file, '[storage]\ntype = "file"\n');
  const { code, stderr } = await runCli(['bucket', 'plan', '--config', file]);
  assert.equal(code, 2);
  assert.match(stderr, /the lake is in a directory, and has no bucket/);
});
