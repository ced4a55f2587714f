/** Cuts rows into row groups that are bounded in rows and in memory. */
import type { Batch, ColumnData, StringData } from '../model/batch.ts';
import { releaseBuffers } from '../platform/memory.ts';
import { transferables } from './arrow.ts';
import { batchBytes } from './batch-bytes.ts';
import { take } from './take.ts';

export interface RowGroupBounds {
  readonly maxRows: number;
  /** Of a group's columns with their dictionaries. */
  readonly maxBytes: number;
}

/**
 * Text of a group with every value written out where it stands. A text of megabytes beside each of many rows is little
 * in a batch, once in its dictionary, but a writer that gives its dictionary up and every reader has it all. The first
 * bound is well over what 100,000 usual spans have: cut, they are gathered twice, and take a fifth more CPU and bytes.
 * The second one is this many times the batch's.
 */
const MAX_TEXT_BYTES = 256 * 1024 * 1024;
const MAX_TEXT_TIMES = 4;

/** Batches of the rows, in their order. A single row may be over the bounds. */
export function* rowGroups(batch: Batch, rows: Int32Array, { maxRows, maxBytes }: RowGroupBounds): Generator<Batch> {
  const maxTextBytes = Math.min(MAX_TEXT_BYTES, MAX_TEXT_TIMES * maxBytes);
  // Not all of them first, to find out that they are too many: that copy would be as large as the batch.
  const parts = Math.max(1, Math.ceil(batchBytes(batch) / maxBytes));
  yield* cutRows(rows, maxRows, Math.min(maxRows, Math.ceil(batch.rows / parts)), {
    take: (part) => take(batch, part),
    fill: (group) => Math.max(batchBytes(group) / maxBytes, textBytes(group) / maxTextBytes),
    buffers: transferables,
  });
}

export interface RowTaker<T> {
  take(rows: Int32Array): T;
  /** How full rows make a group, 1 being as full as it may get. */
  fill(taken: T): number;
  /** What is given back where rows were taken in vain. */
  buffers(taken: T): Iterable<ArrayBuffer>;
}

/** Cuts rows into groups of at most `maxRows`, and of fewer where they would be too full; the first has `firstRows` at most. */
export function* cutRows<T>(rows: Int32Array, maxRows: number, firstRows: number, taker: RowTaker<T>): Generator<T> {
  let size = firstRows;
  for (let start = 0; start < rows.length; ) {
    const part = rows.subarray(start, start + size);
    const group = taker.take(part);
    const fill = taker.fill(group);
    if (fill > 1 && part.length > 1) {
      releaseBuffers(taker.buffers(group));
      size = Math.ceil(part.length / 2);
      continue;
    }
    start += part.length;
    yield group;
    if (fill < 0.25) size = Math.min(maxRows, 2 * size);
  }
}

function textBytes(batch: Batch): number {
  return batch.columns.reduce((sum, column) => sum + columnText(column), 0);
}

function columnText(column: ColumnData): number {
  switch (column.kind) {
    case 'string':
      return stringText(column);
    case 'map':
      return stringText(column.keys) + stringText(column.values);
    case 'list':
      return columnText(column.element);
    case 'struct':
      return column.fields.reduce((sum, field) => sum + columnText(field), 0);
    default:
      return 0;
  }
}

function stringText({ codes, length, dictionary }: StringData): number {
  // Short values cannot add up to what is looked for: most columns are done here.
  const { offsets, count, bytes } = dictionary;
  if (count === 0 || bytes.length * length <= MAX_TEXT_BYTES / 64) return 0;
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const code = codes[i]!;
    if (code >= 0) sum += offsets[code + 1]! - offsets[code]!;
  }
  return sum;
}
