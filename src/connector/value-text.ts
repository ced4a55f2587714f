/** Values of Arrow columns as the text that reads print, for the path of a partition. */
import { type Data, DataType, type Field } from 'apache-arrow';
import { EXTENSION_NAME, UUID_EXTENSION } from '../model/arrow-names.ts';
import { numberText } from '../partition/value.ts';
import { decimalView } from '../read/columns/wide.ts';
import { decimalText, formText, shortSingle } from '../read/emit/forms.ts';

/** The text of a row that is not null. */
export type ValueText = (data: Data) => (row: number) => string;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const TIME_UNITS = { 1: 'ms', 2: 'us', 3: 'ns' } as const;
const DAY_MS = 86_400_000;

/** For every type but lists, structs and maps. */
export function valueText({ type, metadata }: Field): ValueText {
  if (DataType.isDictionary(type)) return dictionaryText;
  if (DataType.isUtf8(type)) return (data) => (row) => decoder.decode(bytesAt(data, row));
  if (DataType.isBinary(type)) return (data) => (row) => Buffer.from(bytesAt(data, row)).toString('hex');
  if (DataType.isFixedSizeBinary(type)) {
    const { byteWidth } = type;
    const form = metadata.get(EXTENSION_NAME) === UUID_EXTENSION ? dashed : (hex: string) => hex;
    return ({ values }) => {
      const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
      return (row) => form(bytes.toString('hex', row * byteWidth, (row + 1) * byteWidth));
    };
  }
  if (DataType.isDecimal(type)) {
    const { precision, scale } = type;
    return (data) => {
      const { values } = decimalView(data, { kind: 'decimal', precision, scale }, '');
      return (row) => decimalText(values[row]!, scale);
    };
  }
  if (DataType.isDate(type)) {
    const perDay = type.unit === 0 ? 1 : DAY_MS;
    return ({ values }) => {
      return (row) => formText(BigInt(Math.floor(Number(values[row]) / perDay)), { kind: 'date' });
    };
  }
  if (DataType.isTime(type)) {
    const unit = TIME_UNITS[type.unit as 1 | 2 | 3];
    return ({ values }) => {
      return (row) => formText(BigInt(values[row]), { kind: 'time', unit });
    };
  }
  if (DataType.isBool(type)) {
    return ({ values, offset }) => {
      return (row) => String(((values[(offset + row) >> 3]! >> ((offset + row) & 7)) & 1) === 1);
    };
  }
  if (DataType.isFloat(type)) {
    const isSingle = type.precision === 1;
    return ({ values }) => {
      return (row) => numberText(isSingle ? shortSingle(values[row]) : values[row], 'double');
    };
  }
  return ({ values }) => {
    return (row) => String(values[row]);
  };
}

function bytesAt({ values, valueOffsets }: Data, row: number): Uint8Array {
  return (values as Uint8Array).subarray(valueOffsets[row]!, valueOffsets[row + 1]!);
}

function dictionaryText(data: Data): (row: number) => string {
  const { dictionary, values } = data;
  return (row) => String(dictionary!.get(values[row]));
}

function dashed(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
