/** Arrow record batches back to records. */
import { type Data, DataType, type RecordBatch, type Type } from 'apache-arrow';
import { fromArrowSchema } from './arrow.ts';
import { printDate, printTime, printTimestamp } from './time-print.ts';
import type { FieldType, ParquetField, ParquetSchema } from './types.ts';

/**
 * A value as it is read: exact, and in the form that a record builder takes again.
 *
 * | type | value |
 * | --- | --- |
 * | bool | boolean |
 * | int8 … int32, uint8 … uint32, float32, float64 | number |
 * | int64, uint64 | bigint |
 * | decimal, date, time, timestamp, uuid, string, json | text, with all digits of scale or unit |
 * | binary, fixed_binary | Uint8Array |
 * | list | array |
 * | struct | object |
 * | map | object without a prototype, or a Map where the keys are not text; of a repeated key the last entry |
 */
export type RecordValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | RecordValue[]
  | { [name: string]: RecordValue }
  | Map<RecordValue, RecordValue>;

/** A row as it is read: a key a column. */
export type OutputRecord = Record<string, RecordValue>;

type Get = (row: number) => RecordValue;

/**
 * The rows of a batch as records.
 *
 * @param schema names the columns wanted and says which of them are uuid or JSON, which Arrow data from a Parquet file
 *   does not; by default all columns of the batch
 */
export function recordsOf(batch: RecordBatch, schema: ParquetSchema = fromArrowSchema(batch.schema)): OutputRecord[] {
  const columns = schema.fields.map(({ name, type }) => {
    const i = batch.schema.fields.findIndex((field) => field.name === name);
    return { name, get: i < 0 ? () => null : getter(batch.data.children[i]!, type) };
  });
  const records: OutputRecord[] = [];
  for (let row = 0; row < batch.numRows; row++) {
    const record: OutputRecord = {};
    for (const { name, get } of columns) setOwn(record, name, get(row));
    records.push(record);
  }
  return records;
}

/** A key like `__proto__` would be taken for more than a key. */
function setOwn(record: OutputRecord, name: string, value: RecordValue): void {
  if (name === '__proto__')
    Object.defineProperty(record, name, { value, enumerable: true, writable: true, configurable: true });
  else record[name] = value;
}

/** Reads the value of a row, by the Arrow type for how it is stored and by `type` for what it is. */
function getter(data: Data, type: FieldType): Get {
  const get = presentGetter(data, type);
  if (data.nullCount === 0) return get;
  const { nullBitmap, offset } = data;
  return (row) => (((nullBitmap[(offset + row) >> 3]! >> ((offset + row) & 7)) & 1) === 0 ? null : get(row));
}

function presentGetter(data: Data, type: FieldType): Get {
  if (DataType.isDictionary(data.type)) return dictionaryGetter(data, type);
  const values = data.values as never as ArrayLike<number> & ArrayLike<bigint>;
  switch (type.kind) {
    case 'bool': {
      const { offset } = data;
      const bits = data.values as Uint8Array;
      return (row) => ((bits[(offset + row) >> 3]! >> ((offset + row) & 7)) & 1) === 1;
    }
    case 'decimal':
      return decimalGetter(data as Data<never>, type.scale);
    case 'string':
    case 'json':
      return variableGetter(data, (bytes) => bytes.toString('utf8'));
    case 'binary':
      return variableGetter(data, (bytes) => new Uint8Array(bytes));
    case 'fixed_binary':
      return fixedGetter(data, type.bytes, (bytes) => new Uint8Array(bytes));
    case 'uuid':
      return fixedGetter(data, 16, printUuid);
    case 'date':
      return (row) => printDate(Number(values[row]));
    case 'time':
      return (row) => printTime(Number(values[row]), type.unit);
    case 'timestamp':
      return (row) => printTimestamp(BigInt(values[row]!), type.unit, type.timezone !== undefined);
    case 'list':
      return listGetter(data, type.element);
    case 'struct':
      return structGetter(data, type.fields);
    case 'map':
      return mapGetter(data, type.key, type.value);
    default:
      return (row) => values[row]!;
  }
}

