/**
 * What partitioning and sorting ask of Arrow data: a few columns over all batches in the form of the bridge's own, and
 * nothing of the rest. Types the bridge has not stand for their values like this:
 *
 *   to sort by         integers, dates and times of every width and unit by their raw numbers, uuids by their bytes
 *   to partition by    timestamps of every unit and dates as microseconds where the strategy is "time" (nanoseconds are
 *                      cut); else integers as int64, float32 as double, and what has no number (decimals, dates, times,
 *                      uint64, uuids, bytes) as the text that reads give, bytes in hex
 */
import { type Data, DataType, type RecordBatch } from 'apache-arrow';
import type { Gatherer } from '../batch/gather.ts';
import { BridgeError } from '../errors.ts';
import type { Batch, ColumnData, MapData, NumberData, StringData } from '../model/batch.ts';
import type { PartitionStrategy } from '../model/layout.ts';
import { WHOLE_LAKE } from '../model/signal.ts';
import type { ColumnType, TableSchema } from '../model/table.ts';
import { resolveField } from '../partition/field.ts';
import { type ValueText, valueText } from './value-text.ts';

/** A batch of the bridge with one column or two maps, and its schema. */
export interface KeyBatch {
  readonly schema: TableSchema;
  readonly batch: Batch;
}

/** The column, or the maps of attributes, that a strategy asks. Throws `config` where there is none, or none of use. */
export function partitionKey(
  { type, field }: PartitionStrategy,
  batches: readonly RecordBatch[],
  gatherer: Gatherer,
): KeyBatch {
  const names = gatherer.schema.fields.map(({ name }) => name);
  const { maps, name } = resolveField(field, nameTable(names));
  if (maps === undefined) {
    const column = names.indexOf(name);
    return keyBatch([[name, partitionColumn(column, type === 'time', batches, gatherer)]], gatherer.rows);
  }
  const found = maps.flatMap((map): [string, ColumnData][] => {
    const column = names.indexOf(map);
    const isMap = column >= 0 && DataType.isMap(gatherer.schema.fields[column]!.type);
    return isMap ? [[map, mapColumn(column, batches)]] : [];
  });
  if (found.length > 0 && type !== 'time') return keyBatch(found, gatherer.rows);
  throw new BridgeError('config', `there is no column ${field} to partition by`, {
    hint: `The columns are ${names.join(', ')}.`,
  });
}

/** Undefined where the column is none that rows can be ordered by. */
export function sortKey(name: string, batches: readonly RecordBatch[], gatherer: Gatherer): KeyBatch | undefined {
  const column = gatherer.schema.fields.findIndex((field) => field.name === name);
  const data = column < 0 ? undefined : sortColumn(column, batches, gatherer);
  return data && keyBatch([[name, data]], gatherer.rows);
}

function keyBatch(columns: readonly [string, ColumnData][], rows: number): KeyBatch {
  const schema: TableSchema = {
    name: WHOLE_LAKE,
    columns: columns.map(([name, data], i) => ({ name, type: typeOf(data), nullable: true, fieldId: i + 1, doc: '' })),
  };
  return { schema, batch: { table: WHOLE_LAKE, rows, columns: columns.map(([, data]) => data) } };
}

function nameTable(names: readonly string[]): TableSchema {
  const type: ColumnType = { kind: 'string' };
  return {
    name: WHOLE_LAKE,
    columns: names.map((name, i) => ({ name, type, nullable: true, fieldId: i + 1, doc: '' })),
  };
}

function typeOf(data: ColumnData): ColumnType {
  if (data.kind === 'id') return { kind: 'id', bytes: data.width };
  return { kind: data.kind as 'string' };
}

function partitionColumn(
  column: number,
  isTime: boolean,
  batches: readonly RecordBatch[],
  gatherer: Gatherer,
): ColumnData {
  const { type, name } = gatherer.schema.fields[column]!;
  const datas = batches.map((batch) => batch.data.children[column]!);
  if (isTime) {
    if (DataType.isTimestamp(type) || DataType.isDate(type)) return timestamps(datas, microsOf(type));
    throw new BridgeError('config', `the column ${name} holds no time: it is ${type}`, {
      hint: 'Partition by time with a column of timestamps or dates.',
    });
  }
  if (DataType.isDictionary(type)) return dictionaryColumn(column, gatherer);
  if (DataType.isTimestamp(type)) return timestamps(datas, microsOf(type));
  if (DataType.isBool(type)) return boolColumn(datas);
  if (DataType.isFloat(type)) return doubleColumn(datas);
  if (DataType.isInt(type) && (type.isSigned || type.bitWidth < 64)) return int64Column(datas);
  if (DataType.isList(type) || DataType.isStruct(type) || DataType.isMap(type)) {
    throw new BridgeError('config', `the column ${name} is ${type}, not a single value to partition by`);
  }
  return textColumn(datas, valueText(gatherer.schema.fields[column]!));
}

