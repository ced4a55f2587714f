/** Snappy as senders write it, for tests. */
import { snappyCompress } from 'hyparquet-writer/src/snappy.js';
import { crc32c } from '../../src/decode/crc32c.ts';

const CHUNK_BYTES = 65_536;

/** The block format. */
export function snappyBlock(data: Uint8Array): Buffer<ArrayBuffer> {
  return data.length === 0 ? Buffer.from([0]) : Buffer.from(snappyCompress(data));
}

/** The framing format; chunks that would not shrink are stored as they are. */
export function snappyFramed(data: Uint8Array): Buffer<ArrayBuffer> {
  const parts: Uint8Array[] = [Buffer.from('ff060000734e61507059', 'hex')];
  for (let at = 0; at < data.length; at += CHUNK_BYTES) {
    const plain = data.subarray(at, at + CHUNK_BYTES);
    const packed = snappyBlock(plain);
    const isSmaller = packed.length < plain.length;
    parts.push(snappyChunk(isSmaller ? 0 : 1, plain, isSmaller ? packed : plain));
  }
  return Buffer.concat(parts);
}

/** A data chunk of the framing format: type, length, masked CRC-32C of the plain data, data. */
export function snappyChunk(type: number, plain: Uint8Array, data: Uint8Array): Buffer<ArrayBuffer> {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type | ((data.length + 4) << 8));
  const crc = crc32c(plain);
  head.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0, 4);
  return Buffer.concat([head, data]);
}
