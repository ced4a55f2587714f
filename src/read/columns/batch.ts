/**
 * A batch of a read: the columns a file or the journal gave, under the table's schema. A column is made a view when it
 * is first asked for. A column the file has not is null; a promoted one is answered from the maps.
 */
import type { RecordBatch } from 'apache-arrow';
import { BridgeError } from '../../errors.ts';
import type { Promotion } from '../../model/layout.ts';
import type { Source } from '../filter/predicate.ts';
import { type PathColumns, pathView } from '../path-columns.ts';
import type { ReadColumn, ReadSchema, ReadType } from '../schema.ts';
import { attributeView } from './attribute.ts';
import { fromArrow } from './from-arrow.ts';
import { findEntries } from './lookup.ts';
import { nullView } from './nulls.ts';
import { promotedView } from './promoted.ts';
import type { MapView, TextView, View } from './view.ts';

export interface ReadBatch {
  readonly rows: number;
  column(name: string): View;
  map(name: string): MapView;
  /** For each row the entry of a key in a map, -1 where it has none. */
  entries(map: string, key: string): Int32Array;
  /** The value a filter or a selection names. */
  source(source: Source): View;
}

export interface TableColumns {
  readonly schema: ReadSchema;
  readonly promotions: readonly Promotion[];
}

/** A batch over Arrow data. */
export function createReadBatch(arrow: RecordBatch, table: TableColumns): ReadBatch {
  const found = (name: string, type: ReadType) => {
    const i = arrow.schema.fields.findIndex((field) => field.name === name);
    return i < 0 ? undefined : fromArrow(arrow.data.children[i]!, type, name);
  };
  return batchOf(found, arrow.numRows, table);
}

/** A batch over columns that are views already, or in the path of their file. */
export function viewBatch(
  columns: ReadonlyMap<string, View>,
  rows: number,
  table: TableColumns,
  inPath?: PathColumns,
): ReadBatch {
  const found = (name: string) => {
    const column = inPath?.get(name);
    return columns.get(name) ?? (column && pathView(column, rows));
  };
  return batchOf(found, rows, table);
}

type FindColumn = (name: string, type: ReadType) => View | undefined;

function batchOf(find: FindColumn, rows: number, table: TableColumns): ReadBatch {
  const views = new Map<string, View>();
  const found = new Map<string, Int32Array>();
  const batch: ReadBatch = {
    rows,
    column(name) {
      let view = views.get(name);
      if (view === undefined) {
        view = columnView(batch, find, table, name);
        views.set(name, view);
      }
      return view;
    },
    map(name) {
      const view = batch.column(name);
      if (view.kind !== 'map') throw new BridgeError('internal', `column ${name} is ${view.kind}, expected a map`);
      return view;
    },
    entries(map, key) {
      const memo = `${map}\0${key}`;
      let entries = found.get(memo);
      if (entries === undefined) {
        entries = findEntries(batch.map(map), key);
        found.set(memo, entries);
      }
      return entries;
    },
    source(source) {
      return source.kind === 'attribute' ? attributeView(batch, source.maps, source.key) : batch.column(source.column);
    },
  };
  return batch;
}

function columnView(batch: ReadBatch, find: FindColumn, table: TableColumns, name: string): View {
  const column = columnOf(table.schema, name);
  const found = find(name, column.type);
  if (found !== undefined) return found;
  const promotion = table.promotions.find((candidate) => candidate.column === name);
  return promotion === undefined ? nullView(column.type, batch.rows) : promotedView(batch, promotion);
}

function columnOf(schema: ReadSchema, name: string): ReadColumn {
  const column = schema.columns.find((candidate) => candidate.name === name);
  if (column === undefined) throw new BridgeError('internal', `table ${schema.name} has no column ${name}`);
  return column;
}

/** A text column, for callers that know it is one. */
export function textColumn(batch: ReadBatch, name: string): TextView {
  const view = batch.column(name);
  if (view.kind !== 'text') throw new BridgeError('internal', `column ${name} is ${view.kind}, expected text`);
  return view;
}
