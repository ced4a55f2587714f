/**
 * Rows under a fixed schema into one Parquet object. It goes as a multipart upload whose parts leave while rows come, one
 * row group after another, so that memory stays the same at any size; the object is there at the end, or not at all.
 */

import type { TextRules } from '../../records/record-types.ts';
import { createSchema } from '../../records/schema.ts';
import type { ParquetSchema } from '../../records/types.ts';
import { cancelled } from '../../store/common.ts';
import { decompress } from '../csv/decompress.ts';
import { decodeText } from '../csv/encoding.ts';
import { openCsv } from '../csv/open.ts';
import { csvBatches } from '../csv-batches.ts';
import { openPlaces, type Place, urlOf } from '../location.ts';
import { ndjsonBatches } from '../ndjson.ts';
import { openOutput } from '../output.ts';
import { pourBatches } from '../pour.ts';
import { createRejects, type RejectedRow } from '../rejects.ts';
import type { ImportHooks, ImportOptions, ImportReport, StaleUpload } from './types.ts';

/** Parts of the one upload: 10,000 of them are 160 GB. Each of the few on their way is held in memory. */
const MULTIPART = { thresholdMb: 16, partSizeMb: 16 };
/** What somebody else may still be writing is left alone. */
const STALE_MS = 24 * 3600 * 1000;

/**
 * @throws BridgeError invalid_argument for a schema that makes no sense, and under `fail` for the first row that does not
 *   fit, by its number and column; what was begun is aborted then
 */
export async function importRows(options: ImportOptions, hooks: ImportHooks): Promise<ImportReport> {
  const startMs = performance.now();
  const schema = createSchema(options.schema);
  let s3Calls = 0;
  const connection = { ...options.connection, multipart: MULTIPART };
  const places = openPlaces(connection, { observe: () => void s3Calls++ });
  const { signal } = hooks;
  let bytesIn = 0;
  let rows = 0;
  async function* counted() {
    for await (const chunk of options.source) {
      signal.throwIfAborted();
      bytesIn += chunk.length;
      hooks.onProgress?.(rows, bytesIn);
      yield chunk;
    }
  }
  try {
    const place = await places.object(options.to);
    await settleStale(place, options.abortStale, hooks);
    const rejects = createRejects(() => places.object(options.rejects ?? `${options.to}.rejects.ndjson`), signal);
    const table = await openTable(counted(), schema, options, rejects.add);
    const open = (arrow: Parameters<typeof openOutput>[2]) =>
      openOutput(place, 'parquet', arrow, outputOptions(options), signal);
    const onRows = (n: number) => {
      rows += n;
    };
    const poured = await pourBatches(table.batches, [open], rejects, { signal, onRows });
    const { records, skipped, nulled, invalid } = table.report;
    return {
      url: urlOf(place),
      rows: records - skipped,
      rejected: skipped,
      nulled,
      invalid,
      rowGroups: rows === 0 ? 0 : poured.batches,
      bytesIn,
      bytesOut: poured.outputs[0]!.size,
      seconds: (performance.now() - startMs) / 1000,
      s3Calls,
    };
  } catch (error) {
    // A source that is ended by the signal says so in its own way.
    throw signal.aborted ? cancelled('the import', signal.reason) : error;
  } finally {
    places.close();
  }
}

async function openTable(
  source: AsyncIterable<Uint8Array>,
  schema: ParquetSchema,
  options: ImportOptions,
  reject: (row: RejectedRow) => void,
) {
  const { onInvalid, truncate, parquet, csv } = options;
  const rules = { onInvalid, truncate, batchRows: parquet.rowGroupSize, text: textRules(schema, options) };
  if (options.format === 'csv') {
    return csvBatches(await openCsv(source, csv), { ...rules, schema: options.schema }, reject);
  }
  const { bytes } = await decompress(source);
  const { text } = await decodeText(bytes, csv.encoding);
  return ndjsonBatches(text, schema, rules, reject);
}

/** In JSON an empty string says what it is; in CSV it is all that an absent value can be. */
export function textRules(
  schema: ParquetSchema,
  {
    format,
    nullTexts,
    columnNulls,
    keepEmpty,
  }: Pick<ImportOptions, 'format' | 'nullTexts' | 'columnNulls' | 'keepEmpty'>,
): TextRules {
  const columns: Record<string, { readonly nullTexts: readonly string[] }> = {};
  for (const { name, type } of schema.fields) {
    const isText = type.kind === 'string';
    const keeps = isText && (format === 'ndjson' || keepEmpty.includes(name));
    columns[name] = { nullTexts: [...(keeps ? [] : ['']), ...nullTexts, ...(columnNulls[name] ?? [])] };
  }
  const strange = [...keepEmpty, ...Object.keys(columnNulls)].filter((name) => !(name in columns));
  // Named rules for unknown columns are refused by the builder, as any other.
  for (const name of strange) columns[name] = { nullTexts: [] };
  return { nullTexts, columns, trim: true };
}

async function settleStale({ store, key }: Place, aborts: boolean, { onStale }: ImportHooks): Promise<void> {
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  const open = await store.listUploads(folder);
  const stale: StaleUpload[] = [];
  for (const upload of open) {
    const isAborted = aborts && (upload.key === key || Date.now() - upload.startedMs > STALE_MS);
    if (isAborted) await store.abortUpload(upload);
    stale.push({ ...upload, isAborted });
  }
  if (stale.length > 0) onStale?.(stale);
}

function outputOptions({ parquet, to, version }: ImportOptions) {
  return { parquet, avro: { codec: 'deflate' as const }, name: to, metadata: {}, version };
}
