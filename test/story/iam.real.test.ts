/**
 * The policies that `otel-lake iam` prints, given to sessions of MinIO that have nothing else: each role does its work,
 * none does another's, and no action can be left out.
 */
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { createCatalog } from '../../src/catalog/catalog.ts';
import { objectKey } from '../../src/catalog/keys.ts';
import { type Policy, policyOf, ROLES, type Role } from '../../src/catalog/policies.ts';
import { parseConfig } from '../../src/config/load.ts';
import { commitId } from '../../src/model/commit.ts';
import { openStore } from '../../src/store/open.ts';
import { createS3Client } from '../../src/store/s3-client.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { commit } from '../catalog/lake.ts';
import { collect } from '../store/conformance.ts';
import { OPERATIONS, s3Config } from '../store/s3-config.ts';
import { runCli } from '../support/cli.ts';
import { startBridge } from '../support/daemon.ts';
import { type Minio, minioBinary, startMinio } from '../support/minio.ts';
import { exportHttp } from '../support/send.ts';
import { uniqueSpans } from '../support/unique-spans.ts';

const MIB = 1024 * 1024;
/** Refused, or something stayed behind that could not be cleaned up. */
const isMissed = ({ code }: { readonly code?: string }) => code === 'permission_denied' || code === 'ERR_ASSERTION';
const DENIED = { name: 'AccessDenied' };

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

