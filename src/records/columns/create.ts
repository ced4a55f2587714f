/** The column for a type. */
import { MAX_PRECISION_128, toArrowField, toArrowType } from '../arrow.ts';
import type { FieldType, ParquetField } from '../types.ts';
import { BinaryColumn, storeFixedBinary, storeUuid } from './binary.ts';
import type { ColumnContext, RecordColumn } from './column.ts';
import { storeDecimal } from './decimals.ts';
import { FixedColumn, type Store } from './fixed.ts';
import { ListColumn, MapColumn, type NestedSlot, StructColumn } from './nested.ts';
import { integerBytes, storeBool, storeFloat32, storeFloat64, storeInteger } from './numbers.ts';
import { jsonText, plainText, TextColumn } from './text.ts';
import { storeDate, storeTime, storeTimestamp } from './times.ts';

export function createSlot(field: ParquetField, context: ColumnContext): NestedSlot {
  const { name, nullable, type } = field;
  return { name, nullable, column: createColumn(type, context), field: toArrowField(field) };
}

function createColumn(type: FieldType, context: ColumnContext): RecordColumn {
  const fixed = (width: number, store: Store): RecordColumn => new FixedColumn(toArrowType(type), width, store);
  switch (type.kind) {
    case 'bool':
      return new FixedColumn(toArrowType(type), 1, storeBool, true);
    case 'float32':
      return fixed(4, storeFloat32);
    case 'float64':
      return fixed(8, storeFloat64);
    case 'decimal': {
      const bytes = type.precision > MAX_PRECISION_128 ? 32 : 16;
      return fixed(bytes, storeDecimal(type.precision, type.scale, bytes));
    }
    case 'string':
      return new TextColumn(plainText, 'text (string)');
    case 'json':
      return new TextColumn(jsonText, 'JSON (json)');
    case 'binary':
      return new BinaryColumn(context.binaryText);
    case 'fixed_binary':
      return fixed(type.bytes, storeFixedBinary(type.bytes, context.binaryText));
    case 'uuid':
      return fixed(16, storeUuid);
    case 'date':
      return fixed(4, storeDate(context.truncateTimes));
    case 'time':
      return fixed(type.unit === 'ms' ? 4 : 8, storeTime(type.unit, context.truncateTimes));
    case 'timestamp':
      return fixed(8, storeTimestamp(type.unit, type.timezone, context.truncateTimes));
    case 'list':
      return new ListColumn(createSlot(type.element, context), context);
    case 'struct':
      return new StructColumn(
        type.fields.map((field) => createSlot(field, context)),
        context,
      );
    case 'map':
      return new MapColumn(createSlot(type.key, context), createSlot(type.value, context), context);
    default:
      return fixed(integerBytes(type.kind), storeInteger(type.kind));
  }
}
