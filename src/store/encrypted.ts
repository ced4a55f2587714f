/**
 * Encryption before the store: objects are envelopes (envelope.ts) to it, and plain to whoever stands on this one. Sizes
 * here are those of the plaintext, which follow from the stored ones without a look into the objects.
 *
 * A range is one call more for the object's header, the first time; data keys are then kept. To know whether a chunk is
 * the object's last, one byte more than the chunks of a range have is asked for: where it comes, there are more.
 *
 * Names, metadata, content types and times stay as the store has them, unencrypted.
 */
import { BridgeError } from '../errors.ts';
import { checkRange, rangePastEnd, throwIfCancelled } from './common.ts';
import {
  CHUNK_BYTES,
  damaged,
  HEADER_BYTES,
  newEnvelope,
  openChunks,
  openEnvelope,
  plainSize,
  SEALED_CHUNK_BYTES,
  wrappingKeyOf,
} from './envelope.ts';
import { checkKey } from './key.ts';
import type { KeyRing } from './key-ring.ts';
import { openStream } from './opener.ts';
import { BOOKKEEPING } from './s3-context.ts';
import { createSealer, type Sealer } from './sealer.ts';
import type { ByteRange, ObjectInfo, ObjectStore, PutResult } from './store.ts';

/** Data keys kept for further ranges of an object, some 200 bytes each. */
const MAX_KEPT_KEYS = 4096;

type GetOptions = Parameters<ObjectStore['get']>[1];

