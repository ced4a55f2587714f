import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFileStore } from '../../src/store/file.ts';
import { fileError } from '../../src/store/file-errors.ts';
import { tempFolder } from '../support/temp.ts';
import { keysOf } from './conformance.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test('an object is a plain file under its key, and nothing else is left beside it', async (t) => {
  const root = tempFolder(t);
  const store = createFileStore(root);
  await store.put('traces/date=2026-11-21/a.parquet', bytes('rows'));
  assert.equal(readFileSync(join(root, 'traces/date=2026-11-21/a.parquet'), 'utf8'), 'rows');
  assert.deepEqual(readdirSync(join(root, '_lake/tmp')), []);
  assert.equal(store.location, root);
});

test('a tidy store leaves no folder of its own behind, of what it has published or given up', async (t) => {
  const folder = tempFolder(t);
  const root = join(folder, 'new/out');
  const store = createFileStore(root, { isTidy: true });
  const abandoned = await store.write('sub/a.parquet');
  await abandoned.abort();
  assert.deepEqual(readdirSync(folder), []);
  await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      const writer = await store.write(`${i}.parquet`);
      await writer.write(bytes('rows'));
      await (i % 2 === 0 ? writer.close() : writer.abort());
    }),
  );
  assert.equal(readdirSync(root).filter((name) => name.endsWith('.parquet')).length, 25);
  assert.equal(existsSync(join(root, '_lake')), false);
});

test('what a kill left of checks and of uploads without a file is removed when it is old', async (t) => {
  const root = tempFolder(t);
  const store = createFileStore(root);
  const old = new Date(Date.now() - 3_600_000);
  const left = { '00000000000000aa/check': true, '00000000000000bb/traces': true, '00000000000000cc/traces': false };
  for (const [path, isOld] of Object.entries(left)) {
    const folder = join(root, '_lake/tmp', path.slice(0, 16));
    mkdirSync(folder, { recursive: true });
    if (path.endsWith('check')) writeFileSync(join(folder, 'check'), 'check');
    else mkdirSync(join(folder, 'traces'));
    if (isOld) utimesSync(folder, old, old);
  }
  const writer = await store.write('traces/a.parquet');
  const [upload] = await store.listUploads('traces/');
  utimesSync(join(root, '_lake/tmp', upload!.uploadId), old, old);
  await store.check();
  assert.deepEqual(readdirSync(join(root, '_lake/tmp')).sort(), ['00000000000000cc', upload!.uploadId].sort());
  await writer.abort();
});

test('a half written object is seen by no one but the list of uploads', async (t) => {
  const root = tempFolder(t);
  const store = createFileStore(root);
  const writer = await store.write('traces/a.parquet');
  await writer.write(bytes('half'));
  assert.deepEqual(await keysOf(store, ''), []);
  assert.equal(existsSync(join(root, 'traces')), false);

  const afterCrash = createFileStore(root);
  const [left] = await afterCrash.listUploads('traces/');
  assert.equal(left?.key, 'traces/a.parquet');
  await afterCrash.abortUpload(left!);
  assert.deepEqual(readdirSync(join(root, '_lake/tmp')), []);
  await assert.rejects(writer.close(), { code: 'conflict', message: /aborted from outside/ });
  assert.equal(existsSync(join(root, 'traces')), false);
});

test('deleting an object removes the folders it leaves empty, but never the root', async (t) => {
  const root = tempFolder(t);
  const store = createFileStore(root);
  await store.put('t/a=1/b=1/x', bytes('x'));
  await store.put('t/a=1/b=2/x', bytes('x'));
  await store.delete(['t/a=1/b=1/x']);
  assert.deepEqual(readdirSync(join(root, 't/a=1')), ['b=2']);
  await store.delete(['t/a=1/b=2/x']);
  assert.deepEqual(readdirSync(root), ['_lake']);
});

test('writers and deleters of one folder do not disturb each other', async (t) => {
  const store = createFileStore(tempFolder(t));
  const work = async (n: number) => {
    for (let i = 0; i < 20; i++) {
      const key = `t/same/folder/${n}-${i}`;
      await store.put(key, bytes(key), { ifAbsent: i % 2 === 0 });
      await store.delete([key]);
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, n) => work(n)));
  assert.deepEqual(await keysOf(store, ''), []);
});

test('the place of temporary files takes no objects', async (t) => {
  const store = createFileStore(tempFolder(t));
  await assert.rejects(store.put('_lake/tmp/x', bytes('x')), { code: 'invalid_argument' });
  await assert.rejects(store.abortUpload({ key: 'x', uploadId: '../../etc', startedMs: 0 }), {
    code: 'invalid_argument',
  });
});

test('symbolic links are not followed by listings', async (t) => {
  const root = tempFolder(t);
  const store = createFileStore(root);
  await store.put('t/a', bytes('x'));
  symlinkSync(root, join(root, 't/circle'));
  assert.deepEqual(await keysOf(store, 't/'), ['t/a']);
});

test('a name that is a folder cannot become an object, nor a file a folder', async (t) => {
  const store = createFileStore(tempFolder(t));
  await store.put('t/a/b', bytes('x'));
  await assert.rejects(store.put('t/a', bytes('x')), { code: 'unprocessable' });
  await assert.rejects(store.put('t/a/b/c', bytes('x')), { code: 'unprocessable', hint: /file stands where a folder/ });
  await assert.rejects(store.put(`t/${'n'.repeat(300)}`, bytes('x')), { code: 'invalid_argument' });
  assert.deepEqual(await keysOf(store, ''), ['t/a/b']);
  assert.deepEqual(await store.listUploads(''), []);
});

test('check makes the directory, and says why it cannot be used', async (t) => {
  const folder = tempFolder(t);
  await createFileStore(join(folder, 'new/lake')).check();
  assert.deepEqual(readdirSync(join(folder, 'new/lake/_lake/tmp')), []);
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'dir'));
  await assert.rejects(createFileStore(join(folder, 'file')).check(), { code: 'unprocessable' });
});

test('errors of the file system are sorted by what can be done', () => {
  const rows = [
    ['EACCES', 'permission_denied', false],
    ['EROFS', 'permission_denied', false],
    ['ENOSPC', 'unavailable', true],
    ['EDQUOT', 'unavailable', true],
    ['EMFILE', 'overloaded', true],
    ['ENOENT', 'not_found', false],
    ['EXDEV', 'config', false],
    ['EIO', 'unavailable', true],
  ] as const;
  for (const [errno, code, retryable] of rows) {
    const error = fileError(Object.assign(new Error(`${errno}: i/o`), { code: errno }), 'writing', '/lake/a');
    assert.deepEqual([error.code, error.retryable], [code, retryable]);
    assert.match(error.message, /\/lake\/a/);
  }
});
