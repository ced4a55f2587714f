/** What every ObjectStore promises, as tests: run against memory, a directory and a real S3 server. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { compareKeys } from '../../src/store/key.ts';
import type { ObjectStore } from '../../src/store/store.ts';

export interface StoreUnderTest {
  readonly store: ObjectStore;
  close(): Promise<void>;
}

const MIB = 1024 * 1024;
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array) => new TextDecoder().decode(body);
const code = (expected: ErrorCode) => ({ name: 'BridgeError', code: expected });

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export async function keysOf(store: ObjectStore, prefix: string, startAfter?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix, startAfter === undefined ? {} : { startAfter })) keys.push(key);
  return keys;
}

export interface ConformanceOptions {
  readonly skip?: boolean;
  /** How far off the start of an open upload may be; infinite for a server that says anything. */
  readonly maxUploadStartErrorMs?: number;
}

/** `open` gives an empty store, with a multipart threshold of 12 MiB and parts of 5 MiB where it has such. */
export function storeConformance(
  name: string,
  open: () => Promise<StoreUnderTest>,
  options: ConformanceOptions = {},
): void {
  const { maxUploadStartErrorMs = 60_000 } = options;
  describe(`${name} as an object store`, { skip: options.skip ?? false }, () => {
    let opened: StoreUnderTest;
    let store: ObjectStore;
    before(async () => {
      opened = await open();
      store = opened.store;
      await store.check();
    });
    after(() => opened?.close());

    test('what was put is read back whole, in ranges and by its head', async () => {
      const put = await store.put('read/a.txt', bytes('0123456789'));
      assert.equal(put.size, 10);
      assert.equal(text(await store.get('read/a.txt')), '0123456789');
      assert.equal(text(await store.get('read/a.txt', { range: { start: 2, end: 5 } })), '234');
      assert.equal(text(await store.get('read/a.txt', { range: { start: 8, end: 50 } })), '89');
      const head = await store.head('read/a.txt');
      assert.equal(head.key, 'read/a.txt');
      assert.equal(head.size, 10);
      assert.equal(head.etag, put.etag);
      assert.ok(Math.abs(head.modifiedMs - Date.now()) < 60_000);
      const [listed] = await collect(store.list('read/'));
      assert.equal(listed?.etag, put.etag);
      assert.equal(listed?.size, 10);
    });

    test('an object is read from its beginning to its end in chunks, as long as it stays the same', async () => {
      const body = randomBytes(3 * MIB + 17);
      const { etag } = await store.put('stream/large', body);
      assert.ok(body.equals(Buffer.concat(await collect(store.read('stream/large', { etag })))));
      await store.put('stream/empty', new Uint8Array());
      assert.deepEqual(await collect(store.read('stream/empty')), []);
      await store.put('stream/large', bytes('other content'));
      await assert.rejects(collect(store.read('stream/large', { etag })), code('conflict'));
      await assert.rejects(collect(store.read('stream/none')), code('not_found'));
      const signal = AbortSignal.abort();
      await assert.rejects(collect(store.read('stream/large', { signal })), code('cancelled'));
    });

    test('what was put and what is read are copies: changing them changes no object', async () => {
      const body = Buffer.from('0123456789');
      await store.put('read/copy', body);
      body.fill('x');
      (await store.get('read/copy')).fill(0);
      (await store.get('read/copy', { range: { start: 2, end: 5 } })).fill(0);
      assert.equal(text(await store.get('read/copy')), '0123456789');
    });

    test('a range without bytes or past the end is refused', async () => {
      await store.put('range/a', bytes('abc'));
      for (const range of [
        { start: 3, end: 4 },
        { start: 1, end: 1 },
        { start: -1, end: 2 },
        { start: 0.5, end: 2 },
      ]) {
        await assert.rejects(store.get('range/a', { range }), code('invalid_argument'));
      }
    });

    test('a second put takes the place of the first', async () => {
      const first = await store.put('twice', bytes('one'));
      const second = await store.put('twice', bytes('second'));
      assert.equal(text(await store.get('twice')), 'second');
      assert.notEqual(first.etag, second.etag);
    });

    test('an empty object is an object', async () => {
      await store.put('empty/put', new Uint8Array());
      await (await store.write('empty/written')).close();
      assert.equal((await store.get('empty/put')).length, 0);
      assert.equal((await store.head('empty/written')).size, 0);
      assert.deepEqual(await keysOf(store, 'empty/'), ['empty/put', 'empty/written']);
    });

    test('what is missing is not_found', async () => {
      await store.put('missing/other', bytes('x'));
      for (const key of ['missing/a', 'missing', 'missing/other/below']) {
        await assert.rejects(store.get(key), code('not_found'));
        await assert.rejects(store.head(key), code('not_found'));
      }
      assert.deepEqual(await keysOf(store, 'nothing/here/'), []);
    });

    test('keys keep unicode, spaces, percent and equal signs', async () => {
      const keys = [
        'odd/service_name=caf\u00e9 \u2603/a.parquet',
        'odd/service_name=a%2Fb%2e/x y+z.parquet',
        "odd/q='1'&<2>?#;:@!$,~*()[]{}|^`\"",
        'odd/%',
        'odd/\ud83d\ude80/rocket',
        'odd/\uffee/last-of-the-basic-plane',
      ];
      for (const key of keys) await store.put(key, bytes(key));
      assert.deepEqual(await keysOf(store, 'odd/'), [...keys].sort(compareKeys));
      for (const key of keys) assert.equal(text(await store.get(key)), key);
      await store.delete(keys);
      assert.deepEqual(await keysOf(store, 'odd/'), []);
    });

    test('keys that could leave the root, or that one store would not take, are refused by all', async () => {
      const wrong = [
        '',
        '/a',
        'a/',
        'a//b',
        '.',
        '..',
        '../a',
        'a/../../b',
        'a/./b',
        'a\0b',
        '\ud800',
        'x'.repeat(1025),
      ];
      for (const key of wrong) {
        await assert.rejects(store.put(key, bytes('x')), code('invalid_argument'), JSON.stringify(key));
        await assert.rejects(store.write(key), code('invalid_argument'), JSON.stringify(key));
        await assert.rejects(store.get(key), code('invalid_argument'), JSON.stringify(key));
        await assert.rejects(store.head(key), code('invalid_argument'), JSON.stringify(key));
        await assert.rejects(store.delete([key]), code('invalid_argument'), JSON.stringify(key));
      }
      await assert.rejects(async () => keysOf(store, '../'), code('invalid_argument'));
    });

    test('listing is in byte order, by any prefix, after any key', async () => {
      const keys = ['l/a', 'l/a.b', 'l/a/b', 'l/a/c/d', 'l/a0', 'l/b', 'l/\ue000', 'l/\ud83d\ude80'];
      // On a file system a name is an object or a folder, so `l/a` gives way.
      const stored = keys.slice(1);
      for (const key of [...stored].reverse()) await store.put(key, bytes(key));
      assert.deepEqual(await keysOf(store, 'l/'), [
        'l/a.b',
        'l/a/b',
        'l/a/c/d',
        'l/a0',
        'l/b',
        'l/\ue000',
        'l/\ud83d\ude80',
      ]);
      assert.deepEqual(await keysOf(store, 'l/a'), ['l/a.b', 'l/a/b', 'l/a/c/d', 'l/a0']);
      assert.deepEqual(await keysOf(store, 'l/a/'), ['l/a/b', 'l/a/c/d']);
      assert.deepEqual(await keysOf(store, 'l/', 'l/a/b'), ['l/a/c/d', 'l/a0', 'l/b', 'l/\ue000', 'l/\ud83d\ude80']);
      assert.deepEqual(await keysOf(store, 'l/', 'l/a/c'), ['l/a/c/d', 'l/a0', 'l/b', 'l/\ue000', 'l/\ud83d\ude80']);
      assert.deepEqual(await keysOf(store, 'l/', 'l/\ue000'), ['l/\ud83d\ude80']);
      assert.deepEqual(await keysOf(store, 'l/', 'm'), []);
    });

    test('more objects than a page or a batch holds are listed and deleted', async () => {
      const keys = Array.from({ length: 1234 }, (_, i) => `many/${String(i).padStart(5, '0')}`);
      for (let i = 0; i < keys.length; i += 32) {
        await Promise.all(keys.slice(i, i + 32).map((key) => store.put(key, bytes(key))));
      }
      assert.deepEqual(await keysOf(store, 'many/'), keys);
      assert.deepEqual(await keysOf(store, 'many/', 'many/00999'), keys.slice(1000));
      await store.delete([...keys, 'many/never-there']);
      assert.deepEqual(await keysOf(store, 'many/'), []);
    });

    test('ifAbsent creates, and leaves an existing object alone', async () => {
      await store.put('once/put', bytes('first'), { ifAbsent: true });
      await assert.rejects(store.put('once/put', bytes('second'), { ifAbsent: true }), code('already_exists'));
      const writer = await store.write('once/put', { ifAbsent: true });
      await writer.write(bytes('third'));
      await assert.rejects(writer.close(), code('already_exists'));
      await writer.abort();
      assert.equal(text(await store.get('once/put')), 'first');
      assert.deepEqual(await store.listUploads('once/'), []);
    });

    test('a big object is whole, and ifAbsent holds for it too', async () => {
      const body = randomBytes(17 * MIB + 123);
      const write = async () => {
        const writer = await store.write('big/object', { ifAbsent: true });
        for (let at = 0; at < body.length; at += 700_001) await writer.write(body.subarray(at, at + 700_001));
        return writer;
      };
      const [first, second] = [await write(), await write()];
      await assert.rejects(store.head('big/object'), code('not_found'), 'nothing is visible before close');
      assert.equal((await first.close()).size, body.length);
      await assert.rejects(second.close(), code('already_exists'));
      assert.ok(Buffer.from(await store.get('big/object')).equals(body));
      const middle = await store.get('big/object', { range: { start: 5 * MIB - 2, end: 5 * MIB + 2 } });
      assert.deepEqual([...middle], [...body.subarray(5 * MIB - 2, 5 * MIB + 2)]);
      assert.deepEqual(await store.listUploads(''), []);
    });

    test('of many writers that create one key at the same time exactly one wins', async () => {
      const write = async (i: number) => {
        const writer = await store.write('race/key', { ifAbsent: true });
        await writer.write(bytes(`writer ${i}`));
        await writer.close();
        return i;
      };
      const results = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => write(i)));
      const winners = results.filter((result) => result.status === 'fulfilled');
      const losses = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason.code);
      assert.equal(winners.length, 1);
      assert.deepEqual(losses, Array(7).fill('already_exists'));
      assert.equal(text(await store.get('race/key')), `writer ${winners[0]!.value}`);
    });

    test('an aborted writer leaves nothing, and takes nothing more', async () => {
      for (const size of [10, 13 * MIB]) {
        const writer = await store.write('aborted/key');
        await writer.write(new Uint8Array(size));
        await writer.abort();
        await writer.abort();
        await assert.rejects(store.head('aborted/key'), code('not_found'));
        assert.deepEqual(await store.listUploads(''), []);
        await assert.rejects(writer.write(bytes('more')));
        await assert.rejects(writer.close());
      }
      assert.deepEqual(await keysOf(store, 'aborted/'), []);
    });

    test('an open upload is listed with its key and start, and can be aborted from outside', async () => {
      const writer = await store.write('uploads/a=1/key.parquet');
      await writer.write(new Uint8Array(13 * MIB));
      const [upload, ...others] = await store.listUploads('uploads/a=');
      assert.equal(others.length, 0);
      assert.equal(upload?.key, 'uploads/a=1/key.parquet');
      assert.ok(Math.abs(upload!.startedMs - Date.now()) < maxUploadStartErrorMs);
      assert.deepEqual(await store.listUploads('elsewhere/'), []);
      const lastActiveMs = await store.lastActivity(upload!);
      assert.ok(lastActiveMs! >= upload!.startedMs - 1000 && lastActiveMs! < Date.now() + 60_000);
      await store.abortUpload(upload!);
      await store.abortUpload(upload!);
      assert.equal(await store.lastActivity(upload!), undefined);
      assert.deepEqual(await store.listUploads(''), []);
      await assert.rejects(writer.close());
      await assert.rejects(store.head('uploads/a=1/key.parquet'), code('not_found'));
    });

    test('a stream of unknown length becomes an object', async () => {
      for (const chunks of [0, 3, 60]) {
        const body = randomBytes(chunks * 250_000);
        const stream = async function* () {
          for (let i = 0; i < chunks; i++) yield body.subarray(i * 250_000, (i + 1) * 250_000);
        };
        const key = `stream/${chunks}`;
        const result = await store.uploadStream(key, stream(), { ifAbsent: true });
        assert.equal(result.size, body.length);
        assert.equal(result.etag, (await store.head(key)).etag);
        assert.ok(Buffer.from(await store.get(key)).equals(body));
        await assert.rejects(store.uploadStream(key, stream(), { ifAbsent: true }), code('already_exists'));
      }
      assert.deepEqual(await store.listUploads(''), []);
    });

    test('a stream that breaks leaves nothing, and its own error is thrown', async () => {
      const broken = async function* () {
        for (let i = 0; i < 14; i++) yield new Uint8Array(MIB);
        throw new Error('the source broke');
      };
      await assert.rejects(store.uploadStream('stream/broken', broken()), { message: 'the source broke' });
      await assert.rejects(store.head('stream/broken'), code('not_found'));
      assert.deepEqual(await store.listUploads(''), []);
    });

    test('deleting what is not there is no error, and touches nothing else', async () => {
      await store.put('del/a/b/c', bytes('x'));
      await store.put('del/a/d', bytes('x'));
      await store.delete([]);
      await store.delete(['del/a/b/c', 'del/a/b/c', 'del/nothing', 'del/a/b']);
      assert.deepEqual(await keysOf(store, 'del/'), ['del/a/d']);
    });

    test('every call ends with `cancelled` when its signal is aborted', async () => {
      await store.put('signal/a', bytes('x'));
      const signal = AbortSignal.abort(new Error('stop'));
      await assert.rejects(store.put('signal/b', bytes('x'), { signal }), code('cancelled'));
      await assert.rejects(store.get('signal/a', { signal }), code('cancelled'));
      await assert.rejects(store.head('signal/a', { signal }), code('cancelled'));
      await assert.rejects(store.delete(['signal/a'], { signal }), code('cancelled'));
      await assert.rejects(collect(store.list('signal/', { signal })), code('cancelled'));
      const stop = new AbortController();
      const writer = await store.write('signal/c', { signal: stop.signal });
      await writer.write(new Uint8Array(13 * MIB));
      stop.abort(new Error('stop'));
      await assert.rejects(writer.close(), code('cancelled'));
      await writer.abort();
      const streamStop = new AbortController();
      const stream = async function* () {
        for (let i = 0; i < 100; i++) {
          yield new Uint8Array(MIB);
          if (i === 7) streamStop.abort(new Error('stop'));
        }
      };
      await assert.rejects(store.uploadStream('signal/d', stream(), { signal: streamStop.signal }), code('cancelled'));
      assert.deepEqual(await keysOf(store, 'signal/'), ['signal/a']);
      assert.deepEqual(await store.listUploads(''), []);
    });
  });
}
