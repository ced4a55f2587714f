/**
 * Whether an output is up to date. Each one holds in its own metadata (Parquet's key-value metadata, Avro's header) the
 * etag of the source and a fingerprint of the settings it was made with; it is up to date where both are those of now.
 * They stand in the file and not in the object's metadata, because directories keep none.
 */
import { createHash } from 'node:crypto';
import { parquetMetadataAsync } from 'hyparquet';
import { readAvroMetadata } from '../avro/header.ts';
import type { Place } from '../location.ts';
import type { TableFormat } from '../output.ts';
import type { ConvertSettings } from './types.ts';

export const SOURCE_KEY = 'otel-lake.source';
export const ETAG_KEY = 'otel-lake.source_etag';
export const SETTINGS_KEY = 'otel-lake.convert';

/** What is asked for to read a file's metadata: one call, unless a schema is very large. */
const FOOTER_BYTES = 64 * 1024;

/** Of everything that an output's content depends on beside its source. */
export function fingerprintOf(
  { csv, schema, onInvalid, text, truncate, parquet, avro }: ConvertSettings,
  names?: readonly string[],
): string {
  const settings = JSON.stringify([csv, schema, onInvalid, text, truncate, parquet, avro, ...(names ? [names] : [])]);
  return createHash('sha256').update(settings).digest('hex').slice(0, 16);
}

export function stampOf(source: string, etag: string | undefined, fingerprint: string): Record<string, string> {
  return { [SOURCE_KEY]: source, [ETAG_KEY]: etag ?? '', [SETTINGS_KEY]: fingerprint };
}

/** False also for what cannot be read as such a file: it will be written anew. */
export async function isUpToDate(
  place: Place,
  format: TableFormat,
  bytes: number,
  stamp: { readonly etag: string | undefined; readonly fingerprint: string },
  signal?: AbortSignal,
): Promise<boolean> {
  if (stamp.etag === undefined) return false;
  const found = await metadataOf(place, format, bytes, signal);
  return found?.[ETAG_KEY] === stamp.etag && found[SETTINGS_KEY] === stamp.fingerprint;
}

async function metadataOf(
  { store, key }: Place,
  format: TableFormat,
  bytes: number,
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, string | undefined>> | undefined> {
  const within = signal ? { signal } : {};
  const read = (start: number, end: number) => store.get(key, { range: { start, end }, ...within });
  try {
    if (format === 'avro') return readAvroMetadata(await read(0, FOOTER_BYTES));
    const slice = async (start: number, end = bytes) => new Uint8Array(await read(start, end)).buffer;
    const footer = await parquetMetadataAsync({ byteLength: bytes, slice }, { initialFetchSize: FOOTER_BYTES });
    return Object.fromEntries((footer.key_value_metadata ?? []).map(({ key: name, value }) => [name, value]));
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}
