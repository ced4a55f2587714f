import { schemaInput } from '../records/schema.ts';
import { readSchemaFile } from '../records/schema-file.ts';
import type { SchemaInput } from '../records/types.ts';

/** A schema file as plain data, which goes to worker threads as it is. */
export async function readSchemaInput(file: string): Promise<SchemaInput> {
  return schemaInput(await readSchemaFile(file));
}
