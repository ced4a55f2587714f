/**
 * The metadata in a footer, made only as far as it is asked: one walk finds where the column chunks of the row groups
 * stand and checks that their data lie inside of the file; what a chunk says, its statistics above all, is parsed when a
 * read takes it, and then kept. Footers are most of what a read of many files has to do where it finds little, and most
 * of what the garbage collector goes through in a thread that keeps them: of 45 columns a read asks one or two.
 *
 * Names are those of the format (https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift).
 */
import type { ColumnChunk, ColumnMetaData, KeyValue, SchemaElement } from 'hyparquet';
import { ParquetTypes } from 'hyparquet/src/constants.js';
import { BridgeError } from '../../errors.ts';
import { type FileSchema, schemaOf } from './file-schema.ts';
import { corruptFile } from './object-reader.ts';
import { parseChunk, parseKeyValues } from './part-footer.ts';
import {
  readBinary,
  readInteger,
  readListOf,
  readVarint,
  skip,
  skipBytes,
  type Walk,
  WIRE,
  walkStruct,
} from './thrift.ts';

export interface FileMetadata {
  readonly version: number;
  readonly schema: readonly SchemaElement[];
  readonly num_rows: bigint;
  readonly row_groups: readonly RowGroup[];
  readonly key_value_metadata: readonly KeyValue[] | undefined;
  /** Bytes of it in the file. */
  readonly metadata_length: number;
}

export interface RowGroup {
  readonly num_rows: bigint;
  /** One for each leaf of the schema, but in a row group without rows. */
  readonly columns: readonly FileChunk[];
  /** Where in the file the first of its page indexes stands, Infinity where it has none. */
  readonly indexStart: number;
}

/** A column chunk; what it says is parsed when it is asked, and throws `corrupt` where it cannot be. */
export interface FileChunk {
  readonly meta_data: ColumnMetaData | undefined;
  readonly offset_index_offset: bigint | undefined;
  readonly offset_index_length: number | undefined;
  readonly column_index_offset: bigint | undefined;
  readonly column_index_length: number | undefined;
}

/** Data lie between the magic at the beginning of a file and its footer. */
const DATA_START = 4;

/** What is made on demand is made from these bytes. */
interface Source {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly schema: FileSchema;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

class LazyChunk implements FileChunk {
  readonly #source: Source;
  readonly #leaf: number;
  readonly #start: number;
  readonly #end: number;
  #parsed: ColumnChunk | undefined;

  constructor(source: Source, leaf: number, { start, end }: Range) {
    this.#source = source;
    this.#leaf = leaf;
    this.#start = start;
    this.#end = end;
  }

  #parse(): ColumnChunk {
    const { key, bytes, schema } = this.#source;
    this.#parsed ??= orCorrupt(key, () => {
      return parseChunk(schema.leafBytes[this.#leaf]!, bytes.subarray(this.#start, this.#end));
    });
    return this.#parsed;
  }

  get meta_data(): ColumnMetaData | undefined {
    return this.#parse().meta_data;
  }

  get offset_index_offset(): bigint | undefined {
    return this.#parse().offset_index_offset;
  }

  get offset_index_length(): number | undefined {
    return this.#parse().offset_index_length;
  }

  get column_index_offset(): bigint | undefined {
    return this.#parse().column_index_offset;
  }

  get column_index_length(): number | undefined {
    return this.#parse().column_index_length;
  }
}

export interface ParsedMetadata {
  readonly metadata: FileMetadata;
  readonly schema: FileSchema;
}

/** From the struct FileMetaData of a file whose data end at `dataEnd`. Throws `corrupt`. */
export function parseMetadata(key: string, bytes: Uint8Array, dataEnd: number): ParsedMetadata {
  return orCorrupt(key, () => {
    const walk: Walk = { bytes, at: 0 };
    let [version, rows] = [0, 0];
    const lists = new Map<number, Range>();
    let source: Source | undefined;
    let groups: readonly RowGroup[] | undefined;
    walkStruct(walk, (id, type) => {
      const start = walk.at;
      if (id === 1) version = readInteger(walk);
      else if (id === 3) rows = readInteger(walk);
      else if (id === 4 && source !== undefined) groups = readGroups(walk, source, dataEnd);
      else if (type !== WIRE.list) return false;
      else {
        skip(walk, type);
        lists.set(id, { start, end: walk.at });
        if (id === 2) source = { key, bytes, schema: schemaOf(bytes.subarray(start, walk.at)) };
      }
      return true;
    });
    if (source === undefined) throw new Error('it has no schema');
    const groupsAt = lists.get(4)?.start;
    if (groupsAt !== undefined) groups = readGroups({ bytes, at: groupsAt }, source, dataEnd);
    if (groups === undefined) throw new Error('it has no row groups');
    return parsedMetadata(source, version, rows, groups, lists.get(5));
  });
}

function parsedMetadata(
  source: Source,
  version: number,
  rows: number,
  row_groups: readonly RowGroup[],
  keyValues: Range | undefined,
): ParsedMetadata {
  const { key, schema } = source;
  let pairs: readonly KeyValue[] | undefined;
  const metadata: FileMetadata = {
    version,
    schema: schema.elements,
    num_rows: BigInt(rows),
    row_groups,
    get key_value_metadata() {
      if (keyValues === undefined) return undefined;
      pairs ??= orCorrupt(key, () => parseKeyValues(source.bytes.subarray(keyValues.start, keyValues.end)));
      return pairs;
    },
    metadata_length: source.bytes.length,
  };
  return { metadata, schema };
}

