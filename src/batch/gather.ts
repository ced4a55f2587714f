/**
 * Gathers rows of several Arrow record batches as one: what `take` is for a batch of the bridge, for data of any type.
 * Rows are numbered through all batches. Dictionaries of the batches become one, of which each result holds the used
 * values only, so that the cost depends on what is gathered.
 */
import { type Data, DataType, makeData, RecordBatch, type Schema, Struct } from 'apache-arrow';
import { BridgeError } from '../errors.ts';
import { recordBatchBuffers, stringData } from './arrow.ts';
import { MAX_INT32 } from './bytes.ts';
import { cutRows, type RowGroupBounds } from './row-groups.ts';
import { compacted } from './take.ts';
import { type UnifiedStrings, unifyStrings } from './unify-strings.ts';

/** Where rows stand: the batch, and the row in it. */
interface Positions {
  readonly batch: Uint16Array;
  readonly row: Int32Array;
}

type Gather = (at: Positions) => Data;

export interface Gatherer {
  readonly schema: Schema;
  /** Of all batches. */
  readonly rows: number;
  /** The rows numbered by `rows`, in that order. Throws `too_large` where offsets would get over 2^31 - 1. */
  gather(rows: Int32Array): RecordBatch;
  /** Row groups of these rows within the bounds, in their order; a single row may be over them. */
  rowGroups(rows: Int32Array, bounds: RowGroupBounds): Generator<RecordBatch>;
  /** The strings of a dictionary column of the schema, with codes over all batches. */
  strings(column: number): UnifiedStrings;
}

/** Most batches one Gatherer takes. */
export const MAX_BATCHES = 0xffff;

/** `batches` are one or more, of one schema: field by field the same Arrow types. */
export function createGatherer(batches: readonly RecordBatch[]): Gatherer {
  const { schema } = batches[0]!;
  const starts = startsOf(batches);
  const unified = new Map<readonly Data[], UnifiedStrings>();
  const columns = schema.fields.map((_, i) => batches.map((batch) => batch.data.children[i]!));
  const gathers = columns.map((datas, i) => gatherOf(schema.fields[i]!.type, datas, stringsOf));

  function stringsOf(datas: readonly Data[]): UnifiedStrings {
    let strings = unified.get(datas);
    if (strings === undefined) {
      strings = unifyStrings(datas);
      unified.set(datas, strings);
    }
    return strings;
  }

  const gatherer: Gatherer = {
    schema,
    rows: starts.at(-1)!,
    gather(rows) {
      const at = positionsOf(rows, starts);
      const children = gathers.map((gather) => gather(at));
      const data = makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children });
      return new RecordBatch(schema, data as never);
    },
    rowGroups(rows, { maxRows, maxBytes }) {
      return cutRows(rows, maxRows, maxRows, {
        take: (part) => gatherer.gather(part),
        fill: (batch) => arrowBytes(batch) / maxBytes,
        buffers: recordBatchBuffers,
      });
    },
    strings: (column) => stringsOf(columns[column]!),
  };
  return gatherer;
}

/** Bytes of a record batch's values, offsets, bitmaps and dictionaries. */
export function arrowBytes(batch: RecordBatch): number {
  return dataBytes(batch.data);
}

function dataBytes(data: Data): number {
  let sum = 0;
  for (const part of [data.values, data.valueOffsets, data.nullBitmap] as (Uint8Array | undefined)[]) {
    sum += part?.byteLength ?? 0;
  }
  for (const child of data.children) sum += dataBytes(child);
  for (const inner of data.dictionary?.data ?? []) sum += dataBytes(inner);
  return sum;
}

function startsOf(batches: readonly RecordBatch[]): Int32Array {
  const starts = new Int32Array(batches.length + 1);
  for (const [i, batch] of batches.entries()) starts[i + 1] = starts[i]! + batch.numRows;
  return starts;
}

function positionsOf(rows: Int32Array, starts: Int32Array): Positions {
  const { length } = rows;
  const batch = new Uint16Array(length);
  if (starts.length === 2) return { batch, row: rows };
  const row = new Int32Array(length);
  let at = 0;
  for (let i = 0; i < length; i++) {
    const number = rows[i]!;
    // Rows come in runs of one batch, also when they are sorted: the batch before is asked first.
    if (number < starts[at]! || number >= starts[at + 1]!) at = batchOf(number, starts);
    batch[i] = at;
    row[i] = number - starts[at]!;
  }
  return { batch, row };
}

