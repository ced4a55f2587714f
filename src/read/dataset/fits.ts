/** Whether a file's columns can be read as the types that were asked for, every value kept. */
import { BridgeError } from '../../errors.ts';
import { printType } from '../../records/type-text.ts';
import type { FieldType, ParquetField, ParquetSchema } from '../../records/types.ts';
import { widens } from '../../records/widen.ts';

/**
 * Columns that the file has not, and those that nobody asked for, are no matter.
 *
 * @throws BridgeError `unprocessable` with every column that does not fit
 */
export function checkFits(file: ParquetSchema, asked: ParquetSchema, key: string): void {
  const reasons: string[] = [];
  compareFields(file.fields, asked.fields, '', reasons);
  if (reasons.length === 0) return;
  throw new BridgeError('unprocessable', `${key} does not fit the schema asked for: ${reasons.join('; ')}`, {
    hint: 'Ask for a wider type, or leave the file out with onError "skip".',
  });
}

function compareFields(
  file: readonly ParquetField[],
  asked: readonly ParquetField[],
  parent: string,
  reasons: string[],
): void {
  const byName = new Map(file.map((field) => [field.name, field]));
  for (const field of asked) {
    const found = byName.get(field.name);
    if (found !== undefined) compareTypes(found.type, field.type, parent + field.name, reasons);
  }
}

function compareTypes(from: FieldType, to: FieldType, path: string, reasons: string[]): void {
  if (from.kind === 'struct' && to.kind === 'struct') {
    compareFields(from.fields, to.fields, `${path}.`, reasons);
  } else if (from.kind === 'list' && to.kind === 'list') {
    compareTypes(from.element.type, to.element.type, `${path}.element`, reasons);
  } else if (from.kind === 'map' && to.kind === 'map') {
    compareTypes(from.key.type, to.key.type, `${path}.key`, reasons);
    compareTypes(from.value.type, to.value.type, `${path}.value`, reasons);
  } else if (!widens(from, to) && !isAskedAs(from, to)) {
    reasons.push(`column ${path} is ${printType(from)}, which does not widen to ${printType(to)}`);
  }
}

/** Types that some writers leave unsaid: text without its annotation, JSON as text, UUIDs as 16 bytes. */
function isAskedAs(from: FieldType, to: FieldType): boolean {
  if (to.kind === 'string' || to.kind === 'json') return ['string', 'json', 'binary'].includes(from.kind);
  if (to.kind === 'uuid') return from.kind === 'fixed_binary' && from.bytes === 16;
  return to.kind === 'fixed_binary' && to.bytes === 16 && from.kind === 'uuid';
}
