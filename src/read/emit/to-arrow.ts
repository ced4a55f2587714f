/** Selected rows as Arrow record batches, all of one schema. */
import {
  type Data,
  DataType,
  Dictionary,
  Field,
  Int32,
  type Map_,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
} from 'apache-arrow';
import { arrowField, type ColumnType } from '../../model/table.ts';
import { sliceView, type View } from '../columns/view.ts';
import type { ReadColumn } from '../schema.ts';
import type { OutputColumn } from '../selection.ts';
import type { SelectedBatch } from '../types.ts';
import { codedText } from './coded-text.ts';
import {
  bitmap,
  bitmapOf,
  countUp,
  fromZero,
  gatherDecimals,
  gatherDoubles,
  gatherItems,
  gatherLowWords,
  gatherNulls,
  gatherTextAs,
  gatherWords,
  isNarrow,
  isSingle,
  nullsOf,
} from './gather.ts';

/** With `dictionaries` text has Arrow's dictionary type, but for ids, which hardly ever repeat. */
export function outputSchema(output: readonly OutputColumn[], dictionaries = false): Schema {
  return new Schema(output.map(({ field }) => outputField(field, dictionaries)));
}

/** A column with an Arrow field of its own keeps it; one of a table has that of the table; an attribute is text. */
function outputField({ name, type, fieldId, arrow }: ReadColumn, dictionaries: boolean): Field {
  if (arrow !== undefined) return arrow;
  if (fieldId === undefined)
    return new Field(name, dictionaries ? new Dictionary(new Utf8(), new Int32()) : new Utf8(), true);
  return arrowField({ name, type: type as ColumnType, nullable: true }, fieldId, dictionaries);
}

/** The selected rows, gathered. `schema` is that of `outputSchema(output)`. */
export function toRecordBatch(
  { batch, rows }: SelectedBatch,
  output: readonly OutputColumn[],
  schema: Schema = outputSchema(output),
): RecordBatch {
  const children = output.map(({ source }, i) => gather(batch.source(source), rows, schema.fields[i]!.type));
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children }),
  );
}

function gather(view: View, rows: Int32Array, type: Field['type']): Data {
  const length = rows.length;
  const first = rows[0] ?? 0;
  // Ascending rows without a gap need no gathering: full rows of spans took half of the time.
  if (length > 0 && rows[length - 1]! - first === length - 1)
    return whole(sliceView(view, first, first + length), type);
  if (view.kind === 'text' && DataType.isDictionary(type)) return codedText(view, type as never, rows);
  const base = { type, length, ...gatherNulls(view, rows) };
  switch (view.kind) {
    case 'text':
      return makeData({ ...base, ...gatherTextAs(view, rows, type) } as never);
    case 'int':
    case 'timestamp': {
      const data = isNarrow(type) ? gatherLowWords(view.values, rows, type) : gatherWords(view.values, rows);
      return makeData({ ...base, data } as never);
    }
    case 'double':
      return makeData({ ...base, data: gatherDoubles(view.values, rows, type) } as never);
    case 'decimal':
      return makeData({ ...base, data: gatherDecimals(view, rows, type) } as never);
    case 'bool':
      return makeData({ ...base, data: bitmap(length, (i) => view.values[rows[i]!] === 1) } as never);
    case 'map':
    case 'entries': {
      const { valueOffsets, items } = gatherItems(view.offsets, rows);
      const entry = (type as unknown as Map_).children[0]!.type as Struct;
      const children = [view.keys, view.values].map((side, i) => gather(side, items, entry.children[i]!.type));
      const child = makeData({ type: entry, length: items.length, nullCount: 0, children });
      return makeData({ ...base, valueOffsets, child } as never);
    }
    case 'list': {
      const { valueOffsets, items } = gatherItems(view.offsets, rows);
      const child = gather(view.element, items, type.children[0]!.type);
      return makeData({ ...base, valueOffsets, child } as never);
    }
    case 'struct': {
      const children = view.fields.map((field, i) => gather(field, rows, type.children[i]!.type));
      return makeData({ ...base, children } as never);
    }
  }
}

/** Every row of a view, over its own buffers where they have Arrow's form. */
function whole(view: View, type: Field['type']): Data {
  const length = view.rows;
  if (view.kind === 'text' && DataType.isDictionary(type)) return codedText(view, type as never);
  const base = { type, length, ...nullsOf(view) };
  switch (view.kind) {
    case 'text': {
      if (view.codes !== undefined || DataType.isFixedSizeBinary(type)) {
        return makeData({ ...base, ...gatherTextAs(view, countUp(length), type) } as never);
      }
      const { valueOffsets, start, end } = fromZero(view.offsets);
      return makeData({ ...base, valueOffsets, data: view.bytes.subarray(start, end) } as never);
    }
    case 'int':
    case 'timestamp': {
      const data = isNarrow(type) ? gatherLowWords(view.values, countUp(length), type) : view.values;
      return makeData({ ...base, data } as never);
    }
    case 'double':
      return makeData({ ...base, data: isSingle(type) ? Float32Array.from(view.values) : view.values } as never);
    case 'decimal':
      return makeData({ ...base, data: gatherDecimals(view, countUp(length), type) } as never);
    case 'bool':
      return makeData({ ...base, data: bitmapOf(view.values) } as never);
    case 'map':
    case 'entries': {
      const { valueOffsets, start, end } = fromZero(view.offsets);
      const entry = (type as unknown as Map_).children[0]!.type as Struct;
      const sides = [view.keys, view.values].map((side) => sliceView(side, start, end));
      const children = sides.map((side, i) => whole(side, entry.children[i]!.type));
      const child = makeData({ type: entry, length: end - start, nullCount: 0, children });
      return makeData({ ...base, valueOffsets, child } as never);
    }
    case 'list': {
      const { valueOffsets, start, end } = fromZero(view.offsets);
      const child = whole(sliceView(view.element, start, end), type.children[0]!.type);
      return makeData({ ...base, valueOffsets, child } as never);
    }
    case 'struct': {
      const children = view.fields.map((field, i) => whole(field, type.children[i]!.type));
      return makeData({ ...base, children } as never);
    }
  }
}
