/** The library against a real S3 server, and with a network that breaks in the middle of a part. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  ConnectorError,
  HashPartitioning,
  NotFoundError,
  S3Error,
  S3ParquetConnector,
  TimePartitioning,
  ValuePartitioning,
} from '../../src/connector/index.ts';
import { createS3Store } from '../../src/store/s3.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { OPERATIONS, s3Config } from '../store/s3-config.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { type Minio, minioBinary, startMinio } from '../support/minio.ts';
import { collect } from './support.ts';

const skip = !minioBinary();
const BIG_BYTES = 700_000;
/** Text that no codec makes smaller: a few of them fill a part. */
const big = (id: number) => ({ id, kind: 'big', text: randomBytes(BIG_BYTES).toString('latin1') });
const small = (id: number) => ({ id, kind: 'small', text: 'x' });

describe('the library on S3', { skip }, () => {
  let minio: Minio;
  let direct: ObjectStore;

  before(async () => {
    minio = await startMinio();
    direct = createS3Store(s3Config(minio.endpoint, { bucket: 'library', prefix: '' }), OPERATIONS);
  });
  after(async () => {
    direct?.close();
    await minio?.close();
  });

  function open(prefix: string, endpoint = minio.endpoint): Promise<S3ParquetConnector> {
    return S3ParquetConnector.open({
      s3: {
        bucket: 'library',
        prefix,
        endpoint,
        createBucket: true,
        credentials: { accessKeyId: minio.accessKey, secretAccessKey: minio.secretKey },
        multipart: { thresholdMb: 1, partSizeMb: 5, maxConcurrentUploads: 2 },
      },
      operations: { retryAttempts: 1, timeoutSeconds: 10 },
    });
  }

  test('a batch goes there in parts and is read back, listed, followed and deleted', async () => {
    await using connector = await open('whole');
    async function* records() {
      for (let id = 0; id < 16; id++) yield { ...(id % 2 === 0 ? big(id) : small(id)), at: new Date(id * 3_600_000) };
    }
    const partitioning = [new ValuePartitioning('kind'), new TimePartitioning({ field: 'at', granularity: 'year' })];
    const { files, recordCount } = await connector.batchWrite({ records: records(), partitioning });
    assert.deepEqual([files.length, recordCount], [2, 16]);
    // A multipart upload shows in the ETag.
    assert.match(files.find(({ partitionPath }) => partitionPath.startsWith('kind=big'))!.etag!, /-\d+"?$/);
    const { records: found } = await connector.read({ filter: "kind = 'big' AND id < 4", selectFields: ['id'] });
    assert.deepEqual(found, [{ id: 0n }, { id: 2n }]);
    const [batch] = await collect(connector.changes());
    assert.equal((await collect(batch!.records({ selectFields: ['id'] }))).length, 16);
    const { requests, errors, operations } = connector.s3Metrics();
    const parts = operations.find(({ operation }) => operation === 'UploadPart')!;
    assert.ok(parts.requests >= 2 && parts.sentBytes > 5_000_000 && parts.latency.p50Ms > 0, JSON.stringify(parts));
    assert.equal(
      requests,
      operations.reduce((sum, one) => sum + one.requests, 0),
    );
    assert.equal(
      errors,
      operations.reduce((sum, one) => sum + one.errors, 0),
    );
    await connector.deletePartition('kind=big');
    assert.deepEqual(
      (await connector.listPartitions()).map(({ recordCount }) => recordCount),
      [8],
    );
    assert.deepEqual(await direct.listUploads(''), []);
  });

  test('a network that breaks in a part ends the batch: no upload is left open, what was stored is named', async (t) => {
    const only = ['reset in the body'];
    const proxy = await startFaultProxy(minio.endpoint, { seed: 1, rate: 0, only });
    t.after(() => proxy.close());
    await using connector = await open('broken', proxy.endpoint);
    async function* records() {
      for (let id = 0; id < 100; id++) yield small(id);
      proxy.rate = 1;
      for (let id = 100; id < 112; id++) yield big(id);
    }
    const options = {
      records: records(),
      partitioning: new ValuePartitioning('kind'),
      batchSize: 100,
      maxBufferedBytes: 1000,
    };
    const error = await connector.batchWrite(options).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof S3Error && error.retryable, String(error));
    assert.ok(proxy.faults.get('reset in the body')! > 0);
    assert.deepEqual([error.written?.fileCount, error.written?.recordCount], [1, 100]);
    assert.deepEqual(await direct.listUploads(''), []);
    const keys = (await collect(direct.list('broken/'))).map(({ key }) => key);
    assert.deepEqual(
      keys,
      error.written!.files.map(({ path }) => `broken/${path}`),
    );
    await using whole = await open('broken');
    await assert.rejects(whole.read(), NotFoundError);
    await whole.discard(error.written!);
    assert.deepEqual(await collect(direct.list('broken/')), []);
  });

  test('a signal in the middle of an upload leaves none open and commits nothing', async () => {
    await using connector = await open('cancelled');
    const stop = new AbortController();
    async function* records() {
      for (let id = 0; id < 30; id++) {
        if (id === 20) stop.abort(new Error('enough'));
        yield big(id);
      }
    }
    const options = {
      records: records(),
      partitioning: new HashPartitioning('id', 2),
      batchSize: 5,
      maxBufferedBytes: 12e6,
    };
    const error = await connector.batchWrite({ ...options, signal: stop.signal }).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof ConnectorError && error.code === 'cancelled', String(error));
    assert.deepEqual(await direct.listUploads(''), []);
    assert.equal((await collect(direct.list('cancelled/'))).length, error.written!.fileCount);
    await assert.rejects(connector.read(), NotFoundError);
  });

  test('a bucket that is not there and credentials that are wrong are errors that say so', async () => {
    const s3 = { bucket: 'nowhere', endpoint: minio.endpoint };
    const credentials = { accessKeyId: minio.accessKey, secretAccessKey: minio.secretKey };
    const missing = S3ParquetConnector.open({ s3: { ...s3, credentials } });
    await assert.rejects(missing, { name: 'ConfigError', message: /nowhere/ });
    const wrong = { ...credentials, secretAccessKey: 'wrong-secret' };
    const refused = S3ParquetConnector.open({ s3: { ...s3, credentials: wrong } });
    await assert.rejects(refused, (error) => error instanceof S3Error && !error.message.includes('wrong-secret'));
  });
});
