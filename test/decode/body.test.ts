import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  constants,
  crc32,
  createZstdCompress,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { type BodyOptions, decompress, toProtobuf } from '../../src/decode/body.ts';
import { decode, encode } from '../../src/decode/protobuf-writer.ts';
import type { ContentEncoding } from '../../src/model/signal.ts';
import { snappyBlock } from '../support/snappy.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'otel-lake-body-'));
after(() => rmSync(folder, { recursive: true }));

const compress: Record<ContentEncoding, (data: Uint8Array) => Buffer> = {
  identity: (data) => Buffer.from(data),
  gzip: (data) => gzipSync(data),
  deflate: (data) => deflateSync(data),
  zstd: (data) => zstdCompressSync(data),
  snappy: snappyBlock,
};
const ENCODINGS = Object.keys(compress) as ContentEncoding[];
const COMPRESSED = ENCODINGS.filter((encoding) => encoding !== 'identity');

const request = {
  resourceSpans: [
    { scopeSpans: [{ spans: Array.from({ length: 200 }, (_, i) => ({ name: `span ${i}`, kind: 1 + (i % 5) })) }] },
  ],
};
const protobuf = encode('ExportTraceServiceRequest', request);

function options(changes: Partial<BodyOptions>): BodyOptions {
  return {
    signal: 'traces',
    contentType: 'protobuf',
    contentEncoding: 'identity',
    maxBytes: MAX_BYTES,
    limits: { maxNesting: 32 },
    ...changes,
  };
}

function error(run: () => unknown): { code: string; message: string; hint: string | undefined } {
  try {
    run();
  } catch (thrown) {
    return thrown as { code: string; message: string; hint: string | undefined };
  }
  return { code: 'accepted', message: '', hint: undefined };
}

for (const contentEncoding of ENCODINGS) {
  test(`a ${contentEncoding} body becomes the same protobuf bytes, as protobuf and as JSON`, () => {
    const asProtobuf = toProtobuf(compress[contentEncoding](protobuf), options({ contentEncoding }));
    assert.deepEqual(Buffer.from(asProtobuf), Buffer.from(protobuf));
    const json = Buffer.from(JSON.stringify(request));
    const asJson = toProtobuf(compress[contentEncoding](json), options({ contentEncoding, contentType: 'json' }));
    assert.deepEqual(decode('ExportTraceServiceRequest', asJson), decode('ExportTraceServiceRequest', protobuf));
  });

  test(`a ${contentEncoding} body of the limit is taken, one byte more is too large and names the key`, () => {
    const body = compress[contentEncoding](Buffer.alloc(100_000, 'ab'));
    assert.equal(decompress(body, contentEncoding, 100_000).length, 100_000);
    const { code, message, hint } = error(() => decompress(body, contentEncoding, 99_999));
    assert.equal(code, 'too_large');
    assert.match(message, /over 99999 bytes/);
    assert.match(hint!, /server\.max_request_bytes/);
  });
}

for (const contentEncoding of COMPRESSED) {
  test(`a damaged ${contentEncoding} body is an invalid argument`, () => {
    const whole = compress[contentEncoding](protobuf);
    const flipped = Buffer.from(whole);
    flipped[0]! ^= 0xff;
    const broken = [
      Buffer.alloc(0),
      whole.subarray(0, 5),
      whole.subarray(0, whole.length / 2),
      whole.subarray(0, -1),
      Buffer.from('no such format at all'),
      Buffer.concat([whole, Buffer.from('garbage')]),
      Buffer.concat([whole, whole.subarray(0, 12)]),
      flipped,
    ];
    for (const [i, body] of broken.entries()) {
      assert.equal(error(() => decompress(body, contentEncoding, MAX_BYTES)).code, 'invalid_argument', `case ${i}`);
    }
  });

  test(`random damage to a ${contentEncoding} body is refused cleanly or yields bytes within the limit`, () => {
    const whole = compress[contentEncoding](protobuf);
    for (let at = 0; at < whole.length; at += 3) {
      const body = Buffer.from(whole);
      body[at]! ^= 1 << (at % 8);
      let length = 0;
      const { code } = error(() => {
        length = decompress(body, contentEncoding, 100_000).length;
      });
      assert.match(code, /^(invalid_argument|too_large|accepted)$/);
      assert.ok(length <= 100_000);
    }
  });
}

test('gzip members and zstd frames in a row are one body', () => {
  const halves = [protobuf.subarray(0, 1000), protobuf.subarray(1000)];
  const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const bodies: [ContentEncoding, Buffer][] = [
    ['gzip', Buffer.concat(halves.map((half) => gzipSync(half)))],
    ['gzip', Buffer.concat([gzipSync(protobuf), Buffer.alloc(16)])], // zeros pad tape blocks
    ['zstd', Buffer.concat(halves.map((half) => zstdCompressSync(half)))],
    ['zstd', Buffer.concat([skippable, ...halves.flatMap((half) => [zstdCompressSync(half), skippable])])],
  ];
  for (const [encoding, body] of bodies) {
    assert.deepEqual(Buffer.from(decompress(body, encoding, protobuf.length)), Buffer.from(protobuf));
    assert.equal(error(() => decompress(body, encoding, protobuf.length - 1)).code, 'too_large');
  }
});

