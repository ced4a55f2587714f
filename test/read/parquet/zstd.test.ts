import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createZstdCompress, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { contentSize, decompressZstd } from '../../../src/read/parquet/zstd.ts';

const bytes = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 3000 }),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 4000 }))
    .map(([part, times]) => new Uint8Array(Buffer.concat(Array(times).fill(part)))),
);

/** As writers that do not know the size when they begin. */
async function compressStreamed(page: Uint8Array): Promise<Buffer> {
  const stream = createZstdCompress();
  stream.write(page.subarray(0, 1));
  await new Promise<void>((resolve) => stream.flush(resolve));
  stream.end(page.subarray(1));
  return Buffer.concat(await stream.toArray());
}

test('pages come back one after the other, with and without their size in the frame', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 8 }), async (pages) => {
      for (const page of pages) {
        const known = zstdCompressSync(page, { pledgedSrcSize: page.length });
        assert.equal(contentSize(known), page.length);
        assert.deepEqual(decompressZstd(known, page.length), page);
        const unknown = await compressStreamed(page);
        assert.equal(contentSize(unknown), undefined);
        assert.deepEqual(decompressZstd(unknown, page.length), page);
      }
    }),
    { numRuns: 60 },
  );
});

test('a damaged, cut or wrongly sized page is refused, and the next one is read', () => {
  fc.assert(
    fc.property(bytes, fc.nat(), fc.nat(), (page, place, by) => {
      const frame = zstdCompressSync(page, { pledgedSrcSize: page.length });
      const cut = frame.subarray(0, place % frame.length);
      assert.throws(() => decompressZstd(cut, page.length));
      assert.throws(() => decompressZstd(frame, page.length + 1 + (by % 100)));
      assert.throws(() => decompressZstd(frame, page.length - 1));
      const damaged = Uint8Array.from(frame);
      damaged[place % frame.length]! ^= 1 + (by % 255);
      const read = () => assert.equal(decompressZstd(damaged, page.length).length, page.length);
      // Without a checksum damage may give other bytes; it gives no other number of them.
      assert.ok(throwsOrNot(read));
      assert.deepEqual(decompressZstd(frame, page.length), page);
    }),
    { numRuns: 300 },
  );
});

function throwsOrNot(run: () => void): boolean {
  try {
    run();
  } catch (error) {
    return !(error instanceof assert.AssertionError);
  }
  return true;
}