/** Each value of the dictionary is read once; what repeats is then one string. */
function dictionaryGetter(data: Data, type: FieldType): Get {
  const dictionary = data.dictionary!.data;
  const gets = dictionary.map((part) => getter(part as Data, type));
  const known: (RecordValue | undefined)[] = [];
  const read = (code: number): RecordValue => {
    let at = code;
    let part = 0;
    while (at >= dictionary[part]!.length) at -= dictionary[part++]!.length;
    return gets[part]!(at);
  };
  const codes = data.values as never as Int32Array;
  return (row) => {
    const code = codes[row]!;
    known[code] ??= read(code);
    return known[code];
  };
}

function variableGetter({ values, valueOffsets }: Data, make: (bytes: Buffer) => RecordValue): Get {
  const bytes = values as Uint8Array;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (row) => make(buffer.subarray(Number(valueOffsets[row]), Number(valueOffsets[row + 1])));
}

function fixedGetter({ values }: Data, width: number, make: (bytes: Uint8Array) => RecordValue): Get {
  return (row) => make((values as Uint8Array).subarray(row * width, (row + 1) * width));
}

function printUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Little-endian words of 32 bits, the last one with the sign. */
function decimalGetter(data: Data<DataType<Type.Decimal>>, scale: number): Get {
  const words = data.values as unknown as Uint32Array;
  const width = (data.type as never as { readonly bitWidth: number }).bitWidth / 32;
  return (row) => {
    let value = 0n;
    for (let i = width - 1; i >= 0; i--) value = (value << 32n) | BigInt(words[row * width + i]!);
    return printDecimal(BigInt.asIntN(32 * width, value), scale);
  };
}

/** The number `unscaled` / 10^scale with all its digits. */
export function printDecimal(unscaled: bigint, scale: number): string {
  const negative = unscaled < 0n;
  const digits = String(negative ? -unscaled : unscaled).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${negative ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}

function listGetter(data: Data, element: ParquetField): Get {
  const get = getter(data.children[0]!, element.type);
  const [startOf, endOf] = itemsOf(data);
  return (row) => {
    const items: RecordValue[] = [];
    const end = endOf(row);
    for (let i = startOf(row); i < end; i++) items.push(get(i));
    return items;
  };
}

/** Where the items of a row begin and end in the child. */
function itemsOf(data: Data): readonly [(row: number) => number, (row: number) => number] {
  if (DataType.isFixedSizeList(data.type)) {
    const { listSize } = data.type;
    return [(row) => row * listSize, (row) => (row + 1) * listSize];
  }
  const offsets = data.valueOffsets;
  return [(row) => Number(offsets[row]), (row) => Number(offsets[row + 1])];
}

function structGetter(data: Data, fields: readonly ParquetField[]): Get {
  const gets = fields.map(({ type }, i) => getter(data.children[i]!, type));
  return (row) => {
    const object: OutputRecord = {};
    for (let i = 0; i < gets.length; i++) setOwn(object, fields[i]!.name, gets[i]!(row));
    return object;
  };
}

function mapGetter(data: Data, keyField: ParquetField, valueField: ParquetField): Get {
  const [keys, values] = data.children[0]!.children as [Data, Data];
  const keyOf = getter(keys, keyField.type);
  const entryOf = getter(values, valueField.type);
  const offsets = data.valueOffsets;
  if (keyField.type.kind !== 'string') {
    return (row) => {
      const map = new Map<RecordValue, RecordValue>();
      for (let i = offsets[row]!; i < offsets[row + 1]!; i++) map.set(keyOf(i), entryOf(i));
      return map;
    };
  }
  return (row) => {
    const object: OutputRecord = Object.create(null) as OutputRecord;
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) object[keyOf(i) as string] = entryOf(i);
    return object;
  };
}
