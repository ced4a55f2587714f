/** One page of a column chunk: its header, and its bytes without their compression. */
import { gunzipSync } from 'node:zlib';
import type { CompressionCodec, PageHeader } from 'hyparquet';
import { snappyUncompress } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { decompressZstd } from './zstd.ts';

/** Bound on a page after decompression. */
const MAX_PAGE_BYTES = 256 * 1024 * 1024;

export interface RawPage {
  readonly header: PageHeader;
  /** Behind the header, as it is stored. */
  readonly body: Uint8Array;
}

/** The pages that stand behind each other in these bytes. */
export function* pagesIn(bytes: Uint8Array): Generator<RawPage> {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
  while (reader.offset < bytes.length) {
    const header = parquetHeader(reader);
    const end = reader.offset + header.compressed_page_size;
    if (!(header.compressed_page_size >= 0 && end <= bytes.length)) throw new Error('a page is cut off');
    yield { header, body: bytes.subarray(reader.offset, end) };
    reader.offset = end;
  }
}

/** Rows (levels, in nested columns) of a data page; 0 for other pages. */
export function valuesIn({ data_page_header: v1, data_page_header_v2: v2 }: PageHeader): number {
  return v1?.num_values ?? v2?.num_values ?? 0;
}

/** One buffer for the whole page: in smaller chunks they would be put together afterwards. */
const outputOf = (size: number) => ({ chunkSize: Math.max(size, MIN_CHUNK_BYTES), maxOutputLength: Math.max(size, 1) });
/** zlib takes no smaller ones. */
const MIN_CHUNK_BYTES = 64;

const CODECS: Readonly<Partial<Record<CompressionCodec, (body: Uint8Array, size: number) => Uint8Array>>> = {
  UNCOMPRESSED: (body) => body,
  ZSTD: decompressZstd,
  GZIP: (body, size) => gunzipSync(body, outputOf(size)),
  SNAPPY(body, size) {
    const out = new Uint8Array(size);
    snappyUncompress(body, out);
    return out;
  },
};

export function canDecompress(codec: CompressionCodec): boolean {
  return CODECS[codec] !== undefined;
}

export function decompress(codec: CompressionCodec, body: Uint8Array, size: number): Uint8Array {
  if (!(size >= 0 && size <= MAX_PAGE_BYTES)) throw new Error(`a page of ${size} bytes`);
  const out = size === 0 ? new Uint8Array(0) : CODECS[codec]!(body, size);
  if (out.length !== size) throw new Error(`a page has ${out.length} bytes, its header says ${size}`);
  // A Buffer's slice would share its memory with others.
  return new Uint8Array(out.buffer, out.byteOffset, out.length);
}
