/**
 * Rows as the parts of one row group.
 *
 * parquet-wasm writes them as a whole small file, which is taken apart here: the pages go into the larger file as
 * they are, the metadata is kept to be shifted and mended.
 *
 * Memory: a WebAssembly memory never shrinks, so a thread that encodes holds for ever what its largest row group took:
 * the rows as Arrow IPC, its encoded pages and the writer's hash tables, about three times the IPC bytes in all
 * (120 MB after row groups of 100,000 spans and 55 MB). It is bounded by the rows and bytes the caller puts into one
 * batch. Outside of it the IPC bytes and the file exist once more, only while this function runs.
 */
import { type Table, tableToIPC } from 'apache-arrow';
import { Table as WasmTable, wasmMemory, writeParquet } from 'parquet-wasm/node';
import type { ParquetConfig } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import { releaseBuffers } from '../platform/memory.ts';
import { writerProperties } from './properties.ts';
import { numberOf, optionalNumber, readStruct, structOf, structsOf, type ThriftStruct } from './thrift.ts';

const MAGIC_BYTES = 4;

export interface EncodedRowGroup {
  /** Pages of all column chunks, as they stand in the file from `start` on. */
  readonly data: Uint8Array;
  /** Where `data` stood: the offsets in `metadata` count from there. */
  readonly start: number;
  /** RowGroup of the format. */
  readonly metadata: ThriftStruct;
  /** By column; undefined where it has no statistics. */
  readonly columnIndexes: readonly (Uint8Array | undefined)[];
  /** OffsetIndex of the format, by column. */
  readonly offsetIndexes: readonly (ThriftStruct | undefined)[];
}

export interface EncodedRows {
  /** SchemaElement of the format. */
  readonly schema: ThriftStruct[];
  /** ColumnOrder of the format, by column. */
  readonly columnOrders: ThriftStruct[];
  /** Absent where there are no rows. */
  readonly rowGroup: EncodedRowGroup | undefined;
}

/** Bytes of this thread's WebAssembly memory. */
export function writerMemoryBytes(): number {
  return (wasmMemory() as { readonly buffer: ArrayBuffer }).buffer.byteLength;
}

/** @throws BridgeError internal where parquet-wasm fails; after that its memory may be spoilt and its thread should end. */
export function encodeRows(rows: Table, config: ParquetConfig): EncodedRows {
  const file = smallFile(rows, config);
  const footer = readFooter(file);
  const rowGroups = structsOf(footer, 4);
  const written = rowGroups.map((rowGroup) => numberOf(rowGroup, 3));
  if (rowGroups.length !== Math.min(rows.numRows, 1) || (written[0] ?? 0) !== rows.numRows) {
    throw new BridgeError('internal', `parquet-wasm wrote row groups of [${written}] rows for ${rows.numRows} rows`);
  }
  const rowGroup = rowGroups[0] && takeApart(file, rowGroups[0]);
  return { schema: structsOf(footer, 2), columnOrders: structsOf(footer, 7), rowGroup };
}

function smallFile(rows: Table, config: ParquetConfig): Uint8Array {
  const ipc = tableToIPC(rows, 'stream') as Uint8Array<ArrayBuffer>;
  try {
    const table = WasmTable.fromIPCStream(ipc);
    releaseBuffers([ipc.buffer]); // it stands in WebAssembly memory now
    // Frees both of its arguments, also where it fails.
    return writeParquet(table, writerProperties(rows, config));
  } catch (cause) {
    throw new BridgeError('internal', `the Parquet writer failed on ${rows.numRows} rows: ${cause}`, { cause });
  }
}

function readFooter(file: Uint8Array): ThriftStruct {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const length = view.getUint32(file.length - 8, true);
  return readStruct(file.subarray(file.length - 8 - length, file.length - 8));
}

function takeApart(file: Uint8Array, metadata: ThriftStruct): EncodedRowGroup {
  const columns = structsOf(metadata, 1);
  const start = MAGIC_BYTES;
  let end = start;
  for (const column of columns) {
    const chunk = structOf(column, 3);
    if (firstPage(chunk) !== end) {
      throw new BridgeError(
        'internal',
        `parquet-wasm left a gap at ${end}: the next chunk starts at ${firstPage(chunk)}`,
      );
    }
    end += numberOf(chunk, 7);
  }
  return {
    data: file.subarray(start, end),
    start,
    metadata,
    columnIndexes: columns.map((column) => part(file, optionalNumber(column, 6), optionalNumber(column, 7))),
    offsetIndexes: columns.map((column) => {
      const bytes = part(file, optionalNumber(column, 4), optionalNumber(column, 5));
      return bytes && readStruct(bytes);
    }),
  };
}

/** Offset of a column chunk's first page; `chunk` is its ColumnMetaData. */
function firstPage(chunk: ThriftStruct): number {
  return optionalNumber(chunk, 11) ?? numberOf(chunk, 9);
}

/** A copy, so that the small index does not hold the whole file in memory. */
function part(file: Uint8Array, offset: number | undefined, length: number | undefined): Uint8Array | undefined {
  if (offset === undefined || length === undefined) return undefined;
  return file.slice(offset, offset + length);
}
