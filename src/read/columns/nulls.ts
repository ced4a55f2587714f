import { BridgeError } from '../../errors.ts';
import type { ReadType } from '../schema.ts';
import type { View } from './view.ts';
import { formOf } from './wide.ts';

/** A column of nulls: what a file without the column answers. */
export function nullView(type: ReadType, rows: number): View {
  const valid = new Uint8Array(rows);
  switch (type.kind) {
    case 'string':
    case 'id':
      return nullText(rows);
    case 'int32':
    case 'uint32':
    case 'int64':
      return { kind: 'int', rows, values: new BigInt64Array(rows), valid };
    case 'timestamp':
      return { kind: 'timestamp', rows, values: new BigInt64Array(rows), valid };
    case 'double':
      return { kind: 'double', rows, values: new Float64Array(rows), valid };
    case 'bool':
      return { kind: 'bool', rows, values: new Uint8Array(rows), valid };
    case 'map':
      return { kind: 'map', rows, offsets: new Int32Array(rows + 1), keys: nullText(0), values: nullText(0), valid };
    case 'list':
      return { kind: 'list', rows, offsets: new Int32Array(rows + 1), element: nullView(type.element, 0), valid };
    case 'struct': {
      const names = type.fields.map((field) => field.name);
      return { kind: 'struct', rows, names, fields: type.fields.map((field) => nullView(field.type, rows)), valid };
    }
    case 'integer':
    case 'date':
    case 'time':
    case 'instant':
      return { kind: 'int', rows, values: new BigInt64Array(rows), valid, form: formOf(type) };
    case 'float':
      return { kind: 'double', rows, values: new Float64Array(rows), valid, single: true };
    case 'decimal':
      return { kind: 'decimal', rows, values: new Array<bigint>(rows).fill(0n), scale: type.scale, valid };
    case 'bytes':
      return { ...nullText(rows), form: type.form };
    case 'entries': {
      const [keys, values] = [nullView(type.key, 0), nullView(type.value, 0)];
      return { kind: 'entries', rows, offsets: new Int32Array(rows + 1), keys, values, valid };
    }
    default:
      throw new BridgeError('internal', `no null column of type ${JSON.stringify(type satisfies never)}`);
  }
}

export function nullText(rows: number): View & { kind: 'text' } {
  const codes = new Int32Array(rows).fill(-1);
  return { kind: 'text', rows, codes, valid: undefined, offsets: new Int32Array(1), bytes: new Uint8Array(0) };
}
