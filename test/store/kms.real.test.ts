/** Keys of KMS, as moto has it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { encryptedStore } from '../../src/store/encrypted.ts';
import { HEADER_BYTES, wrappingKeyOf } from '../../src/store/envelope.ts';
import { type ClientEncryption, createKeyRing } from '../../src/store/key-ring.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { hasMoto, type Moto, startMoto } from '../support/moto.ts';
import { clientEncryption, s3Config } from './s3-config.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array) => new TextDecoder().decode(body);

describe('a lake encrypted with keys of KMS', { skip: !hasMoto() }, () => {
  let moto: Moto;
  let kms: KMSClient;
  before(async () => {
    moto = await startMoto();
    kms = new KMSClient({
      endpoint: moto.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
  });
  after(async () => {
    kms?.destroy();
    await moto?.close();
  });

  async function newKey(): Promise<{ readonly id: string; readonly arn: string }> {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    return { id: KeyMetadata!.KeyId!, arn: KeyMetadata!.Arn! };
  }

  async function open(changes: Partial<ClientEncryption>, inner = createMemoryStore()) {
    const keys = await createKeyRing(
      clientEncryption({ kmsEndpoint: moto.endpoint, ...changes }),
      s3Config('http://127.0.0.1:1'),
    );
    return { inner, store: encryptedStore(inner, keys) };
  }

  test('what is written opens again in another process, and the envelope names the key', async () => {
    const key = await newKey();
    const { inner, store } = await open({ kmsKeyId: key.id });
    await store.check({ forWriting: true });
    await store.put('a', bytes('hello'));
    const header = (await inner.get('a')).subarray(0, HEADER_BYTES);
    assert.equal(wrappingKeyOf(header, 'a', 'a').id, `kms:${key.arn}`);
    const { store: reader } = await open({ kmsKeyId: key.arn }, inner);
    assert.equal(text(await reader.get('a', { range: { start: 1, end: 3 } })), 'el');
    assert.equal(text(await reader.get('a')), 'hello');
  });

  test('an alias serves as well, and two objects of an hour share the blob but no data key', async () => {
    const key = await newKey();
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/lake', TargetKeyId: key.id }));
    const { inner, store } = await open({ kmsKeyId: 'alias/lake' });
    await store.put('a', bytes('one'));
    await store.put('b', bytes('two'));
    const [a, b] = [await inner.get('a'), await inner.get('b')];
    assert.deepEqual(wrappingKeyOf(a, 'a', 'a').blob, wrappingKeyOf(b, 'b', 'b').blob);
    assert.notDeepEqual(a.subarray(80, 128), b.subarray(80, 128));
    assert.equal(text(await (await open({ kmsKeyId: key.id }, inner)).store.get('b')), 'two');
  });

  test('a rotation to another key, from a file or to one, reads what was written before', async () => {
    const [old, next] = [await newKey(), await newKey()];
    const { inner, store } = await open({ kmsKeyId: old.id });
    await store.put('old', bytes('old'));
    const { store: rotated } = await open({ kmsKeyId: next.id, oldKmsKeyIds: [old.id] }, inner);
    await rotated.put('new', bytes('new'));
    assert.equal(text(await rotated.get('old')), 'old');
    assert.equal(text(await rotated.get('new')), 'new');
    const { store: forgetful } = await open({ kmsKeyId: next.id }, inner);
    await assert.rejects(forgetful.get('old'), { message: /old is encrypted with key kms:|Decrypt of KMS key/ });
  });

  test('a key that is not there is a configuration error, a KMS that is away passes', async () => {
    const missing = await open({ kmsKeyId: '00000000-0000-0000-0000-000000000000' });
    await assert.rejects(missing.store.check({ forWriting: true }), {
      code: 'config',
      message: /GenerateDataKey of KMS key 0000.*NotFound/,
    });
    await assert.rejects(missing.store.put('a', bytes('x')), { code: 'config', hint: /kms_key_id/ });
    const key = await newKey();
    const { inner, store } = await open({ kmsKeyId: key.id });
    await store.put('a', bytes('x'));
    const away = await open({ kmsKeyId: key.id, kmsEndpoint: 'http://127.0.0.1:1' }, inner);
    await assert.rejects(away.store.put('b', bytes('x')), { code: 'unavailable', retryable: true });
    await assert.rejects(away.store.get('a'), { code: 'unavailable', message: /Decrypt of KMS key/ });
  });
});
