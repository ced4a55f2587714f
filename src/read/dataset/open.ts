/** The footers of all files of a dataset, and the one schema they have together. */
import { BridgeError } from '../../errors.ts';
import { withFileMetadata } from '../../records/file-schema.ts';
import { type FileSchema, schemaOfFile } from '../../records/parquet-schema.ts';
import type { ParquetSchema } from '../../records/types.ts';
import { unifyTwo } from '../../records/unify.ts';
import { ahead } from '../ahead.ts';
import { type AttemptContext, attempt } from '../attempt.ts';
import type { FileMetadata } from '../parquet/file-metadata.ts';
import { type Footer, readFooter } from '../parquet/footer.ts';
import type { FooterCache } from '../parquet/footer-cache.ts';
import { createObjectReader } from '../parquet/object-reader.ts';
import type { ScanContext } from '../scan.ts';
import type { DatasetFile, DatasetObject, DatasetOptions } from './types.ts';

/** Most are one request of some tens of kilobytes. */
const FOOTERS_AT_ONCE = 16;
/** Reasons named in one error. */
const MAX_REASONS = 20;

export interface Opened {
  readonly schema: ParquetSchema;
  readonly files: readonly DatasetFile[];
  readonly unsupported: readonly string[];
}

export type OpenContext = AttemptContext &
  Pick<DatasetOptions, 'store' | 'ranges' | 'onOpened'> & { readonly footers: FooterCache };

/** Throws `unprocessable` with every reason where schemas are incompatible, and where no file is left. */
export async function openFiles(objects: readonly DatasetObject[], context: OpenContext): Promise<Opened> {
  const files: DatasetFile[] = [];
  const reasons: string[] = [];
  const empty = new Set<string>();
  const unsupported = new Set<string>();
  /** Files of one writer have the same schema: it is unified once. */
  const taken = new Set<string>();
  let whole: ParquetSchema | undefined;

  function take(object: DatasetObject, footer: Footer): DatasetFile {
    const found = fileSchema(footer.metadata);
    const text = JSON.stringify(found.schema.fields);
    if (!taken.has(text)) {
      whole = widened(whole, found, object.key);
      taken.add(text);
    }
    for (const name of found.empty) empty.add(name);
    for (const column of found.unsupported) unsupported.add(column);
    return { ...object, rows: Number(footer.metadata.num_rows) };
  }

  const bounds = { count: FOOTERS_AT_ONCE, maxWeight: FOOTERS_AT_ONCE, weight: () => 1 };
  const open = (object: DatasetObject) => attempt(fileOf(object), context, () => footerOf(object, context));
  let done = 0;
  for await (const footer of ahead(objects, bounds, open)) {
    const object = objects[done++]!;
    context.onOpened?.(done);
    if (footer === undefined) continue;
    try {
      const file = await attempt(fileOf(object), context, async () => take(object, footer.value));
      if (file !== undefined) files.push(file.value);
    } catch (error) {
      // All of them are named, not just the first.
      if (!(error instanceof Incompatible)) throw error;
      reasons.push(...error.reasons);
    }
  }
  if (reasons.length > 0) throw incompatible(reasons);
  if (objects.length > 0 && files.length === 0) throw noneLeft(context);
  const nulls = [...empty].filter((name) => !whole?.fields.some((field) => field.name === name));
  const fields = nulls.map((name) => ({ name, type: { kind: 'string' }, nullable: true, metadata: {} }) as const);
  return {
    schema: { fields: [...(whole?.fields ?? []), ...fields], metadata: {} },
    files,
    unsupported: [...unsupported],
  };
}

/** The schema of a file, with what its metadata says of the columns beyond their types in Parquet. */
function fileSchema({ schema, key_value_metadata: pairs = [] }: FileMetadata): FileSchema {
  const found = schemaOfFile(schema);
  const metadata = Object.fromEntries(pairs.map(({ key, value = '' }) => [key, value]));
  return { ...found, schema: withFileMetadata(found.schema, metadata) };
}

class Incompatible extends BridgeError {
  readonly reasons: readonly string[];

  constructor(reasons: readonly string[]) {
    super('unprocessable', reasons.join('; '), { hint: 'Read the files apart, or leave this one out.' });
    this.reasons = reasons;
  }
}

function widened(whole: ParquetSchema | undefined, { schema }: FileSchema, key: string): ParquetSchema {
  const names = schema.fields.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Incompatible([`${key} has two columns ${twice}`]);
  if (whole === undefined) return schema;
  const unified = unifyTwo(whole, schema, key);
  if (unified.schema === undefined) throw new Incompatible(unified.reasons);
  return unified.schema;
}

function incompatible(reasons: readonly string[]): BridgeError {
  const named = reasons.slice(0, MAX_REASONS);
  const more = reasons.length > named.length ? `\n  and ${reasons.length - named.length} more` : '';
  return new BridgeError('unprocessable', `the files are not one table:\n  ${named.join('\n  ')}${more}`, {
    hint: 'Columns may be new, reordered or wider; read files of other types apart, or leave them out with on_error=skip.',
  });
}

function noneLeft({ stats }: OpenContext): BridgeError {
  const [first] = stats.skipped;
  return new BridgeError('unprocessable', `none of the files can be read; the first: ${first?.error.message}`, {
    hint: first?.error.hint,
  });
}

function fileOf({ key }: DatasetObject) {
  return { key, failed: false };
}

/** Of the cache, or the file itself. */
export async function footerOf(
  object: DatasetObject,
  context: Pick<ScanContext, 'store' | 'stats' | 'signal' | 'ranges' | 'footers'>,
): Promise<Footer> {
  const { store, stats, signal, ranges, footers } = context;
  const known = footers?.get(object);
  if (known !== undefined) return known;
  const footer = await readFooter(createObjectReader(store, object, stats, signal, ranges));
  footers?.put(object, footer);
  return footer;
}