function readGroups(walk: Walk, source: Source, dataEnd: number): readonly RowGroup[] {
  const count = readListOf(walk, WIRE.struct);
  const groups: RowGroup[] = [];
  while (groups.length < count) groups.push(readGroup(walk, source, groups.length, dataEnd));
  return groups;
}

function readGroup(walk: Walk, source: Source, group: number, dataEnd: number): RowGroup {
  const { leaves } = source.schema;
  const columns: LazyChunk[] = [];
  let rows = 0;
  let indexStart = Number.POSITIVE_INFINITY;
  let problem: string | undefined;
  walkStruct(walk, (id) => {
    if (id === 3) rows = readInteger(walk);
    else if (id !== 1) return false;
    else {
      const count = readListOf(walk, WIRE.struct);
      while (columns.length < count) {
        const leaf = columns.length;
        const start = walk.at;
        const facts = readFacts(walk);
        const chunk = new LazyChunk(source, leaf, { start, end: walk.at });
        columns.push(chunk);
        if (facts.offsetIndex > 0) indexStart = Math.min(indexStart, facts.offsetIndex);
        if (facts.columnIndex > 0) indexStart = Math.min(indexStart, facts.columnIndex);
        if (leaf < leaves.length) problem ??= problemOf(facts, chunk, source, leaf, group, dataEnd);
      }
    }
    return true;
  });
  // pyarrow writes a table without rows as a row group without pages, whose offsets mean nothing.
  if (rows !== 0) {
    if (columns.length !== leaves.length) {
      problem = `row group ${group} has ${columns.length} columns, its schema ${leaves.length}`;
    }
    if (problem !== undefined) throw corruptFile(source.key, problem);
  }
  return { num_rows: BigInt(rows), columns, indexStart };
}

/** What a column chunk is checked by. */
interface ChunkFacts {
  /** Its metadata is here, and its data in this file. */
  isHere: boolean;
  type: number;
  /** Where the name of the leaf stands, the last of its path. */
  nameStart: number;
  nameEnd: number;
  dataPages: number;
  dictionaryPage: number;
  compressedBytes: number;
  /** Where in the file its page indexes stand, 0 where there are none. */
  offsetIndex: number;
  columnIndex: number;
}

function readFacts(walk: Walk): ChunkFacts {
  const facts: ChunkFacts = {
    isHere: false,
    type: -1,
    nameStart: 0,
    nameEnd: 0,
    dataPages: 0,
    dictionaryPage: 0,
    compressedBytes: 0,
    offsetIndex: 0,
    columnIndex: 0,
  };
  let isElsewhere = false;
  walkStruct(walk, (id) => {
    if (id === 1) isElsewhere = readBinary(walk).length > 0;
    else if (id === 3) readMetaFacts(walk, facts);
    else if (id === 4) facts.offsetIndex = readInteger(walk);
    else if (id === 6) facts.columnIndex = readInteger(walk);
    else return false;
    return true;
  });
  if (isElsewhere) facts.isHere = false;
  return facts;
}

function readMetaFacts(walk: Walk, facts: ChunkFacts): void {
  facts.isHere = true;
  walkStruct(walk, (id) => {
    if (id === 1) facts.type = readInteger(walk);
    else if (id === 3) readPath(walk, facts);
    else if (id === 7) facts.compressedBytes = readInteger(walk);
    else if (id === 9) facts.dataPages = readInteger(walk);
    else if (id === 11) facts.dictionaryPage = readInteger(walk);
    else return false;
    return true;
  });
}

function readPath(walk: Walk, facts: ChunkFacts): void {
  for (let left = readListOf(walk, WIRE.binary); left > 0; left--) {
    const length = readVarint(walk);
    facts.nameStart = walk.at;
    skipBytes(walk, length);
    facts.nameEnd = walk.at;
  }
}

/**
 * Every column chunk lies between the leading magic and the footer, so that no read goes astray; and there is one for
 * each leaf of the schema, in its order, as the format has it.
 */
function problemOf(
  { isHere, type, nameStart, nameEnd, dataPages, dictionaryPage, compressedBytes }: ChunkFacts,
  chunk: FileChunk,
  { bytes, schema }: Source,
  leaf: number,
  group: number,
  dataEnd: number,
): string | undefined {
  if (!isHere) return `row group ${group} has a column that is encrypted or in another file`;
  const element = schema.leaves[leaf]!;
  const name = schema.leafNames[leaf]!;
  if (!isAt(bytes, nameStart, nameEnd, name) || ParquetTypes[type] !== element.type) {
    return `column ${leaf} of row group ${group} is not ${element.name} as in its schema`;
  }
  const start = dictionaryPage > 0 && dictionaryPage < dataPages ? dictionaryPage : dataPages;
  if (start >= DATA_START && compressedBytes >= 0 && start + compressedBytes <= dataEnd) return undefined;
  return `column ${chunk.meta_data!.path_in_schema.join('.')} of row group ${group} lies outside of the data`;
}

function isAt(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return false;
  return true;
}

/** Parses what no read has asked yet, for the check of a whole file. Throws `corrupt`. */
export function parseAll({ row_groups }: FileMetadata): void {
  for (const { columns } of row_groups) for (const chunk of columns) void chunk.meta_data;
}

/** What is no error of the file's by itself, a value that is cut or of another type, becomes one. */
function orCorrupt<T>(key: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof BridgeError ? error : corruptFile(key, 'its footer', error);
  }
}
