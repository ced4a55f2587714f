/**
 * Parts of a footer, each handed to hyparquet as a footer of its own that holds nothing else: what the parts mean is
 * said in one place, and costs only where it is asked.
 */
import {
  type ColumnChunk,
  type FileMetaData,
  type ParquetParsers,
  parquetMetadata,
  type SchemaElement,
} from 'hyparquet';

/** For footers and column indexes: statistics keep their exact values, text as bytes, timestamps as microseconds. */
export const EXACT: Partial<ParquetParsers> = {
  stringFromBytes: (bytes) => bytes,
  timestampFromMilliseconds: (ms) => ms * 1000n,
  timestampFromMicroseconds: (us) => us,
  timestampFromNanoseconds: (ns) => (ns - (((ns % 1000n) + 1000n) % 1000n)) / 1000n,
  // What is declared as the parsers' result is only what the defaults give.
  dateFromDays: (days) => days as unknown as Date,
  uuidFromBytes: (bytes) => bytes as unknown as string,
};

// Headers of fields, each with those before it, and lists: fields have the distance to the one before.
const SCHEMA = Uint8Array.of(0x29);
const ROWS_AND_GROUPS = Uint8Array.of(0x16, 0x00, 0x19);
const KEY_VALUES = Uint8Array.of(0x19);
const NONE = Uint8Array.of(0x0c);
const ONE = Uint8Array.of(0x1c);
const COLUMNS = Uint8Array.of(0x19);
/** Size and number of rows of a row group, and its end. */
const NO_ROWS = Uint8Array.of(0x16, 0x00, 0x16, 0x00, 0x00);
const END = Uint8Array.of(0x00);

/** From the list of SchemaElement. */
export function parseSchema(list: Uint8Array): SchemaElement[] {
  return parse([SCHEMA, list, ROWS_AND_GROUPS, NONE, END]).schema;
}

/** From a ColumnChunk and the SchemaElement of its leaf. */
export function parseChunk(element: Uint8Array, chunk: Uint8Array): ColumnChunk {
  const group = [ROWS_AND_GROUPS, ONE, COLUMNS, ONE, chunk, NO_ROWS];
  return parse([SCHEMA, ONE, element, ...group, END]).row_groups[0]!.columns[0]!;
}

/** From the list of KeyValue. */
export function parseKeyValues(list: Uint8Array): FileMetaData['key_value_metadata'] {
  return parse([SCHEMA, NONE, ROWS_AND_GROUPS, NONE, KEY_VALUES, list, END]).key_value_metadata;
}

const MAGIC = new TextEncoder().encode('PAR1');

function parse(parts: readonly Uint8Array[]): FileMetaData {
  let length = 0;
  for (const part of parts) length += part.length;
  // From Node's pool: most are a few hundred bytes, and bounds that are text are views of them.
  const footer = Buffer.allocUnsafe(length + 4 + MAGIC.length);
  let at = 0;
  for (const part of parts) {
    footer.set(part, at);
    at += part.length;
  }
  footer.writeUInt32LE(length, length);
  footer.set(MAGIC, length + 4);
  return parquetMetadata(footer, { parsers: EXACT, geoparquet: false });
}
