/** What a finished batch takes in memory. */
import type { Batch, ColumnData } from '../model/batch.ts';

/** Bytes in use in all buffers of a batch. */
export function batchBytes(batch: Batch): number {
  return batch.columns.reduce((sum, column) => sum + columnBytes(column), 0);
}

function columnBytes(column: ColumnData): number {
  switch (column.kind) {
    case 'string':
      return column.codes.byteLength + column.dictionary.bytes.byteLength + column.dictionary.offsets.byteLength;
    case 'id':
      return column.bytes.byteLength;
    case 'map':
      return column.offsets.byteLength + columnBytes(column.keys) + columnBytes(column.values);
    case 'list':
      return column.offsets.byteLength + columnBytes(column.element);
    case 'struct':
      return column.fields.reduce((sum, field) => sum + columnBytes(field), 0);
    default:
      return column.values.byteLength;
  }
}
