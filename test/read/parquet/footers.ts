import assert from 'node:assert/strict';
import { parquetMetadata } from 'hyparquet';
import { type FileMetadata, parseMetadata } from '../../../src/read/parquet/file-metadata.ts';
import { EXACT } from '../../../src/read/parquet/part-footer.ts';

/** The metadata of a whole file. */
export function metadataOf(file: Uint8Array): FileMetadata {
  const end = file.length - 8;
  const start = end - new DataView(file.buffer, file.byteOffset).getUint32(end, true);
  return parseMetadata('f', file.subarray(start, end), start).metadata;
}

/** All that a read can ask of the metadata. */
export function everything({ row_groups, ...rest }: FileMetadata) {
  const groups = row_groups.map(({ num_rows, columns, indexStart }) => ({
    num_rows,
    indexStart,
    columns: columns.map((chunk) => ({
      meta_data: chunk.meta_data,
      offset_index_offset: chunk.offset_index_offset,
      offset_index_length: chunk.offset_index_length,
      column_index_offset: chunk.column_index_offset,
      column_index_length: chunk.column_index_length,
    })),
  }));
  return { ...rest, row_groups: groups };
}

/** The same of hyparquet's parse of the whole footer. */
export function assertAsHyparquet(file: Uint8Array): void {
  const whole = parquetMetadata(file.slice().buffer, { parsers: EXACT, geoparquet: false });
  const { version, schema, num_rows, key_value_metadata, metadata_length } = whole;
  const row_groups = whole.row_groups.map(({ num_rows: rows, columns }) => {
    const indexes = columns.flatMap((chunk) => [chunk.offset_index_offset, chunk.column_index_offset]);
    const found = indexes.flatMap((offset) => (offset !== undefined && offset > 0n ? [Number(offset)] : []));
    const chunks = columns.map((chunk) => ({
      meta_data: chunk.meta_data,
      offset_index_offset: chunk.offset_index_offset,
      offset_index_length: chunk.offset_index_length,
      column_index_offset: chunk.column_index_offset,
      column_index_length: chunk.column_index_length,
    }));
    return { num_rows: rows, indexStart: Math.min(...found), columns: chunks };
  });
  const expected = { version, schema, num_rows, key_value_metadata, metadata_length, row_groups };
  assert.deepEqual(everything(metadataOf(file)), expected);
}
