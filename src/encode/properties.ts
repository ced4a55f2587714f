/**
 * From the `[parquet]` section to parquet-wasm's writer settings. What parquet-wasm cannot do (levels, some
 * columns for bloom filters) the configuration refuses.
 *
 * Chosen so that every engine reads the files: format version 1 pages, PLAIN and dictionary encodings only.
 * DELTA_BINARY_PACKED would take 6 to 15 % off a span file (its nanosecond times), but Iceberg's vectorised reader before
 * 1.10 and Spark's before 3.3 refuse it.
 */
import { type Data, DataType, type Schema, type Table } from 'apache-arrow';
import { Compression, EnabledStatistics, type WriterProperties, WriterPropertiesBuilder } from 'parquet-wasm/node';
import type { Compression as Codec, ParquetConfig } from '../config/types.ts';
import { dictionaryPays } from './distinct.ts';

/** "LZ4" is LZ4_RAW: Parquet's older LZ4 has Hadoop's undocumented framing and is deprecated by the format. */
const COMPRESSION: Readonly<Record<Codec, Compression>> = {
  UNCOMPRESSED: Compression.UNCOMPRESSED,
  SNAPPY: Compression.SNAPPY,
  GZIP: Compression.GZIP,
  LZ4: Compression.LZ4_RAW,
  ZSTD: Compression.ZSTD,
};

/** Values handed to a column's encoder at once; 8,192 instead of 1,024 saved 1 % of the time. */
const WRITE_BATCH_SIZE = 8192;

/** Settings for one row group; parquet-wasm consumes them, so each row group needs its own. */
export function writerProperties(rows: Table, config: ParquetConfig): WriterProperties {
  let builder = new WriterPropertiesBuilder()
    .setCompression(COMPRESSION[config.compression])
    .setDataPageSizeLimit(config.pageSize)
    .setDictionaryEnabled(config.dictionaryEnabled)
    .setDictionaryPageSizeLimit(dictionaryBytes(rows))
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

/** The writer's own limit, after which it gives a dictionary up and writes every value out where it stands. */
const DICTIONARY_BYTES = 1024 * 1024;
/** Values of a dictionary that stand in for so many each are kept in it. */
const MIN_REPEATS = 4;
/** Bytes a value, on average, from which writing it out each time is worse than a dictionary over the limit. */
const LARGE_VALUE_BYTES = 4096;

/** A text of a megabyte beside each of 100,000 rows would become a file of 100 GB. */
function dictionaryBytes(rows: Table): number {
  return rows.batches.reduce((most, batch) => Math.max(most, largestOf(batch.data)), DICTIONARY_BYTES);
}

function largestOf(data: Data): number {
  let most = 0;
  const values = data.dictionary?.data[0] as Data | undefined;
  if (values && DataType.isUtf8(values.type) && data.length >= MIN_REPEATS * values.length) {
    const bytes = values.values.byteLength;
    if (bytes >= LARGE_VALUE_BYTES * values.length) most = bytes + 4 * values.length + 1;
  }
  return data.children.reduce((sum, child) => Math.max(sum, largestOf(child)), most);
}

/** Leaf columns of `names` that this schema has; a table without such a column simply goes without. */
export function columnsOf(schema: Schema, names: readonly string[]): string[] {
  return names.filter((name) => schema.fields.some((field) => field.name === name && isLeaf(field.type)));
}

function isLeaf(type: DataType): boolean {
  return (type.children ?? []).length === 0;
}
