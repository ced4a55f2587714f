/**
 * From the `[parquet]` section to parquet-wasm's writer settings, and what of that section parquet-wasm cannot do.
 *
 * Chosen so that every engine reads the files: format version 1 pages, PLAIN and dictionary encodings only.
 * DELTA_BINARY_PACKED would take 6 to 15 % off a span file (its nanosecond times), but Iceberg's vectorised reader before
 * 1.10 and Spark's before 3.3 refuse it.
 */
import type { DataType, Schema, Table } from 'apache-arrow';
import { Compression, EnabledStatistics, type WriterProperties, WriterPropertiesBuilder } from 'parquet-wasm/node';
import type { Compression as Codec, ParquetConfig } from '../config/types.ts';
import type { ColumnType, TableSchema } from '../model/table.ts';
import { dictionaryPays } from './distinct.ts';

/** "LZ4" is LZ4_RAW: Parquet's older LZ4 has Hadoop's undocumented framing and is deprecated by the format. */
const COMPRESSION: Readonly<Record<Codec, Compression>> = {
  UNCOMPRESSED: Compression.UNCOMPRESSED,
  SNAPPY: Compression.SNAPPY,
  GZIP: Compression.GZIP,
  LZ4: Compression.LZ4_RAW,
  ZSTD: Compression.ZSTD,
};

/** parquet-wasm takes no level; these are the ones it is built with. The other codecs have none. */
const COMPRESSION_LEVEL: Readonly<Partial<Record<Codec, number>>> = { ZSTD: 1, GZIP: 6 };

/** Values handed to a column's encoder at once; 8,192 instead of 1,024 saved 1 % of the time. */
const WRITE_BATCH_SIZE = 8192;

/** Settings for one row group; parquet-wasm consumes them, so each row group needs its own. */
export function writerProperties(rows: Table, config: ParquetConfig): WriterProperties {
  let builder = new WriterPropertiesBuilder()
    .setCompression(COMPRESSION[config.compression])
    .setDataPageSizeLimit(config.pageSize)
    .setDictionaryEnabled(config.dictionaryEnabled)
    .setWriteBatchSize(WRITE_BATCH_SIZE)
    // The caller decides what a row group is; nothing here may split it.
    .setMaxRowGroupSize(Math.max(rows.numRows, 1))
    .setStatisticsEnabled(EnabledStatistics.None);
  rows.schema.fields.forEach((field, i) => {
    const [column] = rows.batches.map((batch) => batch.data.children[i]!);
    // No engine prunes by what stands inside maps and lists, and their statistics took 12 % of a span file's time.
    if (config.statisticsEnabled && isLeaf(field.type)) {
      builder = builder.setColumnStatisticsEnabled(field.name, EnabledStatistics.Page);
    }
    if (config.dictionaryEnabled && column && !dictionaryPays(column)) {
      builder = builder.setColumnDictionaryEnabled(field.name, false);
    }
  });
  return builder.build();
}

/** Leaf columns of `names` that this schema has; a table without such a column simply goes without. */
export function columnsOf(schema: Schema, names: readonly string[]): string[] {
  return names.filter((name) => schema.fields.some((field) => field.name === name && isLeaf(field.type)));
}

function isLeaf(type: DataType): boolean {
  return (type.children ?? []).length === 0;
}

export interface UnsupportedSetting {
  /** Key in `[parquet]`. */
  readonly key: 'compression_level' | 'bloom_filter_columns' | 'sort_by';
  readonly message: string;
  readonly hint: string;
}

/**
 * The settings of `[parquet]` that the encoder could only ignore, so that the configuration is refused instead.
 *
 * @param compressionLevel as in the file, undefined where it is not set
 * @param tables every table that is written, with its promoted columns
 */
export function unsupportedParquetSettings(
  config: Pick<ParquetConfig, 'compression' | 'bloomFilterColumns' | 'sortBy'>,
  compressionLevel: number | undefined,
  tables: readonly TableSchema[],
): UnsupportedSetting[] {
  return [
    ...unsupportedLevel(config.compression, compressionLevel),
    ...config.bloomFilterColumns.flatMap((name) =>
      unsupportedColumn('bloom_filter_columns', name, BLOOM_KINDS, tables),
    ),
    ...config.sortBy.flatMap((name) => unsupportedColumn('sort_by', name, LEAF_KINDS, tables)),
  ];
}

type Kinds = ReadonlySet<ColumnType['kind']>;
const BLOOM_KINDS: Kinds = new Set(['string', 'id', 'int64', 'uint32']);
const LEAF_KINDS: Kinds = new Set([...BLOOM_KINDS, 'int32', 'double', 'bool', 'timestamp']);

function unsupportedLevel(compression: Codec, level: number | undefined): UnsupportedSetting[] {
  const fixed = COMPRESSION_LEVEL[compression];
  if (level === undefined || level === fixed) return [];
  const key = 'compression_level';
  if (fixed === undefined) {
    return [{ key, message: `found ${level}, but ${compression} has no levels`, hint: 'Remove compression_level.' }];
  }
  return [
    {
      key,
      message: `found ${level}, but the Parquet writer compresses ${compression} at level ${fixed} only`,
      hint: `Set compression_level = ${fixed} or remove it.`,
    },
  ];
}

function unsupportedColumn(
  key: 'bloom_filter_columns' | 'sort_by',
  name: string,
  kinds: Kinds,
  tables: readonly TableSchema[],
): UnsupportedSetting[] {
  const found = tables.flatMap((table) => table.columns.filter((column) => column.name === name));
  if (found.length > 0 && found.every((column) => kinds.has(column.type.kind))) return [];
  const fit = new Set(tables.flatMap((t) => t.columns.filter((c) => kinds.has(c.type.kind)).map((c) => c.name)));
  const message =
    found.length === 0 ? `no table has a column "${name}"` : `column "${name}" is a ${found[0]!.type.kind}`;
  return [{ key, message, hint: `Columns that can stand here: ${[...fit].join(', ')}.` }];
}