function sortColumn(column: number, batches: readonly RecordBatch[], gatherer: Gatherer): ColumnData | undefined {
  const field = gatherer.schema.fields[column]!;
  const { type } = field;
  const datas = batches.map((batch) => batch.data.children[column]!);
  if (DataType.isDictionary(type)) return dictionaryColumn(column, gatherer);
  if (DataType.isUtf8(type)) return textColumn(datas, valueText(field));
  if (DataType.isBool(type)) return boolColumn(datas);
  if (DataType.isFloat(type)) return doubleColumn(datas);
  if (DataType.isInt(type) && !type.isSigned && type.bitWidth === 64) {
    // The order of unsigned numbers is that of signed ones with the first bit turned.
    const { values, valid, ...rest } = int64Column(datas);
    const turned = (values as BigInt64Array).map((value, i) =>
      valid === undefined || valid[i] === 1 ? value ^ (-1n << 63n) : value,
    );
    return { ...rest, values: turned, valid };
  }
  const isNumber = DataType.isInt(type) || DataType.isTimestamp(type) || DataType.isDate(type) || DataType.isTime(type);
  return isNumber ? int64Column(datas) : undefined;
}

function dictionaryColumn(column: number, gatherer: Gatherer): StringData {
  const { codes, dictionary } = gatherer.strings(column);
  const all = new Int32Array(gatherer.rows);
  let at = 0;
  for (const own of codes) {
    all.set(own, at);
    at += own.length;
  }
  return { kind: 'string', length: all.length, codes: all, dictionary };
}

/** Values as `read` gives them, 0 where there is none, with a byte a row that says so. */
function fill<T extends { [i: number]: unknown; readonly length: number }>(
  datas: readonly Data[],
  create: (rows: number) => T,
  read: (data: Data, values: T, start: number) => void,
): { readonly length: number; readonly values: T; readonly valid: Uint8Array | undefined } {
  const length = datas.reduce((sum, data) => sum + data.length, 0);
  const values = create(length);
  const hasNulls = datas.some((data) => data.nullCount > 0);
  const valid = hasNulls ? new Uint8Array(length).fill(1) : undefined;
  const zero = values instanceof BigInt64Array ? 0n : 0;
  let start = 0;
  for (const data of datas) {
    read(data, values, start);
    for (let i = 0; valid !== undefined && data.nullCount > 0 && i < data.length; i++) {
      if (data.getValid(i)) continue;
      valid[start + i] = 0;
      (values as { [i: number]: unknown })[start + i] = zero;
    }
    start += data.length;
  }
  return { length, values, valid };
}

function int64Column(datas: readonly Data[]): NumberData {
  const filled = fill(datas, createInt64, ({ values, length }, to, start) => {
    if (values instanceof BigInt64Array) to.set(values.subarray(0, length), start);
    else if (values instanceof BigUint64Array) {
      to.set(new BigInt64Array(values.buffer, values.byteOffset, length), start);
    } else for (let i = 0; i < length; i++) to[start + i] = BigInt(values[i] as number);
  });
  return { kind: 'int64', ...filled };
}

const createInt64 = (rows: number) => new BigInt64Array(rows);

/** Microseconds a unit as a fraction: seconds are 1,000,000 to 1, nanoseconds 1 to 1,000. */
function microsOf(type: DataType): { readonly times: bigint; readonly by: bigint } {
  if (DataType.isDate(type)) return type.unit === 0 ? { times: 86_400_000_000n, by: 1n } : { times: 1000n, by: 1n };
  const { unit } = type as unknown as { unit: number };
  return [
    { times: 1_000_000n, by: 1n },
    { times: 1000n, by: 1n },
    { times: 1n, by: 1n },
    { times: 1n, by: 1000n },
  ][unit]!;
}

