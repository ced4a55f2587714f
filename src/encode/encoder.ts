/**
 * A Parquet file, handed out row group by row group.
 *
 *   PAR1 | pages of row group 0 | pages of row group 1 | … | Bloom filters | column indexes | offset indexes | footer
 *
 * Invariants: pages follow each other without gaps, in the order of rows and columns; all that is not pages stands
 * behind them, so that a reader gets filters, indexes and footer with one request for the file's end.
 *
 * Memory: one row group, and what `finish` writes: some tens of KB of metadata a row group, 1.2 to 2.5 bytes a distinct
 * value of a column with a Bloom filter.
 */
import { type RecordBatch, type Schema, Table } from 'apache-arrow';
import type { ParquetConfig } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import { bloomFilter, canHaveBloomFilter } from './bloom.ts';
import { verifyFooter } from './check.ts';
import { type FileSchema, fileMetaData, mendSchema, placeRowGroup, shiftOffsetIndex } from './footer.ts';
import { columnsOf } from './properties.ts';
import { type EncodedRowGroup, type EncodedRows, encodeRows } from './row-group.ts';
import { i32, i64, list, structOf, structsOf, THRIFT, type ThriftStruct, writeStruct } from './thrift.ts';

const MAGIC = new TextEncoder().encode('PAR1');

/** Key of the metadata whose value also stands in the footer's `created_by`. */
export const VERSION_KEY = 'otel-lake.version';

export interface EncodedFile {
  /** Bytes behind the last row group. */
  readonly chunks: Uint8Array[];
  readonly footer: {
    readonly rows: number;
    /** Rows of each row group. */
    readonly rowGroups: readonly number[];
    /** Bytes of the whole file. */
    readonly bytes: number;
  };
}

export interface ParquetEncoder {
  /**
   * Encodes record batches as one row group; returns the bytes to append to the file, the first time with `PAR1`.
   * Without rows there is no row group.
   *
   * @throws BridgeError internal where the batch does not fit the schema or the writer fails; the file is lost then
   */
  rowGroup(...batches: RecordBatch[]): Uint8Array[];

  /**
   * The rest of the file, its footer read again and compared. Nothing can be encoded after it.
   *
   * @throws BridgeError internal where the footer does not read as it should
   */
  finish(): EncodedFile;
}

interface State {
  position: number;
  schema: FileSchema | undefined;
  /** The schema as bytes, to see that every row group has the same one. */
  schemaBytes: Uint8Array | undefined;
  columnOrders: readonly ThriftStruct[];
  readonly rowGroups: PlacedRowGroup[];
  finished: boolean;
}

interface PlacedRowGroup extends Pick<EncodedRowGroup, 'metadata' | 'columnIndexes' | 'offsetIndexes'> {
  readonly rows: number;
  /** By leaf column. */
  readonly bloomFilters: ReadonlyMap<number, Uint8Array>;
}

/**
 * @param schema Arrow schema of every batch, with dictionary types where the batches have them
 * @param metadata key-value metadata of the file; VERSION_KEY in it is the version of this writer
 */
export function createParquetEncoder(
  schema: Schema,
  config: ParquetConfig,
  metadata: Readonly<Record<string, string>>,
): ParquetEncoder {
  // Readers parse the form "application version x (build y)" and distrust the statistics of a writer without one.
  const createdBy = `otel-lake-bridge version ${metadata[VERSION_KEY] ?? '0.0.0'} (build parquet-wasm)`;
  const sortBy = columnsOf(schema, config.sortBy);
  const filtered = config.bloomFilterEnabled ? columnsOf(schema, config.bloomFilterColumns) : [];
  const blooms = filtered.filter((name) => canHaveBloomFilter(schema.fields.find((f) => f.name === name)!.type));
  const state: State = {
    position: 0,
    schema: undefined,
    schemaBytes: undefined,
    columnOrders: [],
    rowGroups: [],
    finished: false,
  };

  return {
    rowGroup(...batches) {
      assertOpen(state);
      for (const batch of batches) assertFields(batch.schema, schema);
      const rows = new Table(batches);
      if (rows.numRows === 0) return opening(state);
      const encoded = encodeRows(rows, config);
      const leaves = takeSchema(state, schema, encoded);
      const chunks = opening(state);
      const { data, start, ...parts } = encoded.rowGroup!;
      const shift = state.position - start;
      const sortedBy = sortBy.map((name) => leafOf(leaves, name));
      placeRowGroup(parts.metadata, { shift, ordinal: state.rowGroups.length, sortedBy }, leaves);
      for (const index of parts.offsetIndexes) index && shiftOffsetIndex(index, shift);
      const bloomFilters = new Map<number, Uint8Array>();
      for (const name of blooms) {
        const filter = bloomFilter(rows.getChild(name)!);
        if (filter) bloomFilters.set(leafOf(leaves, name), filter);
      }
      state.rowGroups.push({ ...parts, rows: rows.numRows, bloomFilters });
      state.position += data.length;
      return [...chunks, data];
    },

    finish() {
      assertOpen(state);
      state.finished = true;
      // A file without row groups has a schema too: the writer is asked for it with no rows.
      if (!state.schema) takeSchema(state, schema, encodeRows(new Table(schema), config));
      const { rowGroups, columnOrders } = state;
      const chunks = opening(state);
      const pagesEnd = state.position;
      const append = (bytes: Uint8Array): number => {
        chunks.push(bytes);
        state.position += bytes.length;
        return state.position - bytes.length;
      };
      appendBloomFilters(rowGroups, append);
      appendIndexes(rowGroups, append);
      const footerStart = state.position;
      const rows = rowGroups.map((rowGroup) => rowGroup.rows);
      const total = rows.reduce((sum, n) => sum + n, 0);
      const groups = rowGroups.map((rowGroup) => rowGroup.metadata);
      const footer = { schema: state.schema!, columnOrders, rowGroups: groups, rows: total, metadata, createdBy };
      const tail = footerBytes(writeStruct(fileMetaData(footer)));
      append(tail);
      const bytes = state.position;
      verifyFooter(tail, { bytes, pagesEnd, footerStart, rowGroups: rows, columns: state.schema!.leaves.length });
      return { chunks, footer: { rows: total, rowGroups: rows, bytes } };
    },
  };
}

