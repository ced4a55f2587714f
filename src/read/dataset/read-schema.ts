/** Schemas of records as what reads go by. */
import { toArrowField } from '../../records/arrow.ts';
import type { FieldType, ParquetField, ParquetSchema } from '../../records/types.ts';
import type { ReadColumn, ReadField, ReadSchema, ReadType } from '../schema.ts';

/** `name` is for messages: "the dataset has no column x". */
export function readSchemaOf(schema: ParquetSchema, name: string): ReadSchema {
  return { name, columns: schema.fields.map(readColumn) };
}

function readColumn(field: ParquetField): ReadColumn {
  return { ...readField(field), arrow: toArrowField({ ...field, nullable: true }) };
}

function readField({ name, type, nullable }: ParquetField): ReadField {
  return { name, type: readType(type), nullable };
}

/** As the bridge's own tables have it where they have it, so that such columns take the same ways. */
export function readType(type: FieldType): ReadType {
  switch (type.kind) {
    case 'bool':
    case 'int32':
    case 'int64':
    case 'string':
    case 'date':
      return { kind: type.kind };
    case 'decimal':
    case 'time':
      return type;
    case 'float32':
      return { kind: 'float' };
    case 'float64':
      return { kind: 'double' };
    case 'json':
      return { kind: 'string' };
    case 'binary':
    case 'fixed_binary':
      return { kind: 'bytes', form: 'hex' };
    case 'uuid':
      return { kind: 'bytes', form: 'uuid' };
    case 'timestamp':
      if (type.unit === 'us' && type.timezone !== undefined) return { kind: 'timestamp' };
      return { kind: 'instant', unit: type.unit, local: type.timezone === undefined };
    case 'list':
      return { kind: 'list', element: readType(type.element.type) };
    case 'struct':
      return { kind: 'struct', fields: type.fields.map(readField) };
    case 'map': {
      const [key, value] = [readType(type.key.type), readType(type.value.type)];
      return key.kind === 'string' && value.kind === 'string' ? { kind: 'map' } : { kind: 'entries', key, value };
    }
    default: {
      const [, unsigned, bits] = /^(u?)int(\d+)$/.exec(type.kind)!;
      return { kind: 'integer', bits: Number(bits) as 8 | 16 | 32 | 64, signed: unsigned === '' };
    }
  }
}
