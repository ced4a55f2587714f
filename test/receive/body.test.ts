import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { joinBuffers } from '../../src/platform/memory.ts';
import { readBody } from '../../src/receive/body.ts';

const MIB = 1024 * 1024;

/** A request whose body comes in these chunks, every second one as a part of a larger buffer. */
function requestOf(chunks: readonly Buffer[], declared?: number): IncomingMessage {
  const own = chunks.map((chunk, i) => {
    const padding = i % 2 === 0 ? 0 : 8;
    const buffer = Buffer.allocUnsafeSlow(chunk.length + padding);
    chunk.copy(buffer, padding);
    return buffer.subarray(padding);
  });
  const headers = declared === undefined ? {} : { 'content-length': String(declared) };
  return Object.assign(Readable.from(own), { headers }) as unknown as IncomingMessage;
}

const chunk = fc.oneof(fc.nat(100), fc.nat(70_000)).map((bytes) => Buffer.alloc(bytes, bytes % 251));

test('a body of any size and in any chunks is read whole, and charged with no less', async () => {
  const property = fc.asyncProperty(fc.array(chunk, { maxLength: 40 }), fc.boolean(), async (chunks, isDeclared) => {
    const whole = Buffer.concat(chunks);
    let charged = 0;
    const grow = (bytes: number) => {
      charged += bytes;
    };
    const parts = await readBody(requestOf(chunks, isDeclared ? whole.length : undefined), 4 * MIB, { grow });
    assert.equal(new Set(parts.map(({ buffer }) => buffer)).size, parts.length);
    assert.ok(charged >= whole.length, `${charged} bytes charged for ${whole.length}`);
    assert.ok(Buffer.from(joinBuffers(parts)).equals(whole));
  });
  await fc.assert(property, { numRuns: 100 });
});

test('a large body comes in parts of a megabyte', async () => {
  const chunks = Array.from({ length: 40 }, (_, i) => Buffer.alloc(64 * 1024, i));
  const parts = await readBody(requestOf(chunks, 40 * 64 * 1024), 4 * MIB, { grow() {} });
  assert.deepEqual(
    parts.map(({ byteLength }) => byteLength / 1024),
    [64, 1024, 1024, 448],
  );
});

test('a body that passes the limit, or whose room is refused, is not read to its end', async () => {
  const chunks = Array.from({ length: 20 }, () => Buffer.alloc(64 * 1024));
  await assert.rejects(readBody(requestOf(chunks), MIB, { grow() {} }), { code: 'too_large' });
  await assert.rejects(readBody(requestOf(chunks, 2 * MIB), MIB, { grow() {} }), { code: 'too_large' });
  const grow = () => {
    throw new RangeError('no room');
  };
  await assert.rejects(readBody(requestOf(chunks), 4 * MIB, { grow }));
});
