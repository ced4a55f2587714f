/** Columns with columns inside: lists, structs and maps. */
import { type Data, type DataType, Field, List, Map_, makeData, Struct } from 'apache-arrow';
import { Offsets } from '../../batch/columns.ts';
import { Validity, validNulls } from '../../batch/validity.ts';
import { parseJson } from '../json-text.ts';
import { type ColumnContext, type Mismatch, prefix, put, type RecordColumn, type Slot } from './column.ts';
import { fieldGetter, unknownKey } from './keys.ts';

/** A slot and its Arrow field, whose type is known when its column has finished. */
export interface NestedSlot extends Slot {
  readonly field: Field;
}

function fieldOf({ field, column }: NestedSlot): Field {
  return new Field(field.name, column.type, field.nullable, field.metadata);
}

export class ListColumn implements RecordColumn {
  length = 0;
  readonly #element: NestedSlot;
  readonly #context: ColumnContext;
  readonly #offsets = new Offsets();
  readonly #valid = new Validity();

  constructor(element: NestedSlot, context: ColumnContext) {
    this.#element = element;
    this.#context = context;
  }

  get memoryBytes(): number {
    return 5 * this.length + this.#element.column.memoryBytes;
  }

  get type(): DataType {
    return new List(fieldOf(this.#element));
  }

  push(value: unknown): Mismatch | undefined {
    const items = typeof value === 'string' ? parseNested(value) : value;
    if (!isList(items)) return { path: '', found: value, expected: 'a list' };
    const { column } = this.#element;
    const start = column.length;
    let i = 0;
    for (const item of items) {
      const noted = this.#context.noted.length;
      const bad = put(this.#element, item, this.#context);
      if (bad !== undefined || this.#context.noted.length > noted) prefix(this.#context, noted, bad, `[${i}]`);
      if (bad !== undefined) {
        column.truncate(start);
        return bad;
      }
      i++;
    }
    this.#endRow(true);
    return undefined;
  }

  pushNull(): void {
    this.#endRow(false);
  }

  truncate(length: number): void {
    this.#element.column.truncate(this.#offsets.at(length));
    this.length = length;
  }

  finish(): Data {
    const { length } = this;
    const child = this.#element.column.finish();
    const nulls = validNulls(this.#valid.finish(length), length);
    const valueOffsets = this.#offsets.finish(length);
    this.length = 0;
    return makeData({ type: this.type, length, ...nulls, valueOffsets, child } as never);
  }

  #endRow(present: boolean): void {
    this.#offsets.push(this.length, this.#element.column.length);
    this.#valid.push(this.length++, present);
  }
}

export class StructColumn implements RecordColumn {
  length = 0;
  readonly #slots: readonly NestedSlot[];
  readonly #getters: readonly ((record: object) => unknown)[];
  readonly #names: ReadonlySet<string>;
  readonly #context: ColumnContext;
  readonly #valid = new Validity();

  constructor(slots: readonly NestedSlot[], context: ColumnContext) {
    this.#slots = slots;
    this.#getters = slots.map(({ name }) => fieldGetter(name));
    this.#names = new Set(slots.map(({ name }) => name));
    this.#context = context;
  }

  get memoryBytes(): number {
    return this.#slots.reduce((sum, { column }) => sum + column.memoryBytes, this.length);
  }

  get type(): DataType {
    return new Struct(this.#slots.map(fieldOf));
  }

  push(value: unknown): Mismatch | undefined {
    const object = typeof value === 'string' ? parseNested(value) : value;
    if (!isObject(object)) return { path: '', found: value, expected: 'an object' };
    let found = 0;
    for (let i = 0; i < this.#slots.length; i++) {
      const slot = this.#slots[i]!;
      const noted = this.#context.noted.length;
      const item = this.#getters[i]!(object);
      if (item !== undefined) found++;
      const bad = put(slot, item, this.#context);
      if (bad !== undefined || this.#context.noted.length > noted) prefix(this.#context, noted, bad, `.${slot.name}`);
      if (bad !== undefined) return this.#back(bad);
    }
    const unknown = this.#context.ignoreUnknown ? undefined : unknownKey(object, found, this.#names);
    if (unknown !== undefined) {
      return this.#back({ path: `.${unknown}`, found: (object as never)[unknown], expected: 'no such field' });
    }
    this.#valid.push(this.length++, true);
    return undefined;
  }

  pushNull(): void {
    for (const { column } of this.#slots) column.pushNull();
    this.#valid.push(this.length++, false);
  }

  truncate(length: number): void {
    for (const { column } of this.#slots) column.truncate(length);
    this.length = length;
  }

  finish(): Data {
    const { length } = this;
    const children = this.#slots.map(({ column }) => column.finish());
    const nulls = validNulls(this.#valid.finish(length), length);
    this.length = 0;
    return makeData({ type: this.type, length, ...nulls, children } as never);
  }

  #back(bad: Mismatch): Mismatch {
    this.truncate(this.length);
    return bad;
  }
}

export class MapColumn implements RecordColumn {
  length = 0;
  readonly #key: NestedSlot;
  readonly #value: NestedSlot;
  readonly #context: ColumnContext;
  readonly #offsets = new Offsets();
  readonly #valid = new Validity();

  constructor(key: NestedSlot, value: NestedSlot, context: ColumnContext) {
    this.#key = key;
    this.#value = value;
    this.#context = context;
  }

  get memoryBytes(): number {
    return 5 * this.length + this.#key.column.memoryBytes + this.#value.column.memoryBytes;
  }

  get type(): DataType {
    return new Map_(new Field('key_value', this.#entryType(), false) as never, false);
  }

  push(value: unknown): Mismatch | undefined {
    const map = typeof value === 'string' ? parseNested(value) : value;
    if (!isObject(map) && !Array.isArray(map))
      return { path: '', found: value, expected: 'a map: an object, a Map or pairs' };
    const start = this.#key.column.length;
    const bad = this.#pushEntries(map);
    if (bad !== undefined) {
      this.#key.column.truncate(start);
      this.#value.column.truncate(start);
      return bad;
    }
    this.#endRow(true);
    return undefined;
  }

  pushNull(): void {
    this.#endRow(false);
  }

  truncate(length: number): void {
    const entries = this.#offsets.at(length);
    this.#key.column.truncate(entries);
    this.#value.column.truncate(entries);
    this.length = length;
  }

  finish(): Data {
    const { length } = this;
    const entries = this.#key.column.length;
    const children = [this.#key.column.finish(), this.#value.column.finish()];
    const child = makeData({ type: this.#entryType() as never, length: entries, nullCount: 0, children });
    const nulls = validNulls(this.#valid.finish(length), length);
    const valueOffsets = this.#offsets.finish(length);
    this.length = 0;
    return makeData({ type: this.type, length, ...nulls, valueOffsets, child } as never);
  }

  #entryType(): Struct {
    return new Struct([fieldOf(this.#key), fieldOf(this.#value)]);
  }

  #pushEntries(map: object): Mismatch | undefined {
    if (!(map instanceof Map) && !Array.isArray(map)) {
      for (const key in map) {
        if (!Object.hasOwn(map, key)) continue;
        const bad = this.#pushEntry(key, (map as Record<string, unknown>)[key]);
        if (bad !== undefined) return bad;
      }
      return undefined;
    }
    const seen = new Set<string>();
    for (const entry of map as Iterable<unknown>) {
      if (!Array.isArray(entry) || entry.length !== 2)
        return { path: '', found: entry, expected: 'a pair of key and value' };
      // As text a Date forgets its milliseconds.
      const text = entry[0] instanceof Date ? String(entry[0].getTime()) : String(entry[0]);
      if (seen.has(text)) return { path: `[${JSON.stringify(text)}]`, found: entry[0], expected: 'each key once' };
      seen.add(text);
      const bad = this.#pushEntry(entry[0], entry[1]);
      if (bad !== undefined) return bad;
    }
    return undefined;
  }

  /** Keys of objects are different from each other as texts; that two may be one number is for the writer of the map to know. */
  #pushEntry(key: unknown, value: unknown): Mismatch | undefined {
    const noted = this.#context.noted.length;
    const badKey = put(this.#key, key, this.#context);
    const bad = badKey ?? put(this.#value, value, this.#context);
    if (bad !== undefined || this.#context.noted.length > noted) {
      prefix(this.#context, noted, bad, `[${JSON.stringify(String(key))}]`);
    }
    return bad;
  }

  #endRow(present: boolean): void {
    this.#offsets.push(this.length, this.#key.column.length);
    this.#valid.push(this.length++, present);
  }
}

function isList(value: unknown): value is Iterable<unknown> {
  return Array.isArray(value) || value instanceof Set || (ArrayBuffer.isView(value) && Symbol.iterator in value);
}

function isObject(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof Date)
  );
}

/** The value of JSON text; undefined where it is none. */
function parseNested(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
