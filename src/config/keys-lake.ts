/** The keys of the lake and its files: `[storage]`, `[parquet]`. */
import { GIB, type Key } from './key.ts';

export const STORAGE_KEYS: readonly Key[] = [
  {
    path: 'storage.type',
    type: 'string',
    values: ['file', 's3'],
    derived: { text: '"file", but "s3" where `s3.bucket` is set', value: ({ has }) => (has('s3') ? 's3' : 'file') },
    example: 's3',
    doc: 'Where the lake lives: a local directory or an S3 bucket.',
  },
  { path: 'storage.path', type: 'path', default: 'data/lake', doc: 'Directory of the lake for type "file".' },
];

export const PARQUET_KEYS: readonly Key[] = [
  {
    path: 'parquet.compression',
    type: 'string',
    default: 'ZSTD',
    values: ['SNAPPY', 'GZIP', 'LZ4', 'ZSTD', 'UNCOMPRESSED'],
    doc: 'Codec of pages; LZ4 is LZ4_RAW, which Trino does not read.',
  },
  {
    path: 'parquet.compression_level',
    type: 'integer',
    min: 0,
    max: 22,
    example: 1,
    doc: "Level of the codec; the encoder's are fixed: 1 for ZSTD, 6 for GZIP, none for others.",
  },
  { path: 'parquet.row_group_size', type: 'integer', default: 100000, min: 1, max: 10000000, doc: 'Rows a row group.' },
  {
    path: 'parquet.page_size',
    type: 'integer',
    default: 1048576,
    min: 1024,
    max: GIB,
    doc: 'Bytes a data page, before compression.',
  },
  {
    path: 'parquet.dictionary_enabled',
    type: 'boolean',
    default: true,
    doc: 'Whether columns are dictionary-encoded.',
  },
  {
    path: 'parquet.statistics_enabled',
    type: 'boolean',
    default: true,
    doc: 'Whether files carry statistics and page indexes.',
  },
  { path: 'parquet.bloom_filter_enabled', type: 'boolean', default: true, doc: 'Whether files carry bloom filters.' },
  { path: 'parquet.bloom_filter_columns', type: 'strings', default: ['trace_id'], doc: 'Columns with a bloom filter.' },
  {
    path: 'parquet.sort_by',
    type: 'strings',
    default: ['service_name', 'timestamp'],
    doc: 'Columns rows are ordered by inside a file.',
  },
];