test('zstd bodies of very many frames, or that end inside a skippable one, are refused', () => {
  const frame = zstdCompressSync(Buffer.alloc(0));
  const many = error(() => decompress(Buffer.concat(new Array(2000).fill(frame)), 'zstd', MAX_BYTES));
  assert.match(`${many.code} ${many.message}`, /^invalid_argument .* more than 1024 frames/);
  const cut = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 9, 0, 0, 0, 1, 2, 3]);
  assert.equal(error(() => decompress(Buffer.concat([frame, cut]), 'zstd', MAX_BYTES)).code, 'invalid_argument');
});

test('a zstd window larger than a request may be is refused before memory is taken for it', async () => {
  const stream = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: 27 } });
  stream.write('some');
  stream.end('thing');
  const body = Buffer.concat(await stream.toArray());
  assert.equal(decompress(body, 'zstd', 2 ** 27).length, 9);
  const { code, hint } = error(() => decompress(body, 'zstd', 1_000_000));
  assert.equal(code, 'too_large');
  assert.match(hint!, /window/);
});

test('the protobuf form of a JSON body is held to the same limit', () => {
  const point = `{"bucketCounts":[${'0,'.repeat(999)}0]}`;
  const body = Buffer.from(
    `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[${point}]}}]}]}]}`,
  );
  const asJson = options({ signal: 'metrics', contentType: 'json' });
  assert.equal(toProtobuf(body, { ...asJson, maxBytes: 9000 }).length, 8018);
  const { code, message } = error(() => toProtobuf(body, { ...asJson, maxBytes: 4000 }));
  assert.match(`${code} ${message}`, /^too_large .*over 4000 bytes as protobuf/);
});

const BOMB_BYTES = 2 * 1024 ** 3;

/** One gzip member of 2 GiB of zeros in 2 MB: a flushed piece of deflate, repeated. */
function gzipBomb(): Buffer {
  const pieceBytes = 64 * 1024 ** 2;
  const zeros = Buffer.alloc(pieceBytes);
  const piece = deflateRawSync(zeros, { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  const trailer = Buffer.alloc(8);
  let checksum = 0;
  for (let i = 0; i < BOMB_BYTES / pieceBytes; i++) checksum = crc32(zeros, checksum);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(BOMB_BYTES % 2 ** 32, 4);
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
  const lastBlock = deflateRawSync(Buffer.alloc(0));
  return Buffer.concat([header, ...new Array(BOMB_BYTES / pieceBytes).fill(piece), lastBlock, trailer]);
}

async function zstdBomb(): Promise<Buffer> {
  const stream = createZstdCompress();
  const zeros = Buffer.alloc(4 * 1024 ** 2);
  const chunks = stream.toArray();
  for (let i = 0; i < BOMB_BYTES / zeros.length; i++) {
    if (!stream.write(zeros)) await new Promise((resolve) => stream.once('drain', resolve));
  }
  stream.end();
  return Buffer.concat(await chunks);
}

/** Highest resident memory of a process that hands the bomb to `decompress`, above that of one that does not. */
function memoryOfRefusal(
  name: string,
  bomb: Buffer,
  encoding: ContentEncoding,
): { refused: string; grownBytes: number } {
  const file = join(folder, name);
  writeFileSync(file, bomb);
  const module = new URL('../../src/decode/body.ts', import.meta.url).href;
  const script = `
    import { readFileSync } from 'node:fs';
    import { decompress } from '${module}';
    const bomb = readFileSync(${JSON.stringify(file)});
    const before = process.resourceUsage().maxRSS;
    let refused = 'accepted';
    try { decompress(bomb, '${encoding}', ${MAX_BYTES}); } catch (error) { refused = error.code; }
    console.log(JSON.stringify({ refused, grownBytes: (process.resourceUsage().maxRSS - before) * 1024 }));`;
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout);
}

test('a gzip bomb of 2 GB in 2 MB is refused with memory bounded', () => {
  const bomb = gzipBomb();
  assert.ok(bomb.length < 2.2e6);
  const { refused, grownBytes } = memoryOfRefusal('bomb.gz', bomb, 'gzip');
  assert.equal(refused, 'too_large');
  assert.ok(grownBytes < 2 * MAX_BYTES, `${grownBytes} bytes`);
});

test('a zstd bomb of 2 GB is refused with memory bounded', async () => {
  const bomb = await zstdBomb();
  assert.ok(bomb.length < 2.2e6);
  const { refused, grownBytes } = memoryOfRefusal('bomb.zst', bomb, 'zstd');
  assert.equal(refused, 'too_large');
  assert.ok(grownBytes < 2 * MAX_BYTES, `${grownBytes} bytes`);
});