function batchOf(row: number, starts: Int32Array): number {
  let low = 0;
  let high = starts.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= row) low = middle;
    else high = middle;
  }
  return low;
}

function gatherOf(
  type: DataType,
  datas: readonly Data[],
  stringsOf: (datas: readonly Data[]) => UnifiedStrings,
): Gather {
  if (DataType.isDictionary(type)) {
    if (!DataType.isUtf8(type.dictionary)) throw unsupported(type);
    return (at) => {
      const { codes, dictionary } = stringsOf(datas);
      return stringData(compacted(gatherCodes(codes, at), dictionary), type);
    };
  }
  const nulls = nullsOf(datas);
  if (DataType.isStruct(type)) {
    const fields = type.children.map((field, i) => {
      const children = datas.map((data) => data.children[i]!);
      return gatherOf(field.type, children, stringsOf);
    });
    return (at) => {
      const children = fields.map((field) => field(at));
      return makeData({ type, length: at.row.length, ...nulls(at), children } as never);
    };
  }
  if (DataType.isList(type) || DataType.isMap(type)) {
    const children = datas.map((data) => data.children[0]!);
    const child = gatherOf(type.children[0]!.type, children, stringsOf);
    const offsets = datas.map((data) => data.valueOffsets as Int32Array);
    return (at) => {
      const { valueOffsets, items } = gatherItems(offsets, at);
      return makeData({ type, length: at.row.length, ...nulls(at), valueOffsets, child: child(items) } as never);
    };
  }
  if (DataType.isUtf8(type) || DataType.isBinary(type)) {
    return (at) => makeData({ type, length: at.row.length, ...nulls(at), ...gatherBytes(datas, at) } as never);
  }
  if (DataType.isBool(type)) {
    return (at) => {
      const data = bitmap(at, (batch, row) => isSet(datas[batch]!.values as Uint8Array, datas[batch]!.offset + row));
      return makeData({ type, length: at.row.length, ...nulls(at), data } as never);
    };
  }
  const width = widthOf(type, datas[0]!);
  if (width === undefined) throw unsupported(type);
  const gatherValues = valuesGather(datas, width);
  return (at) => makeData({ type, length: at.row.length, ...nulls(at), data: gatherValues(at) } as never);
}

function unsupported(type: DataType): BridgeError {
  return new BridgeError('invalid_argument', `rows of the Arrow type ${type} cannot be gathered`);
}

type Nulls = (at: Positions) => { readonly nullCount: number; readonly nullBitmap: Uint8Array | undefined };

function nullsOf(datas: readonly Data[]): Nulls {
  const none = { nullCount: 0, nullBitmap: undefined };
  if (datas.every((data) => data.nullCount === 0)) return () => none;
  const bitmaps = datas.map((data) => (data.nullCount === 0 ? undefined : data.nullBitmap));
  return (at) => {
    let nullCount = 0;
    const nullBitmap = bitmap(at, (batch, row) => {
      const bits = bitmaps[batch];
      const present = bits === undefined || isSet(bits, datas[batch]!.offset + row);
      if (!present) nullCount++;
      return present;
    });
    return nullCount === 0 ? none : { nullCount, nullBitmap };
  };
}

function isSet(bits: Uint8Array, i: number): boolean {
  return ((bits[i >> 3]! >> (i & 7)) & 1) === 1;
}

/** One bit a position, lowest first, padded to 8 bytes. */
function bitmap({ batch, row }: Positions, bit: (batch: number, row: number) => boolean): Uint8Array {
  const bits = new Uint8Array(((row.length + 63) & ~63) >> 3);
  for (let i = 0; i < row.length; i++) if (bit(batch[i]!, row[i]!)) bits[i >> 3]! |= 1 << (i & 7);
  return bits;
}

function gatherCodes(codes: readonly Int32Array[], { batch, row }: Positions): Int32Array {
  const gathered = new Int32Array(row.length);
  for (let i = 0; i < row.length; i++) gathered[i] = codes[batch[i]!]![row[i]!]!;
  return gathered;
}

/** Offsets of the rows' values behind each other. */
function gatherOffsets(offsets: readonly Int32Array[], { batch, row }: Positions): Int32Array {
  const valueOffsets = new Int32Array(row.length + 1);
  let total = 0;
  for (let i = 0; i < row.length; i++) {
    const own = offsets[batch[i]!]!;
    total += own[row[i]! + 1]! - own[row[i]!]!;
    checkTotal(total);
    valueOffsets[i + 1] = total;
  }
  return valueOffsets;
}

