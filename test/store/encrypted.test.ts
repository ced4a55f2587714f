/** The store that encrypts, over the twins of the others. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { createCatalog } from '../../src/catalog/catalog.ts';
import { BridgeError } from '../../src/errors.ts';
import { encryptedStore } from '../../src/store/encrypted.ts';
import { CHUNK_BYTES, HEADER_BYTES, SEALED_CHUNK_BYTES } from '../../src/store/envelope.ts';
import { createFileStore } from '../../src/store/file.ts';
import { type ClientEncryption, createKeyRing } from '../../src/store/key-ring.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { ByteRange, ObjectStore } from '../../src/store/store.ts';
import { tempFolder } from '../support/temp.ts';
import { collect, storeConformance } from './conformance.ts';
import { clientEncryption, s3Config } from './s3-config.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function keyFile(t: Pick<TestContext, 'after'>, key: Uint8Array = randomBytes(32)): string {
  const path = join(tempFolder(t), 'lake.key');
  writeFileSync(path, key, { mode: 0o600 });
  return path;
}

async function ring(changes: Partial<ClientEncryption>) {
  return createKeyRing(clientEncryption(changes), s3Config('http://127.0.0.1:1'));
}

async function encrypted(t: Pick<TestContext, 'after'>, inner: ObjectStore = createMemoryStore()) {
  return { inner, store: encryptedStore(inner, await ring({ keyFile: keyFile(t) })) };
}

function withClose(open: (cleanUp: Pick<TestContext, 'after'>) => Promise<ObjectStore>) {
  return async () => {
    const steps: (() => unknown)[] = [];
    const store = await open({ after: (step) => void steps.push(step as () => unknown) });
    return { store, close: async () => void (await Promise.all(steps.map((step) => step()))) };
  };
}

storeConformance(
  'memory, encrypted,',
  withClose(async (t) => (await encrypted(t)).store),
);
storeConformance(
  'a directory, encrypted,',
  withClose(async (t) => (await encrypted(t, createFileStore(join(tempFolder(t), 'lake')))).store),
);

test('any range of an object of any size gives the bytes that the plaintext has there', async (t) => {
  const { store } = await encrypted(t);
  const size = fc.oneof(fc.integer({ min: 1, max: 300_000 }), fc.constantFrom(CHUNK_BYTES, 2 * CHUNK_BYTES));
  await fc.assert(
    fc.asyncProperty(size, fc.nat(), fc.integer({ min: 1, max: 200_000 }), async (length, from, count) => {
      const body = randomBytes(length);
      await store.put('a', body);
      const start = from % length;
      const found = await store.get('a', { range: { start, end: start + count } });
      assert.ok(Buffer.from(found).equals(body.subarray(start, start + count)));
    }),
    { numRuns: 150 },
  );
});

test('a stream in pieces of any size gives the bytes, and one that is cut ends with an error', async (t) => {
  const { inner, store } = await encrypted(t);
  const pieces = (size: number): ObjectStore => ({
    ...inner,
    async *read(key) {
      const body = await inner.get(key);
      for (let at = 0; at < body.length; at += size) yield body.slice(at, at + size);
    },
  });
  const path = keyFile(t);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 300_000 }),
      fc.integer({ min: 100, max: 150_000 }),
      async (length, size) => {
        const small = encryptedStore(pieces(size), await ring({ keyFile: path }));
        const body = randomBytes(length);
        await small.put('a', body);
        assert.ok(Buffer.concat(await collect(small.read('a'))).equals(body));
        const sealed = await inner.get('a');
        await inner.put('a', sealed.subarray(0, Math.floor(sealed.length / 2)));
        await assert.rejects(collect(small.read('a')), { code: 'corrupt' });
      },
    ),
    { numRuns: 50 },
  );
  await inner.put('plain', bytes('PAR1'));
  await assert.rejects(collect(store.read('plain')), { code: 'corrupt', message: /is not encrypted/ });
});

test('a range fetches its own chunks, and the header only the first time', async (t) => {
  const inner = createMemoryStore();
  const ranges: ByteRange[] = [];
  const watched: ObjectStore = {
    ...inner,
    get(key, options) {
      ranges.push(options!.range!);
      return inner.get(key, options);
    },
  };
  const { store } = await encrypted(t, watched);
  await store.put('a', randomBytes(10 * CHUNK_BYTES));
  await store.get('a', { range: { start: 3 * CHUNK_BYTES + 5, end: 4 * CHUNK_BYTES + 5 } });
  const start = HEADER_BYTES + 3 * SEALED_CHUNK_BYTES;
  assert.deepEqual(ranges, [
    { start, end: start + 2 * SEALED_CHUNK_BYTES + 1 },
    { start: 0, end: HEADER_BYTES },
  ]);
  ranges.length = 0;
  await store.get('a', { range: { start: 0, end: 1 } });
  assert.deepEqual(ranges, [{ start: HEADER_BYTES, end: HEADER_BYTES + SEALED_CHUNK_BYTES + 1 }]);
});

test('a range of an object that took the place of another, whose key was kept, is read', async (t) => {
  const { inner, store } = await encrypted(t);
  await store.put('a', bytes('the first one'));
  await store.get('a', { range: { start: 0, end: 3 } });
  const other = encryptedStore(inner, await ring({ keyFile: keyFile(t) }));
  await assert.rejects(other.get('a'), { code: 'config' });
  await store.put('b', bytes('x'));
  const replaced = await encrypted(t, inner);
  await replaced.store.put('a', bytes('of a stranger'));
  await assert.rejects(store.get('a', { range: { start: 0, end: 3 } }), { code: 'config' });
});

test('a second writer with the same key takes the name, and a reader that kept the first data key reads on', async (t) => {
  const inner = createMemoryStore();
  const path = keyFile(t);
  const [one, two] = [
    encryptedStore(inner, await ring({ keyFile: path })),
    encryptedStore(inner, await ring({ keyFile: path })),
  ];
  await one.put('a', bytes('first'));
  assert.equal(Buffer.from(await one.get('a', { range: { start: 0, end: 9 } })).toString(), 'first');
  await two.put('a', bytes('second'));
  assert.equal(Buffer.from(await one.get('a', { range: { start: 0, end: 9 } })).toString(), 'second');
});

test('after a rotation new objects have the new key, and old ones open with the old file or not at all', async (t) => {
  const inner = createMemoryStore();
  const [oldFile, newFile] = [keyFile(t), keyFile(t)];
  await encryptedStore(inner, await ring({ keyFile: oldFile })).put('old', bytes('old'));
  const rotated = encryptedStore(inner, await ring({ keyFile: newFile, oldKeyFiles: [oldFile] }));
  await rotated.put('new', bytes('new'));
  assert.equal(Buffer.from(await rotated.get('old')).toString(), 'old');
  assert.equal(Buffer.from(await rotated.get('new')).toString(), 'new');
  const forgetful = encryptedStore(inner, await ring({ keyFile: newFile }));
  for (const options of [{}, { range: { start: 0, end: 1 } }]) {
    await assert.rejects(forgetful.get('old', options), {
      code: 'config',
      message: /^memory:\/old is encrypted with key file:[0-9a-f]{16}; there is only file:[0-9a-f]{16}$/,
      hint: /old_key_files/,
    });
  }
});

test('a writer with another key than the lake has, or of a lake that is not encrypted, is told so by the check', async (t) => {
  const { inner, store } = await encrypted(t);
  await store.check({ forWriting: true });
  await store.put('_lake/commits/a.json', bytes('{}'));
  await (await encrypted(t, inner)).store.check();
  await assert.rejects((await encrypted(t, inner)).store.check({ forWriting: true }), {
    code: 'config',
    message: /_lake\/commits\/a\.json is encrypted with key file:/,
  });
  const plain = createMemoryStore();
  await plain.put('_lake/commits/a.json', bytes('{}'));
  const late = await encrypted(t, plain);
  await assert.rejects(late.store.check({ forWriting: true }), {
    message: /is not encrypted/,
    hint: /a prefix of its own/,
  });
});

test('with another key than the lake has nothing is written, in any way; with the right one again it is', async (t) => {
  const inner = createMemoryStore();
  const path = keyFile(t);
  const open = async (changes: Partial<ClientEncryption>) => encryptedStore(inner, await ring(changes));
  await (await open({ keyFile: path })).put('_lake/commits/a.json', bytes('{}'));
  const before = await collect(inner.list(''));
  const other = keyFile(t);
  const wrong = await open({ keyFile: other });
  const refused = { code: 'config', message: /_lake\/commits\/a\.json is encrypted with key file:/ };
  await assert.rejects(wrong.put('b', bytes('b')), refused);
  await assert.rejects(wrong.write('b'), refused);
  await assert.rejects(wrong.uploadStream('b', (async function* () {})()), refused);
  assert.deepEqual(await collect(inner.list('')), before);
  assert.deepEqual(await inner.listUploads(''), []);
  await (await open({ keyFile: other, oldKeyFiles: [path] })).put('b', bytes('b'));
  await (await open({ keyFile: path })).put('c', bytes('c'));
  assert.equal((await collect(inner.list(''))).length, 3);
});

test('a damaged record, and one that may not be read, hold no rows back', async (t) => {
  const inner = createMemoryStore();
  await inner.put('_lake/commits/a.json', randomBytes(HEADER_BYTES + 50));
  await (await encrypted(t, inner)).store.put('b', bytes('b'));
  const denied = { ...inner, get: () => Promise.reject(new BridgeError('permission_denied', 'no')) };
  await (await encrypted(t, denied)).store.put('c', bytes('c'));
  assert.equal((await collect(inner.list(''))).length, 3);
});

test('objects that are not encrypted, moved, cut or changed in the store are refused by name', async (t) => {
  const { inner, store } = await encrypted(t);
  await inner.put('plain', bytes('PAR1 plain'));
  await inner.put('empty', new Uint8Array());
  await store.put('whole', randomBytes(2 * CHUNK_BYTES));
  const sealed = await inner.get('whole');
  await inner.put('moved', sealed);
  await inner.put('cut', sealed.subarray(0, -1));
  const reads: [string, ByteRange | undefined, RegExp][] = [
    ['plain', undefined, /memory:\/plain is not encrypted/],
    ['plain', { start: 2, end: 4 }, /is not encrypted/],
    ['empty', { start: 2, end: 4 }, /is not encrypted/],
    ['moved', undefined, /memory:\/moved was encrypted as an object of another name/],
    ['moved', { start: 0, end: 4 }, /another name/],
    ['cut', undefined, /another name/],
  ];
  for (const [key, range, message] of reads) {
    await assert.rejects(store.get(key, range ? { range } : {}), { code: 'corrupt', message }, key);
  }
  await inner.put('whole', sealed.subarray(0, HEADER_BYTES + SEALED_CHUNK_BYTES));
  await assert.rejects(store.get('whole', { range: { start: 0, end: 10 } }), { message: /does not open at chunk 0/ });
  await assert.rejects(store.head('plain'), { code: 'corrupt', message: /no size of an encrypted object/ });
  const listed = await collect(store.list(''));
  assert.equal(listed.find(({ key }) => key === 'plain')?.size, 10);
});

test('a lake that is encrypted is not read without its key, and says so', async (t) => {
  const { inner, store } = await encrypted(t);
  const id = '20261121T085523123Z-4f9c1a2b-0007';
  await store.put(`_lake/commits/${id}.json`, bytes('{}'));
  await store.put(`traces/date=2026-11-21/${id}.parquet`, bytes('PAR1'));
  await assert.rejects(createCatalog(inner).objects('traces'), {
    code: 'config',
    message: /is encrypted, and the configuration has no key for it/,
  });
});
