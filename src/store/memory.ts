/** The store in memory: the twin of the others in tests, and the plainest statement of what the contract means. */
import { createHash } from 'node:crypto';
import { BridgeError } from '../errors.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { alreadyExists, changed, cutRange, notFound, pour, READ_CHUNK_BYTES, throwIfCancelled } from './common.ts';
import { checkKey, checkPrefix, compareKeys } from './key.ts';
import type { ObjectHead, ObjectStore, ObjectWriter, OpenUpload, PutOptions, PutResult } from './store.ts';

interface Entry {
  readonly body: Uint8Array;
  readonly head: ObjectHead;
}

export function createMemoryStore(clock: Clock = systemClock): ObjectStore {
  const objects = new Map<string, Entry>();
  const uploads = new Map<string, OpenUpload>();
  let uploadCount = 0;

  function publish(key: string, body: Uint8Array, options: PutOptions): PutResult {
    if (options.ifAbsent && objects.has(key)) throw alreadyExists(`memory:${key}`);
    const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`;
    const metadata = lowerCaseKeys(options.metadata ?? {});
    objects.set(key, { body, head: { key, size: body.length, modifiedMs: clock.nowMs(), etag, metadata } });
    return { key, size: body.length, etag };
  }

  function find(key: string): Entry {
    const entry = objects.get(checkKey(key));
    if (!entry) throw notFound(`memory:${key}`);
    return entry;
  }

  function openWriter(key: string, options: PutOptions): ObjectWriter {
    const uploadId = String(++uploadCount);
    uploads.set(uploadId, { key, uploadId, startedMs: clock.nowMs() });
    const chunks: Uint8Array[] = [];
    const checkOpen = () => {
      throwIfCancelled(options.signal, `writing memory:${key}`);
      if (!uploads.has(uploadId)) throw new BridgeError('conflict', `the upload of memory:${key} is closed or aborted`);
    };
    return {
      isInParts: false,
      async write(chunk) {
        checkOpen();
        chunks.push(chunk);
      },
      async close() {
        checkOpen();
        uploads.delete(uploadId);
        return publish(key, new Uint8Array(Buffer.concat(chunks)), options);
      },
      async abort() {
        uploads.delete(uploadId);
      },
    };
  }

  return {
    location: 'memory:',
    async put(key, body, options = {}) {
      checkKey(key);
      throwIfCancelled(options.signal, `writing memory:${key}`);
      return publish(key, new Uint8Array(body), options); // a slice of a Buffer would share its memory
    },
    async write(key, options = {}) {
      return openWriter(checkKey(key), options);
    },
    async uploadStream(key, source, options = {}) {
      return pour(source, openWriter(checkKey(key), options));
    },
    async get(key, { range, signal } = {}) {
      throwIfCancelled(signal, `reading memory:${key}`);
      const { body } = find(key);
      const { start, end } = cutRange(range, body.length, `memory:${key}`);
      return body.slice(start, end);
    },
    async *read(key, { etag, signal } = {}) {
      throwIfCancelled(signal, `reading memory:${key}`);
      const { body, head } = find(key);
      if (etag !== undefined && etag !== head.etag) throw changed(`memory:${key}`);
      for (let at = 0; at < body.length; at += READ_CHUNK_BYTES) {
        throwIfCancelled(signal, `reading memory:${key}`);
        yield body.slice(at, at + READ_CHUNK_BYTES);
      }
    },
    async head(key, { signal } = {}) {
      throwIfCancelled(signal, `reading memory:${key}`);
      return find(key).head;
    },
    async *list(prefix, { startAfter = '', signal } = {}) {
      checkPrefix(prefix);
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && compareKeys(key, startAfter) > 0);
      for (const key of keys.sort(compareKeys)) {
        throwIfCancelled(signal, `listing memory:${prefix}`);
        const entry = objects.get(key);
        if (!entry) continue;
        const { metadata: _, ...info } = entry.head;
        yield info;
      }
    },
    async delete(keys, { signal } = {}) {
      for (const key of keys) checkKey(key);
      throwIfCancelled(signal, 'deleting from memory:');
      for (const key of keys) objects.delete(key);
    },
    async listUploads(prefix) {
      return [...uploads.values()].filter((upload) => upload.key.startsWith(checkPrefix(prefix)));
    },
    async lastActivity({ uploadId }) {
      return uploads.get(uploadId)?.startedMs;
    },
    async abortUpload(upload) {
      uploads.delete(upload.uploadId);
    },
    async check() {},
    close() {},
  };
}

function lowerCaseKeys(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value]));
}