function assertOpen(state: State): void {
  if (state.finished) throw new BridgeError('internal', 'the Parquet file is finished, nothing can be added to it');
}

function assertFields(found: Schema, expected: Schema): void {
  const names = (schema: Schema) => schema.fields.map((field) => field.name).join();
  if (names(found) === names(expected)) return;
  throw new BridgeError('internal', `a batch has the columns ${names(found)}, the file has ${names(expected)}`);
}

/** Takes the schema of the first batch for the file's; every later batch must have the same. */
function takeSchema(state: State, arrow: Schema, { schema, columnOrders }: EncodedRows): FileSchema['leaves'] {
  const mended = mendSchema(schema, arrow.fields);
  const bytes = writeStruct(new Map([[1, list(THRIFT.struct, schema)]]));
  if (state.schemaBytes && Buffer.compare(state.schemaBytes, bytes) !== 0) {
    throw new BridgeError('internal', 'a batch became another Parquet schema than the row groups before it');
  }
  state.schema ??= mended;
  state.schemaBytes ??= bytes;
  if (state.columnOrders.length === 0) state.columnOrders = columnOrders;
  return state.schema.leaves;
}

function opening(state: State): Uint8Array[] {
  if (state.position > 0) return [];
  state.position = MAGIC.length;
  return [MAGIC];
}

function leafOf(leaves: FileSchema['leaves'], name: string): number {
  return leaves.findIndex((path) => path.length === 1 && path[0] === name);
}

type Append = (bytes: Uint8Array) => number;

function appendBloomFilters(rowGroups: readonly PlacedRowGroup[], append: Append): void {
  for (const { metadata, bloomFilters } of rowGroups) {
    const columns = structsOf(metadata, 1);
    for (const [column, bytes] of bloomFilters) {
      const chunk = structOf(columns[column]!, 3);
      chunk.set(14, i64(append(bytes)));
      chunk.set(15, i32(bytes.length));
    }
  }
}

/** All column indexes, then all offset indexes, as the format lays them out. */
function appendIndexes(rowGroups: readonly PlacedRowGroup[], append: Append): void {
  for (const { metadata, columnIndexes } of rowGroups) {
    structsOf(metadata, 1).forEach((column, i) => {
      place(column, 6, columnIndexes[i], append);
    });
  }
  for (const { metadata, offsetIndexes } of rowGroups) {
    structsOf(metadata, 1).forEach((column, i) => {
      place(column, 4, offsetIndexes[i] && writeStruct(offsetIndexes[i]), append);
    });
  }
}

/** Appends an index and notes its offset in field `id` of the ColumnChunk, its length in the next one. */
function place(column: ThriftStruct, id: number, bytes: Uint8Array | undefined, append: Append): void {
  if (!bytes) return;
  column.set(id, i64(append(bytes)));
  column.set(id + 1, i32(bytes.length));
}

function footerBytes(metadata: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(metadata.length + 8);
  bytes.set(metadata);
  new DataView(bytes.buffer).setUint32(metadata.length, metadata.length, true);
  bytes.set(MAGIC, metadata.length + 4);
  return bytes;
}
