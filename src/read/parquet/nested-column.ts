/**
 * Leaf columns put together to the column they are of: lists, maps and structs from repetition and definition levels
 * (Dremel's record assembly, on columns). Each list's offsets come from the levels of its first leaf; that the other
 * leaves below it speak of as many items is checked.
 */
import { nullView } from '../columns/nulls.ts';
import type { TextView, View } from '../columns/view.ts';
import type { ColumnForm, EntriesForm, LeafForm, ListForm, MapForm, StructForm } from './column-form.ts';
import type { DecodedLeaf } from './leaf-column.ts';
import type { LeafLevels } from './levels.ts';

/** The column of `rows` rows. `decode` gives a leaf's wanted rows; every leaf is asked for once. */
export function assembleColumn(form: ColumnForm, rows: number, decode: (leaf: LeafForm) => DecodedLeaf): View {
  const { view } = assemble(form, decode);
  if (view.rows !== rows) throw new Error(`it gave ${view.rows} rows instead of ${rows}`);
  return view;
}

interface Assembled {
  readonly view: View;
  /** Of its first leaf. */
  readonly levels: LeafLevels;
}

function assemble(form: ColumnForm, decode: (leaf: LeafForm) => DecodedLeaf): Assembled {
  switch (form.kind) {
    case 'leaf':
      return decode(form);
    case 'struct':
      return structOf(form, decode);
    case 'list': {
      const { view: element, levels } = assemble(form.element, decode);
      const { offsets, valid } = listOf(form, form.element, levels, element.rows);
      return { view: { kind: 'list', rows: offsets.length - 1, offsets, element, valid }, levels };
    }
    case 'map':
      return mapOf(form, decode);
    case 'entries':
      return entriesOf(form, decode);
  }
}

function mapOf(form: MapForm, decode: (leaf: LeafForm) => DecodedLeaf): Assembled {
  const { view: keys, levels } = decode(form.key);
  const { view: values } = decode(form.value);
  if (values.rows !== keys.rows) throw new Error(`a map has ${keys.rows} keys and ${values.rows} values`);
  const { offsets, valid } = listOf(form, form.key, levels, keys.rows);
  const sides = { keys: keys as TextView, values: values as TextView };
  return { view: { kind: 'map', rows: offsets.length - 1, offsets, ...sides, valid }, levels };
}

function entriesOf(form: EntriesForm, decode: (leaf: LeafForm) => DecodedLeaf): Assembled {
  const { view: keys, levels } = assemble(form.key, decode);
  const { view: values } = assemble(form.value, decode);
  if (values.rows !== keys.rows) throw new Error(`a map has ${keys.rows} keys and ${values.rows} values`);
  const { offsets, valid } = listOf(form, form.key, levels, keys.rows);
  return { view: { kind: 'entries', rows: offsets.length - 1, offsets, keys, values, valid }, levels };
}

function structOf(form: StructForm, decode: (leaf: LeafForm) => DecodedLeaf): Assembled {
  const found = form.fields.map((field) => (field.kind === 'absent' ? undefined : assemble(field, decode)));
  const first = found.find((field) => field !== undefined)!;
  const { rows } = first.view;
  const fields = form.fields.map((field, i) => {
    const view = found[i]?.view ?? nullView((field as { type: Parameters<typeof nullView>[0] }).type, rows);
    if (view.rows !== rows) throw new Error(`${form.names[i]} has ${view.rows} items where another field has ${rows}`);
    return view;
  });
  const valid = form.definition > form.item ? structValid(form, first.levels, rows) : undefined;
  return { view: { kind: 'struct', rows, names: form.names, fields, valid }, levels: first.levels };
}

/** An entry of a struct stands for one of its slots where no list below the struct goes on with it. */
function structValid(form: StructForm, levels: LeafLevels, rows: number): Uint8Array | undefined {
  const { entries, definition } = levels;
  if (definition === undefined) return undefined;
  const isSlot = continuation(levels, form.repetition);
  const valid = new Uint8Array(rows);
  let slot = 0;
  let present = 0;
  for (let i = 0; i < entries; i++) {
    const level = definition[i]!;
    if (level < form.item || !isSlot(i)) continue;
    if (slot >= rows) throw new Error(`a struct has more than ${rows} items`);
    const value = level >= form.definition ? 1 : 0;
    valid[slot++] = value;
    present += value;
  }
  return present === slot ? undefined : valid;
}

/** Whether an entry begins an item of the lists at a depth (0: a row), and does not go on with a list further in. */
function continuation({ repetition, starts }: LeafLevels, depth: number): (entry: number) => boolean {
  if (repetition !== undefined) return (entry) => repetition[entry]! <= depth;
  if (starts === undefined || depth > 0) return () => true;
  let row = 0;
  return (entry) => {
    while (starts[row]! < entry) row++;
    return starts[row] === entry;
  };
}

interface Runs {
  readonly offsets: Int32Array;
  readonly valid: Uint8Array | undefined;
}

/** Offsets and validity of the lists around `inner`, which has `items` slots. */
function listOf(list: ListForm | MapForm | EntriesForm, inner: ColumnForm, levels: LeafLevels, items: number): Runs {
  const { rows, entries, definition, repetition, starts } = levels;
  // Every entry is an item.
  if (definition === undefined && repetition === undefined) return { offsets: starts!, valid: undefined };
  const { item: slotLevel, repetition: depth } = list;
  const isSlot = continuation(levels, depth);
  const isItem = continuation(levels, inner.repetition);
  const most = depth === 0 ? rows : entries;
  const offsets = new Int32Array(most + 1);
  const valid = new Uint8Array(most);
  let slots = 0;
  let present = 0;
  let item = 0;
  for (let i = 0; i < entries; i++) {
    const level = definition === undefined ? HIGHEST : definition[i]!;
    if (level >= slotLevel && isSlot(i)) {
      offsets[slots] = item;
      const value = level >= list.definition ? 1 : 0;
      valid[slots++] = value;
      present += value;
    }
    if (level >= inner.item && isItem(i)) item++;
  }
  if (item !== items) throw new Error(`lists have ${item} items, the columns in them ${items}`);
  offsets[slots] = item;
  return { offsets: offsets.subarray(0, slots + 1), valid: present === slots ? undefined : valid.subarray(0, slots) };
}

/** No level is higher. */
const HIGHEST = 255;
