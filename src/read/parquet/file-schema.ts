/**
 * The schema in a Parquet footer. Most files of a lake have the same one, byte for byte: it is parsed once, and shared by
 * their footers.
 */
import type { SchemaElement } from 'hyparquet';
import { parseSchema } from './part-footer.ts';
import { readBinary, readListOf, skip, WIRE, walkStruct } from './thrift.ts';

export interface FileColumn {
  /** Number of its schema element. */
  readonly first: number;
  /** Numbers of its column chunks in a row group. */
  readonly leaves: readonly number[];
}

export interface FileSchema {
  /** Flattened, the root first. */
  readonly elements: readonly SchemaElement[];
  /** Those of the leaf columns, in the order of a row group's column chunks. */
  readonly leaves: readonly SchemaElement[];
  /** The same as they stand in the footer. */
  readonly leafBytes: readonly Uint8Array[];
  /** Their names as they stand there. */
  readonly leafNames: readonly Uint8Array[];
  /** Columns by their names, nested ones once. */
  readonly columns: ReadonlyMap<string, FileColumn>;
}

/** Schemas that were met last, and the most bytes of one that is kept. */
const MAX_KNOWN = 16;
const MAX_KNOWN_BYTES = 256 * 1024;
const known: { readonly bytes: Uint8Array; readonly schema: FileSchema }[] = [];

/** The schema whose elements stand in this list; throws where it is none. */
export function schemaOf(list: Uint8Array): FileSchema {
  const found = known.findIndex(({ bytes }) => Buffer.compare(bytes, list) === 0);
  if (found < 0 && list.length > MAX_KNOWN_BYTES) return parsed(list);
  const bytes = list.slice();
  const one = found < 0 ? { bytes, schema: parsed(bytes) } : known.splice(found, 1)[0]!;
  known.unshift(one);
  if (known.length > MAX_KNOWN) known.pop();
  return one.schema;
}

function parsed(list: Uint8Array): FileSchema {
  const elements = parseSchema(list);
  if (elements.length === 0) throw new Error('the schema is empty');
  const walk = { bytes: list, at: 0 };
  readListOf(walk, WIRE.struct);
  const places = elements.map(() => {
    const start = walk.at;
    skip(walk, WIRE.struct);
    return list.subarray(start, walk.at);
  });
  const isLeaf = ({ type }: SchemaElement) => type !== undefined;
  const leafBytes = places.filter((_, i) => isLeaf(elements[i]!));
  const leafNames = leafBytes.map(nameOf);
  return { elements, leaves: elements.filter(isLeaf), leafBytes, leafNames, columns: columnsOf(elements) };
}

function nameOf(element: Uint8Array): Uint8Array {
  let name: Uint8Array = new Uint8Array(0);
  const walk = { bytes: element, at: 0 };
  walkStruct(walk, (id) => {
    if (id === 4) name = readBinary(walk);
    return id === 4;
  });
  return name;
}

/** The children of the root, as ranges of the flattened schema. */
export function topLevel(
  schema: readonly SchemaElement[],
): readonly { readonly first: number; readonly end: number }[] {
  const children: { first: number; end: number }[] = [];
  for (let i = 1; i < schema.length; ) {
    const first = i;
    let open = 1;
    while (open > 0 && i < schema.length) {
      open += (schema[i]!.num_children ?? 0) - 1;
      i++;
    }
    children.push({ first, end: i });
  }
  return children;
}

function columnsOf(elements: readonly SchemaElement[]): ReadonlyMap<string, FileColumn> {
  const columns = new Map<string, FileColumn>();
  let leaf = 0;
  for (const { first, end } of topLevel(elements)) {
    const count = elements.slice(first, end).filter(({ type }) => type !== undefined).length;
    const leaves = Array.from({ length: count }, (_, i) => leaf + i);
    columns.set(elements[first]!.name, { first, leaves });
    leaf += count;
  }
  return columns;
}