/** Offsets of the rows' lists behind each other, and where their items stand. */
function gatherItems(offsets: readonly Int32Array[], positions: Positions) {
  const { batch, row } = positions;
  const valueOffsets = gatherOffsets(offsets, positions);
  const total = valueOffsets[row.length]!;
  const items = { batch: new Uint16Array(total), row: new Int32Array(total) };
  let at = 0;
  for (let i = 0; i < row.length; i++) {
    const own = offsets[batch[i]!]!;
    const end = own[row[i]! + 1]!;
    for (let item = own[row[i]!]!; item < end; item++) {
      items.batch[at] = batch[i]!;
      items.row[at++] = item;
    }
  }
  return { valueOffsets, items };
}

/** A call to `set` costs more than it saves on the short texts that most are. */
const SHORT_BYTES = 40;

function gatherBytes(datas: readonly Data[], positions: Positions) {
  const { batch, row } = positions;
  const offsets = datas.map((data) => data.valueOffsets as Int32Array);
  const bytes = datas.map((data) => data.values as Uint8Array);
  const valueOffsets = gatherOffsets(offsets, positions);
  const data = new Uint8Array(valueOffsets[row.length]!);
  let at = 0;
  for (let i = 0; i < row.length; i++) {
    const own = offsets[batch[i]!]!;
    const from = bytes[batch[i]!]!;
    const start = own[row[i]!]!;
    const end = own[row[i]! + 1]!;
    if (end - start > SHORT_BYTES) {
      data.set(from.subarray(start, end), at);
      at += end - start;
    } else {
      for (let k = start; k < end; k++) data[at++] = from[k]!;
    }
  }
  return { valueOffsets, data };
}

function checkTotal(total: number): void {
  if (total <= MAX_INT32) return;
  throw new BridgeError('too_large', 'the rows gathered hold more than 2^31 - 1 bytes or list items in one column', {
    hint: 'Lower row_group_size in [parquet].',
  });
}

/** Bytes a value; undefined where the type has none of one width. */
function widthOf(type: DataType, data: Data): number | undefined {
  const isFixed =
    DataType.isInt(type) ||
    DataType.isFloat(type) ||
    DataType.isDecimal(type) ||
    DataType.isDate(type) ||
    DataType.isTime(type) ||
    DataType.isTimestamp(type) ||
    DataType.isFixedSizeBinary(type);
  return isFixed ? (data.values as Uint8Array).BYTES_PER_ELEMENT * data.stride : undefined;
}

type Values = Uint8Array | Int32Array | BigInt64Array;

/** Values are copied as bytes or words of 32 bits: no BigInt is made, and no bit of a NaN changes. */
function valuesGather(datas: readonly Data[], width: number): (at: Positions) => Values {
  const Result = (datas[0]!.values as Int32Array).constructor as new (buffer: ArrayBuffer) => Values;
  const Unit = width % 4 === 0 ? Int32Array : Uint8Array;
  const units = width / Unit.BYTES_PER_ELEMENT;
  const sources = datas.map(({ values }) => {
    const view = values as Uint8Array;
    const aligned = view.byteOffset % Unit.BYTES_PER_ELEMENT === 0 ? view : view.slice();
    return new Unit(
      aligned.buffer as ArrayBuffer,
      aligned.byteOffset,
      Math.floor(aligned.byteLength / Unit.BYTES_PER_ELEMENT),
    );
  });
  return (at) => new Result(gatherUnits(sources, units, new Unit(units * at.row.length), at).buffer as ArrayBuffer);
}

function gatherUnits<T extends Uint8Array | Int32Array>(
  sources: readonly T[],
  units: number,
  to: T,
  { batch, row }: Positions,
): T {
  if (units === 1) {
    for (let i = 0; i < row.length; i++) to[i] = sources[batch[i]!]![row[i]!]!;
  } else if (units === 2) {
    for (let i = 0; i < row.length; i++) {
      const from = sources[batch[i]!]!;
      const at = 2 * row[i]!;
      to[2 * i] = from[at]!;
      to[2 * i + 1] = from[at + 1]!;
    }
  } else {
    for (let i = 0; i < row.length; i++) {
      const from = sources[batch[i]!]!;
      const at = units * row[i]!;
      for (let k = 0; k < units; k++) to[units * i + k] = from[at + k]!;
    }
  }
  return to;
}
