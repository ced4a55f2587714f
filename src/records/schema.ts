/** Schemas made and checked. */
import { BridgeError } from '../errors.ts';
import { checkNames, checkType, isNested } from './check-type.ts';
import { parseType, printType } from './type-text.ts';
import type { FieldInput, FieldType, ParquetField, ParquetSchema, SchemaInput } from './types.ts';

/**
 * A schema from types as text or objects:
 *
 *     createSchema({ fields: [{ name: 'id', type: 'int64', nullable: false }, { name: 'tags', type: 'list<string>' }] })
 *
 * @throws BridgeError invalid_argument with every problem: a type that makes no sense, a name that is missing or twice
 */
export function createSchema(input: SchemaInput): ParquetSchema {
  const problems: string[] = [];
  const fields = input.fields.map((field, i) => createField(field, `fields[${i}]`, problems));
  for (const field of fields) checkNested(field, field.name, problems);
  const names = checkNames(fields);
  if (names !== undefined) problems.push(names);
  if (problems.length > 0) throw new BridgeError('invalid_argument', `this is no schema: ${problems.join('; ')}`);
  return Object.freeze({ fields: Object.freeze(fields), metadata: Object.freeze({ ...input.metadata }) });
}

/** The form that `createSchema` and schema files take: with types as text. */
export function schemaInput(schema: ParquetSchema): SchemaInput {
  const fields = schema.fields.map(({ name, type, nullable, metadata, fieldId }): FieldInput => {
    const input = { name, type: printType(type), nullable };
    return {
      ...input,
      ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
      ...(fieldId === undefined ? {} : { fieldId }),
    };
  });
  return Object.keys(schema.metadata).length > 0 ? { fields, metadata: schema.metadata } : { fields };
}

/** One line a field, for messages and terminals: `id: int64 not null`. */
export function printSchema(schema: ParquetSchema): string {
  return schema.fields.map(printField).join('\n');
}

/** `id: int64 not null` */
export function printField({ name, type, nullable }: Pick<ParquetField, 'name' | 'type' | 'nullable'>): string {
  return `${name}: ${printType(type)}${nullable ? '' : ' not null'}`;
}

function createField(input: FieldInput, path: string, problems: string[]): ParquetField {
  const { name, nullable = true, metadata = {}, fieldId } = input;
  let type: FieldType = { kind: 'string' };
  try {
    type = typeof input.type === 'string' ? parseType(input.type) : input.type;
  } catch (thrown) {
    problems.push(`${path} (${name}): ${BridgeError.from(thrown).message}`);
  }
  if (fieldId !== undefined && !isFieldId(fieldId)) {
    problems.push(`${path} (${name}): the field id is ${fieldId}, expected an integer from 0 to 2147483647`);
  }
  return Object.freeze({
    name,
    type,
    nullable,
    metadata: { ...metadata },
    ...(fieldId === undefined ? {} : { fieldId }),
  });
}

function isFieldId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id <= 0x7fffffff;
}

function checkNested(field: ParquetField, path: string, problems: string[]): void {
  const problem = checkType(field.type);
  if (problem !== undefined) problems.push(`${path}: ${problem}`);
  if (!isNested(field.type)) return;
  for (const child of childrenOf(field.type)) checkNested(child, `${path}.${child.name}`, problems);
}

/** The fields that stand in a list (one), a map (key and value) or a struct; none in other types. */
export function childrenOf(type: FieldType): readonly ParquetField[] {
  switch (type.kind) {
    case 'list':
      return [type.element];
    case 'map':
      return [type.key, type.value];
    case 'struct':
      return type.fields;
    default:
      return [];
  }
}
