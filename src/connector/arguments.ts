/** Arguments of calls, checked where they come in: JavaScript programs have no types. */
import { checkPartitionPath, isHidden } from '../catalog/keys.ts';
import { BridgeError } from '../errors.ts';
import { createSchema } from '../records/schema.ts';
import type { ParquetSchema, SchemaInput } from '../records/types.ts';

/** A folder that files may be written to: what readers pass over would hide them. */
export function checkFolder(name: string, path: string): string {
  const checked = checkPartitionPath(path);
  const hidden = checked.split('/').find(isHidden);
  if (hidden === undefined) return checked;
  throw new BridgeError('config', `${name} ${JSON.stringify(path)} has the folder ${hidden}, which readers pass over`, {
    hint: 'Names of folders must not begin with "." or "_".',
  });
}

/** Throws `config` for a number that is no integer from 1 to `max`. */
export function checkCount(name: string, value: number, max = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  throw new BridgeError('config', `${name} is ${value}; expected an integer from 1 to ${max}`);
}

/** Throws `config` for a text that is none of these; undefined is the default. */
export function checkChoice<T extends string>(
  name: string,
  value: T | undefined,
  choices: readonly T[],
): T | undefined {
  if (value === undefined || choices.includes(value)) return value;
  const all = choices.map((choice) => JSON.stringify(choice)).join(', ');
  throw new BridgeError('config', `${name} is ${JSON.stringify(value)}; expected one of ${all}`);
}

/** Throws `invalid_argument` for what is no schema. */
export function checkSchema(input: SchemaInput): ParquetSchema {
  if (Array.isArray((input as SchemaInput | null | undefined)?.fields)) return createSchema(input);
  throw new BridgeError('invalid_argument', 'the schema has no list of fields', {
    hint: "Give it as { fields: [{ name: 'id', type: 'int64' }] }.",
  });
}