function timestamps(datas: readonly Data[], { times, by }: ReturnType<typeof microsOf>): NumberData {
  const { values, ...rest } = int64Column(datas);
  const micros = values as BigInt64Array;
  if (times !== 1n) for (let i = 0; i < micros.length; i++) micros[i]! *= times;
  // Towards the past, also before 1970: a nanosecond before midnight is in the day before.
  if (by !== 1n) for (let i = 0; i < micros.length; i++) micros[i] = floorDivide(micros[i]!, by);
  return { ...rest, kind: 'timestamp', values: micros };
}

function floorDivide(value: bigint, by: bigint): bigint {
  return value < 0n ? -((-value + by - 1n) / by) : value / by;
}

function doubleColumn(datas: readonly Data[]): NumberData {
  const create = (rows: number) => new Float64Array(rows);
  return {
    kind: 'double',
    ...fill(datas, create, ({ values, length }, to, start) => to.set(values.subarray(0, length), start)),
  };
}

function boolColumn(datas: readonly Data[]): NumberData {
  const create = (rows: number) => new Uint8Array(rows);
  const filled = fill(datas, create, ({ values, offset, length }, to, start) => {
    for (let i = 0; i < length; i++)
      to[start + i] = ((values as Uint8Array)[(offset + i) >> 3]! >> ((offset + i) & 7)) & 1;
  });
  return { kind: 'bool', ...filled };
}

/** Every row's value as text, distinct values once. */
function textColumn(datas: readonly Data[], textOf: ValueText): StringData {
  const length = datas.reduce((sum, data) => sum + data.length, 0);
  const codes = new Int32Array(length).fill(-1);
  const known = new Map<string, number>();
  let at = 0;
  for (const data of datas) {
    const text = textOf(data);
    for (let i = 0; i < data.length; i++, at++) {
      if (data.nullCount > 0 && !data.getValid(i)) continue;
      const value = text(i);
      let code = known.get(value);
      if (code === undefined) {
        code = known.size;
        known.set(value, code);
      }
      codes[at] = code;
    }
  }
  return { kind: 'string', length, codes, dictionary: dictionaryOf([...known.keys()]) };
}

function dictionaryOf(values: readonly string[]): StringData['dictionary'] {
  const encoded = values.map((value) => Buffer.from(value));
  const offsets = new Int32Array(values.length + 1);
  for (const [i, bytes] of encoded.entries()) offsets[i + 1] = offsets[i]! + bytes.length;
  return { count: values.length, offsets, bytes: new Uint8Array(Buffer.concat(encoded)) };
}

/** A map of texts; what its values are otherwise stands there as text. */
function mapColumn(column: number, batches: readonly RecordBatch[]): MapData {
  const datas = batches.map((batch) => batch.data.children[column]!);
  const length = datas.reduce((sum, data) => sum + data.length, 0);
  const offsets = new Int32Array(length + 1);
  let row = 0;
  let items = 0;
  for (const data of datas) {
    const own = data.valueOffsets as Int32Array;
    const first = own[0] ?? 0;
    for (let i = 0; i < data.length; i++) offsets[++row] = items + own[i + 1]! - first;
    items = offsets[row]!;
  }
  const sides = [0, 1].map((side) => {
    const field = datas[0]!.children[0]!.type.children[side]!;
    const entries = datas.map((data) => {
      const own = data.valueOffsets as Int32Array;
      return data.children[0]!.children[side]!.slice(own[0] ?? 0, (own[data.length] ?? 0) - (own[0] ?? 0));
    });
    return textColumn(entries, valueText(field));
  });
  return { kind: 'map', length, offsets, keys: sides[0]!, values: sides[1]!, valid: undefined };
}

/** 0001-01-01 and the end of 9999, in microseconds: what a commit record can say in ISO 8601. */
const [MIN_TIME, MAX_TIME] = [-62_135_596_800_000_000n, 253_402_300_799_999_999n];

/** The column `timestamp` where it is one of times: event times as commit records tell them, rounded outwards. */
export function eventTimes(batches: readonly RecordBatch[], gatherer: Gatherer): NumberData | undefined {
  const column = gatherer.schema.fields.findIndex(
    ({ name, type }) => name === 'timestamp' && DataType.isTimestamp(type),
  );
  if (column < 0) return undefined;
  const datas = batches.map((batch) => batch.data.children[column]!);
  const times = timestamps(datas, microsOf(gatherer.schema.fields[column]!.type));
  const values = times.values as BigInt64Array;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! < MIN_TIME) values[i] = MIN_TIME;
    else if (values[i]! > MAX_TIME) values[i] = MAX_TIME;
  }
  return times;
}
