/**
 * The footer of a Parquet file: one read of the file's tail, a second where the footer is longer
 * (https://parquet.apache.org/docs/file-format/metadata/). Statistics keep their exact values: text as bytes,
 * timestamps as microseconds.
 */
import { type FileMetaData, type ParquetParsers, parquetMetadata, type SchemaElement } from 'hyparquet';
import { corruptFile, type ObjectReader } from './object-reader.ts';

/** Bytes of the first read: this share of the file, within bounds. Filters and indexes stand before the footer. */
export const TAIL_BYTES = 65_536;
const MAX_TAIL_BYTES = 524_288;
const TAIL_SHARE = 1 / 96;
/** Bound on a footer. */
export const MAX_FOOTER_BYTES = 64 * 1024 * 1024;

const MAGIC = 'PAR1';
const ENDING_BYTES = 8;

/** For `parquetMetadata` and column indexes. */
export const EXACT: Partial<ParquetParsers> = {
  stringFromBytes: (bytes) => bytes,
  timestampFromMilliseconds: (ms) => ms * 1000n,
  timestampFromMicroseconds: (us) => us,
  timestampFromNanoseconds: (ns) => (ns - (((ns % 1000n) + 1000n) % 1000n)) / 1000n,
  // What is declared as the parsers' result is only what the defaults give.
  dateFromDays: (days) => days as unknown as Date,
  uuidFromBytes: (bytes) => bytes as unknown as string,
};

export interface Footer {
  readonly metadata: FileMetaData;
  /** Where the footer begins: data lies before it. */
  readonly start: number;
  /** Columns by their names, nested ones once. */
  readonly columns: ReadonlyMap<string, FileColumn>;
  /** Schema elements of the leaf columns, in the order of a row group's column chunks. */
  readonly leaves: readonly SchemaElement[];
  /** The file from here to its end, as it was read. */
  readonly tail: FileTail;
}

export interface FileColumn {
  /** Number of its schema element. */
  readonly first: number;
  /** Numbers of its column chunks in a row group. */
  readonly leaves: readonly number[];
}

export interface FileTail {
  readonly start: number;
  readonly bytes: Uint8Array;
}

export function tailBytes(size: number): number {
  return Math.min(size, MAX_TAIL_BYTES, Math.max(TAIL_BYTES, Math.ceil(size * TAIL_SHARE)));
}

export async function readFooter(file: ObjectReader): Promise<Footer> {
  const { key, size } = file;
  if (size < MAGIC.length + ENDING_BYTES) throw corruptFile(key, `${size} bytes are too few`);
  let tail = await file.read({ start: size - tailBytes(size), end: size });
  const magic = String.fromCharCode(...tail.subarray(-MAGIC.length));
  if (magic !== MAGIC) throw corruptFile(key, `it ends in ${JSON.stringify(magic)}, expected "${MAGIC}" (cut off?)`);
  const length = footerLength(tail);
  const start = size - ENDING_BYTES - length;
  if (start < MAGIC.length || length > MAX_FOOTER_BYTES) {
    throw corruptFile(key, `its footer of ${length} bytes is longer than the file or the limit of ${MAX_FOOTER_BYTES}`);
  }
  if (start < size - tail.length) {
    tail = joined(await file.read({ start, end: size - tail.length }), tail);
  }
  const metadata = parse(key, tail);
  const leaves = metadata.schema.filter(({ type }) => type !== undefined);
  checkChunks(key, metadata, leaves, start);
  const columns = columnsOf(metadata);
  return { metadata, start, columns, leaves, tail: { start: size - tail.length, bytes: tail } };
}

/** The footer with the file from `start` on: one request for all filters and indexes that are needed. */
export async function extendTail(file: ObjectReader, footer: Footer, start: number): Promise<Footer> {
  const head = await file.read({ start, end: footer.tail.start });
  return { ...footer, tail: { start, bytes: joined(head, footer.tail.bytes) } };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}

function footerLength(tail: Uint8Array): number {
  return new DataView(tail.buffer, tail.byteOffset + tail.length - ENDING_BYTES).getUint32(0, true);
}

function parse(key: string, tail: Uint8Array): FileMetaData {
  try {
    const { buffer } = new Uint8Array(tail.subarray(tail.length - ENDING_BYTES - footerLength(tail)));
    const metadata = parquetMetadata(buffer, { parsers: EXACT, geoparquet: false });
    if (metadata.schema.length === 0) throw new Error('the schema is empty');
    return metadata;
  } catch (error) {
    throw corruptFile(key, 'its footer', error);
  }
}

/** The children of the root, as ranges of the flattened schema. */
export function topLevel({ schema }: FileMetaData): readonly { readonly first: number; readonly end: number }[] {
  const children: { first: number; end: number }[] = [];
  for (let i = 1; i < schema.length; ) {
    const first = i;
    let open = 1;
    while (open > 0 && i < schema.length) {
      open += (schema[i]!.num_children ?? 0) - 1;
      i++;
    }
    children.push({ first, end: i });
  }
  return children;
}

function columnsOf(metadata: FileMetaData): ReadonlyMap<string, FileColumn> {
  const columns = new Map<string, FileColumn>();
  let leaf = 0;
  for (const { first, end } of topLevel(metadata)) {
    const count = metadata.schema.slice(first, end).filter(({ type }) => type !== undefined).length;
    const leaves = Array.from({ length: count }, (_, i) => leaf + i);
    columns.set(metadata.schema[first]!.name, { first, leaves });
    leaf += count;
  }
  return columns;
}

/**
 * Every column chunk lies between the leading magic and the footer, so that no read goes astray; and there is one for
 * each leaf of the schema, in its order, as the format has it.
 */
function checkChunks(key: string, metadata: FileMetaData, leaves: readonly SchemaElement[], footerStart: number): void {
  metadata.row_groups.forEach((group, g) => {
    // pyarrow writes a table without rows as a row group without pages, whose offsets mean nothing.
    if (group.num_rows === 0n) return;
    if (group.columns.length !== leaves.length) {
      throw corruptFile(key, `row group ${g} has ${group.columns.length} columns, its schema ${leaves.length}`);
    }
    for (const [leaf, chunk] of group.columns.entries()) {
      const meta = chunk.meta_data;
      if (meta === undefined || chunk.file_path) {
        throw corruptFile(key, `row group ${g} has a column that is encrypted or in another file`);
      }
      const { name, type } = leaves[leaf]!;
      if (meta.path_in_schema.at(-1) !== name || meta.type !== type) {
        throw corruptFile(key, `column ${leaf} of row group ${g} is not ${name} as in its schema`);
      }
      const { start, end } = chunkRange(meta);
      if (!(start >= MAGIC.length && end >= start && end <= footerStart)) {
        throw corruptFile(key, `column ${meta.path_in_schema.join('.')} of row group ${g} lies outside of the data`);
      }
    }
  });
}

type ChunkMeta = NonNullable<FileMetaData['row_groups'][number]['columns'][number]['meta_data']>;

/** Bytes of a column chunk, its dictionary page first. */
export function chunkRange(meta: ChunkMeta): { readonly start: number; readonly end: number } {
  const dictionary = meta.dictionary_page_offset;
  const first = dictionary !== undefined && dictionary > 0n && dictionary < meta.data_page_offset;
  const start = Number(first ? dictionary : meta.data_page_offset);
  return { start, end: start + Number(meta.total_compressed_size) };
}