export function encryptedStore(inner: ObjectStore, keys: KeyRing): ObjectStore {
  const dataKeys = new Map<string, Uint8Array>();
  let isCompared = false;
  let mayWrite = false;
  const nameOf = (key: string) => `${inner.location}/${key}`;

  async function newSealer(key: string): Promise<Sealer> {
    await refuseOtherKey();
    dataKeys.delete(key);
    return createSealer(newEnvelope(key, await keys.current()));
  }

  async function openHeader(key: string, header: Uint8Array): Promise<Uint8Array> {
    const name = nameOf(key);
    const wanted = wrappingKeyOf(header, key, name);
    const dataKey = openEnvelope(header, await keys.find(wanted, name), name);
    if (dataKeys.size >= MAX_KEPT_KEYS) dataKeys.delete(dataKeys.keys().next().value!);
    dataKeys.set(key, dataKey);
    return dataKey;
  }

  async function getWhole(key: string, options: GetOptions): Promise<Uint8Array> {
    const sealed = await inner.get(key, options);
    const dataKey = await openHeader(key, sealed);
    return openChunks(dataKey, sealed.subarray(HEADER_BYTES), 0, true, nameOf(key));
  }

  async function getHeader(key: string, options: GetOptions): Promise<Uint8Array> {
    try {
      return await inner.get(key, { ...options, range: { start: 0, end: HEADER_BYTES } });
    } catch (error) {
      if (!isPastEnd(error)) throw error;
      return new Uint8Array(); // an empty object, which is no envelope
    }
  }

  async function getRange(key: string, range: ByteRange, options: GetOptions): Promise<Uint8Array> {
    const name = nameOf(key);
    checkRange(range, name);
    checkKey(key);
    const first = Math.floor(range.start / CHUNK_BYTES);
    const count = Math.ceil(range.end / CHUNK_BYTES) - first;
    const start = HEADER_BYTES + first * SEALED_CHUNK_BYTES;
    const end = start + count * SEALED_CHUNK_BYTES + 1;
    const getChunks = inner.get(key, { ...options, range: { start, end } }).catch((error: unknown) => {
      throw isPastEnd(error) ? rangePastEnd(range, undefined, name) : error;
    });
    const kept = dataKeys.get(key);
    // What is missing or refused is told by the call for the header, which says whether this is an envelope at all.
    getChunks.catch(() => {});
    const dataKey = kept ?? (await openHeader(key, await getHeader(key, options)));
    const sealed = await getChunks;
    const reachesEnd = sealed.length < end - start;
    const chunks = reachesEnd ? sealed : sealed.subarray(0, -1);
    const plain = openChunks(dataKey, chunks, first, reachesEnd, name);
    const from = range.start - first * CHUNK_BYTES;
    if (from >= plain.length) throw rangePastEnd(range, first * CHUNK_BYTES + plain.length, name);
    return plain.subarray(from, range.end - first * CHUNK_BYTES);
  }

  /** A bridge with another key than the lake's would go on with that one, and the next read would tell at last. */
  async function compare(): Promise<void> {
    if (!isCompared) await openOldest();
    isCompared = true;
  }

  /** Nothing is written with another key. A damaged record, or one that may not be read, holds nothing back: see `check`. */
  async function refuseOtherKey(): Promise<void> {
    if (mayWrite) return;
    await compare().catch((error: unknown) => {
      if (!['corrupt', 'permission_denied'].includes(BridgeError.from(error).code)) throw error;
    });
    mayWrite = true;
  }

  async function openOldest(): Promise<void> {
    for await (const { key } of inner.list(BOOKKEEPING)) {
      await openHeader(key, await getHeader(key, {}));
      return;
    }
  }

  function plainInfo<T extends ObjectInfo>(info: T): T {
    return { ...info, size: plainSize(info.size) ?? info.size };
  }

  return {
    location: inner.location,

    async put(key, body, options = {}) {
      const sealer = await newSealer(key);
      const sealed = Buffer.concat([...sealer.seal(body), ...sealer.end()]);
      return plainResult(await inner.put(key, sealed, options), body.length);
    },

    async write(key, options = {}) {
      const writer = await inner.write(key, options);
      const sealer = await newSealer(key).catch(async (error: unknown) => {
        await writer.abort();
        throw error;
      });
      let size = 0;
      let isAborted = false;
      return {
        get isInParts() {
          return writer.isInParts;
        },
        async write(chunk) {
          // Bytes that fill no chunk yet do not come to the writer inside, which would say the same.
          throwIfCancelled(options.signal, `writing ${nameOf(key)}`);
          if (isAborted) throw new BridgeError('conflict', `the writer of ${nameOf(key)} is aborted`);
          size += chunk.length;
          for (const sealed of sealer.seal(chunk)) await writer.write(sealed);
        },
        async close() {
          for (const sealed of sealer.end()) await writer.write(sealed);
          return plainResult(await writer.close(), size);
        },
        async abort() {
          isAborted = true;
          await writer.abort();
        },
      };
    },

    async uploadStream(key, source, options = {}) {
      const sealer = await newSealer(key);
      let size = 0;
      async function* sealed() {
        for await (const chunk of source) {
          size += chunk.length;
          yield* sealer.seal(chunk);
        }
        yield* sealer.end();
      }
      return plainResult(await inner.uploadStream(key, sealed(), options), size);
    },

    async get(key, options = {}) {
      const { range, ...rest } = options;
      if (!range) return getWhole(key, rest);
      const wasKept = dataKeys.has(key);
      try {
        return await getRange(key, range, rest);
      } catch (error) {
        // Another object has taken the name since its key was kept.
        if (!wasKept || BridgeError.from(error).code !== 'corrupt') throw error;
        dataKeys.delete(key);
        return getRange(key, range, rest);
      }
    },

    read: (key, options = {}) => openStream(inner.read(key, options), (header) => openHeader(key, header), nameOf(key)),

    async head(key, options = {}) {
      const head = await inner.head(key, options);
      if (plainSize(head.size) !== undefined) return plainInfo(head);
      throw damaged(nameOf(key), `has ${head.size} bytes, which is no size of an encrypted object`);
    },

    /** Objects of other writers, which are no envelopes, are there too, with the size they have. */
    async *list(prefix, options = {}) {
      for await (const info of inner.list(prefix, options)) yield plainInfo(info);
    },

    async delete(deleted, options = {}) {
      await inner.delete(deleted, options);
      for (const key of deleted) dataKeys.delete(key);
    },
    listUploads: (prefix) => inner.listUploads(prefix),
    lastActivity: (upload) => inner.lastActivity(upload),
    abortUpload: (upload) => inner.abortUpload(upload),

    async check(options) {
      await inner.check(options);
      if (!options?.forWriting) return;
      await keys.current();
      await compare();
    },
    close() {
      inner.close();
      keys.close();
    },
  };
}

function plainResult(result: PutResult, size: number): PutResult {
  return { ...result, size };
}

function isPastEnd(error: unknown): boolean {
  return BridgeError.from(error).code === 'invalid_argument';
}