describe('the policies of otel-lake iam on MinIO', { skip: !minioBinary() }, () => {
  let minio: Minio;
  let owner: ObjectStore;
  let ownerKeys: Keys;
  before(async () => {
    minio = await startMinio();
    ownerKeys = { accessKeyId: minio.accessKey, secretAccessKey: minio.secretKey };
    const client = createS3Client(s3Config(minio.endpoint), OPERATIONS);
    await client.send(new CreateBucketCommand({ Bucket: 'lake' }));
    await client.send(new PutObjectCommand({ Bucket: 'lake', Key: 'elsewhere/secret', Body: 'of others' }));
    client.destroy();
    owner = await openStore(configOf(ownerKeys));
  });
  after(async () => {
    owner?.close();
    await minio?.close();
  });

  const tomlOf = ({ accessKeyId, secretAccessKey, sessionToken }: Keys) => `[s3]
bucket = "lake"
prefix = "a/prefix"
endpoint = "${minio.endpoint}"
[s3.credentials]
access_key_id = "${accessKeyId}"
secret_access_key = "${secretAccessKey}"
${sessionToken ? `session_token = "${sessionToken}"` : ''}
[s3.multipart]
threshold_mb = 12
part_size_mb = 5
[operations]
retry_attempts = 1
`;
  const configOf = (keys: Keys) => parseConfig(tomlOf(keys), 'test.toml');

  /** Credentials that may do what the policy says, and nothing else. */
  async function session(policy: Policy): Promise<Keys> {
    const { accessKeyId, secretAccessKey } = ownerKeys;
    return fromTemporaryCredentials({
      masterCredentials: { accessKeyId, secretAccessKey },
      params: { RoleArn: 'arn:aws:iam::0:role/lake', RoleSessionName: 'lake', Policy: JSON.stringify(policy) },
      clientConfig: { endpoint: minio.endpoint, region: 'us-east-1' },
    })();
  }

  const sessionOf = (role: Role) => session(policyOf(configOf(ownerKeys), role));

  async function withStore(keys: Keys, work: (store: ObjectStore) => Promise<void>): Promise<void> {
    const store = await openStore(configOf(keys));
    try {
      await work(store);
    } finally {
      store.close();
    }
  }

  let sequence = 0;
  /** A partition of one file with its record, made by the owner. */
  async function makePartition() {
    const { objects, commitId: id } = await commit(owner, ++sequence, [`date=${sequence}`]);
    const { key, partition, rows } = objects[0]!;
    return { key, partition, rows, id };
  }

  /** What each role is there for; throws where it cannot. */
  const DUTIES: Readonly<Record<Role, (keys: Keys) => Promise<void>>> = {
    writer: (keys) =>
      withStore(keys, async (store) => {
        await store.check({ forWriting: true });
        assert.deepEqual(await collect(owner.list('_lake/tmp/')), [], 'a trial leaves nothing behind');
        const id = commitId(Date.now(), '0000beef', ++sequence);
        const key = objectKey('traces', 'date=2026-11-21', id);
        const writer = await store.write(key, { ifAbsent: true });
        await writer.write(new Uint8Array(13 * MIB));
        await writer.close();
        await assert.rejects(store.put(key, new Uint8Array(1), { ifAbsent: true }), { code: 'already_exists' });
        assert.equal((await store.head(key)).size, 13 * MIB, 'what is met is looked at');
        await store.put(`_lake/commits/${id}.json`, new Uint8Array(1), { ifAbsent: true });
        const broken = await store.write(`traces/broken/${id}.parquet`);
        await broken.write(new Uint8Array(13 * MIB));
        const [open] = await store.listUploads('traces/broken/');
        assert.ok((await store.lastActivity(open!))! > 0);
        await broken.abort();
        assert.deepEqual(await owner.listUploads(''), [], 'nothing stays open');
      }),
    reader: async (keys) => {
      const { key, rows } = await makePartition();
      await withStore(keys, async (store) => {
        const found = await createCatalog(store).objects('traces');
        assert.ok(found.some((object) => object.key === key && object.rows === rows));
        assert.equal((await store.get(key)).length, 4);
      });
    },
    deleter: async (keys) => {
      const { partition, key, rows } = await makePartition();
      await withStore(keys, async (store) => {
        const receipt = await createCatalog(store).deletePartition('traces', partition);
        assert.equal(receipt.rows, rows);
        await assert.rejects(owner.head(key), { code: 'not_found' });
        assert.ok((await owner.get(`_lake/deletions/${receipt.deletionId}.json`)).length > 0);
      });
    },
  };

  /** What the failed runs of the minimality leave. */
  async function cleanUp(): Promise<void> {
    for (const upload of await owner.listUploads('')) await owner.abortUpload(upload);
    await owner.delete((await collect(owner.list(''))).map(({ key }) => key));
  }

  for (const role of ROLES) {
    test(`the ${role} does its work with its policy, and not with any action of it left out`, async () => {
      await cleanUp();
      const policy = policyOf(configOf(ownerKeys), role);
      await DUTIES[role](await session(policy));
      const actions = policy.Statement.flatMap(({ Sid, Action }) => Action.map((action) => ({ Sid, action })));
      for (const { Sid, action } of actions) {
        const Statement = policy.Statement.map((statement) =>
          statement.Sid === Sid
            ? { ...statement, Action: statement.Action.filter((one) => one !== action) }
            : statement,
        ).filter((statement) => statement.Action.length > 0);
        await assert.rejects(
          DUTIES[role](await session({ ...policy, Statement })),
          isMissed,
          `${role} without ${action} (${Sid})`,
        );
        await cleanUp();
      }
    });
  }

  test('no role reads, lists or writes outside the prefix, nor does what another one is for', async (t: TestContext) => {
    await cleanUp();
    const { key, id } = await makePartition();
    const full = (name: string) => ({ Bucket: 'lake', Key: `a/prefix/${name}` });
    for (const role of ROLES) {
      const keys = await sessionOf(role);
      const config = configOf(keys).s3!;
      const client = createS3Client(config, OPERATIONS);
      t.after(() => client.destroy());
      const outside = { Bucket: 'lake', Key: 'elsewhere/secret' };
      await assert.rejects(client.send(new GetObjectCommand(outside)), DENIED, role);
      await assert.rejects(client.send(new PutObjectCommand({ ...outside, Body: 'x' })), DENIED, role);
      for (const Prefix of ['', 'elsewhere/', 'a/']) {
        await assert.rejects(client.send(new ListObjectsV2Command({ Bucket: 'lake', Prefix })), DENIED, role);
      }
    }
    const client = async (role: Role) => {
      const one = createS3Client(configOf(await sessionOf(role)).s3!, OPERATIONS);
      t.after(() => one.destroy());
      return one;
    };
    const [writer, reader, deleter] = [await client('writer'), await client('reader'), await client('deleter')];
    const put = (name: string) => new PutObjectCommand({ ...full(name), Body: 'x' });
    await assert.rejects(
      withStore(await sessionOf('writer'), (store) => store.delete([key])),
      { code: 'permission_denied' },
    );
    await assert.rejects(
      withStore(await sessionOf('reader'), (store) => store.delete([key])),
      { code: 'permission_denied' },
    );
    await assert.rejects(writer.send(put('_lake/deletions/x.json')), DENIED, 'receipts are the deleter’s');
    await assert.rejects(reader.send(put('traces/x.parquet')), DENIED);
    await assert.rejects(reader.send(put(`_lake/commits/${id}.json`)), DENIED);
    await assert.rejects(deleter.send(put('traces/x.parquet')), DENIED);
    await assert.rejects(deleter.send(put(`_lake/commits/${id}.json`)), DENIED);
    await assert.rejects(deleter.send(new GetObjectCommand(full(key))), DENIED, 'rows are not the deleter’s to read');
    const records = withStore(await sessionOf('deleter'), (store) => store.delete([`_lake/commits/${id}.json`]));
    await assert.rejects(records, { code: 'permission_denied' });
  });

  test('a bridge writes with the writer’s policy, another reads with the reader’s, a command deletes with the deleter’s', async (t) => {
    await cleanUp();
    const writer = await startBridge(t, tomlOf(await sessionOf('writer')));
    assert.equal((await exportHttp(writer.otlp, uniqueSpans('a', 0, 20), 'json')).status, 200);
    await writer.flush();
    const ready = (await (await fetch(`${writer.api}/readyz`)).json()) as { ready: boolean };
    assert.equal(ready.ready, true);

    const reader = await startBridge(t, tomlOf(await sessionOf('reader')));
    assert.equal((await reader.rows({ limit: '100' })).length, 20);
    const { partitions } = (await (await fetch(`${reader.api}/api/v1/partitions?table=traces`)).json()) as {
      partitions: { partition: string; rows: number }[];
    };
    const day = partitions[0]!.partition.split('/')[0]!;
    const remove = (bridge: { readonly api: string }) =>
      fetch(`${bridge.api}/admin/v1/partitions/traces/${day}`, { method: 'DELETE' });
    const refused = await remove(reader);
    assert.equal(refused.status, 403);
    const { error } = (await refused.json()) as { error: { hint: string } };
    assert.match(error.hint, /Allow s3:PutObject on arn:aws:s3:::lake\/a\/prefix\/_lake\/deletions\//);

    const deleter = await startBridge(t, tomlOf(await sessionOf('deleter')));
    const gone = await remove(deleter);
    assert.equal(gone.status, 200);
    const left = (await reader.rows({ limit: '100' })).length;
    assert.equal(left + ((await gone.json()) as { rows: number }).rows, 20);
  });

  test('the command prints them, one by its role or all by name', async (t) => {
    const bridge = await startBridge(t, tomlOf(ownerKeys));
    const one = await runCli(['iam', '--role', 'reader', '--config', bridge.configFile]);
    assert.deepEqual(JSON.parse(one.stdout), policyOf(configOf(ownerKeys), 'reader'));
    const all = await runCli(['iam', '--json', '--config', bridge.configFile]);
    assert.deepEqual(Object.keys(JSON.parse(all.stdout) as object), [...ROLES]);
    assert.equal((await runCli(['iam', '--role', 'owner', '--config', bridge.configFile])).code, 2);
  });
});
