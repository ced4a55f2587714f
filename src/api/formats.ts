/** Formats of rows on HTTP: media types, file names, and which one a client asks for. */
import type { TableName } from '../model/signal.ts';
import { acceptWeights } from '../platform/accept.ts';
import type { ReadFormat } from '../read/request.ts';

interface MediaFormat {
  /** Media types it is asked by. */
  readonly accepted: readonly string[];
  readonly contentType: string;
  readonly extension: string;
  /** What a browser should do with it. */
  readonly disposition: 'inline' | 'attachment';
}

const FORMATS: Readonly<Record<ReadFormat, MediaFormat>> = {
  ndjson: {
    accepted: ['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/x-jsonlines'],
    contentType: 'application/x-ndjson; charset=utf-8',
    extension: 'ndjson',
    disposition: 'inline',
  },
  json: {
    accepted: ['application/json'],
    contentType: 'application/json',
    extension: 'json',
    disposition: 'inline',
  },
  csv: {
    accepted: ['text/csv'],
    contentType: 'text/csv; charset=utf-8; header=present',
    extension: 'csv',
    disposition: 'attachment',
  },
  arrow: {
    accepted: ['application/vnd.apache.arrow.stream'],
    contentType: 'application/vnd.apache.arrow.stream',
    extension: 'arrows',
    disposition: 'attachment',
  },
  parquet: {
    accepted: ['application/vnd.apache.parquet'],
    contentType: 'application/vnd.apache.parquet',
    extension: 'parquet',
    disposition: 'attachment',
  },
  'otlp-json': {
    accepted: [],
    contentType: 'application/json',
    extension: 'otlp.json',
    disposition: 'inline',
  },
};

/** Content-Type and Content-Disposition of an answer. */
export function formatHeaders(format: ReadFormat, name: TableName | string): Record<string, string> {
  const { contentType, extension, disposition } = FORMATS[format];
  return { 'Content-Type': contentType, 'Content-Disposition': `${disposition}; filename="${name}.${extension}"` };
}

/**
 * The format an Accept header prefers among those it names; undefined where it names none of them: the route's own
 * default answers then, as RFC 9110 (12.5.1) allows. `application/json` means the format in `json`.
 */
export function acceptedFormat(accept: string | undefined, json: ReadFormat): ReadFormat | undefined {
  let best: { readonly format: ReadFormat; readonly weight: number } | undefined;
  for (const [name, weight] of acceptWeights(accept)) {
    const found = (Object.keys(FORMATS) as ReadFormat[]).find((format) => FORMATS[format].accepted.includes(name));
    if (found === undefined || weight <= (best?.weight ?? 0)) continue;
    best = { format: found === 'json' ? json : found, weight };
  }
  return best?.format;
}
