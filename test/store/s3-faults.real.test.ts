/** The S3 store with each fault alone, between the real client and a real server. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { abortUploadsOf } from '../../src/catalog/left-uploads.ts';
import { BridgeError } from '../../src/errors.ts';
import { createS3Store } from '../../src/store/s3.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { type Minio, minioBinary, startMinio } from '../support/minio.ts';
import { FAULTS } from '../support/s3-faults.ts';
import { OPERATIONS, s3Config } from './s3-config.ts';

const MIB = 1024 * 1024;
const skip = !minioBinary();
const LIMITS = { ...OPERATIONS, retryAttempts: 2, timeoutSeconds: 2 };
const MULTIPART = { enabled: true, thresholdMb: 1, partSizeMb: 5, maxConcurrentUploads: 4, abortAfterHours: 24 };
/** The first calls that a fault is known from fail, all of them. */
const MAX_FAULTS = 5;
const MAX_TRIES = 10;

describe('the S3 store between the real client and a real server', { skip, concurrency: 4 }, () => {
  let minio: Minio;
  let direct: ObjectStore;
  before(async () => {
    minio = await startMinio();
    direct = createS3Store(s3Config(minio.endpoint), OPERATIONS);
    await direct.check();
  });
  after(async () => {
    direct?.close();
    await minio?.close();
  });

  for (const [i, name] of Object.keys(FAULTS).entries()) {
    test(`${name}: objects are whole and there once, and no upload is left open`, async (t) => {
      const proxy = await startFaultProxy(minio.endpoint, { seed: i, rate: 1, only: [name], maxFaults: MAX_FAULTS });
      const store = createS3Store(s3Config(proxy.endpoint, { multipart: MULTIPART }), LIMITS);
      t.after(async () => {
        store.close();
        await proxy.close();
      });
      const bodies = [randomBytes(1000), randomBytes(2000), randomBytes(2 * MIB), randomBytes(6 * MIB)];
      await Promise.all(bodies.map((body, n) => storeOnce(store, `fault-${i}/${n}`, body)));
      assert.ok(proxy.faults.get(name)! > 0);
      for (const [n, body] of bodies.entries()) {
        assert.deepEqual(await direct.get(`fault-${i}/${n}`), new Uint8Array(body));
      }
      const open = (await direct.listUploads('')).filter(({ key }) => key.startsWith(`fault-${i}/`));
      assert.deepEqual(open, []);
    });
  }
});

/** Tries for ever, as commits do: what is found under the key after an earlier try is its own. */
async function storeOnce(store: ObjectStore, key: string, body: Uint8Array): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await tryOnce(store, key, body);
      await abortUploadsOf(store, key);
      return;
    } catch (error) {
      if (tries === MAX_TRIES) throw error;
    }
  }
}

async function tryOnce(store: ObjectStore, key: string, body: Uint8Array): Promise<void> {
  const writer = await store.write(key, { ifAbsent: true });
  try {
    await writer.write(body);
    await writer.close();
  } catch (error) {
    await writer.abort();
    if (BridgeError.from(error).code !== 'already_exists') throw error;
  }
}
