/** What a reader asks for, as plain data: checked once here, whether it comes from a URL or a command line. */
import { BridgeError } from '../errors.ts';
import type { TableName } from '../model/signal.ts';
import { nearest } from './filter/nearest.ts';
import { parseTimestamp } from './filter/timestamp.ts';

export const READ_FORMATS = ['ndjson', 'json', 'csv', 'arrow', 'parquet', 'otlp-json'] as const;
export type ReadFormat = (typeof READ_FORMATS)[number];

export interface ReadRequest {
  readonly table: TableName;
  /** Leading whole segments of the partition path, without slashes at the ends; empty for all. */
  readonly partition: string;
  readonly filter: string | undefined;
  /** Columns and attributes as written; undefined for every column. */
  readonly select: readonly string[] | undefined;
  readonly limit: number | undefined;
  readonly format: ReadFormat;
  /** ISO 8601: first event time, inclusive. Rows without a time are left out. */
  readonly from: string | undefined;
  /** ISO 8601: end of the event times, exclusive. */
  readonly to: string | undefined;
  /** Whether rows that are durable but not yet in an object are included. */
  readonly buffered: boolean;
  /** A damaged or vanished file ends the read, or is reported and left out. */
  readonly onError: 'fail' | 'skip';
  /** The plan and what it costs, as JSON, in place of the rows. */
  readonly explain: boolean;
  /** Incremental: rows committed since this cursor (`begin`: all, `now`: none), and a new one at the end. */
  readonly after: string | undefined;
}

/** The words of a request as they come in; absent ones take their defaults. Names are those of the URL. */
export interface ReadParameters {
  readonly partition?: string | undefined;
  readonly filter?: string | undefined;
  readonly select?: string | undefined;
  readonly limit?: string | undefined;
  readonly format?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly buffered?: string | undefined;
  readonly on_error?: string | undefined;
  readonly after?: string | undefined;
  readonly explain?: string | undefined;
}

const PARAMETERS: readonly (keyof ReadParameters)[] = [
  'partition',
  'filter',
  'select',
  'limit',
  'format',
  'from',
  'to',
  'buffered',
  'on_error',
  'after',
  'explain',
];

const MAX_PARTITION_LENGTH = 4096;
const MAX_SELECT_LENGTH = 65_536;

/** The request of a URL's query. Unknown and repeated parameters are errors. */
export function readRequestFromUrl(table: TableName, query: URLSearchParams): ReadRequest {
  const parameters: Record<string, string> = {};
  for (const [name, value] of query) {
    if (!(PARAMETERS as readonly string[]).includes(name)) {
      const close = nearest(name, PARAMETERS);
      const hint = close === undefined ? `Known are ${PARAMETERS.join(', ')}.` : `Did you mean ${close}?`;
      throw new BridgeError('invalid_argument', `unknown parameter ${name}`, { hint });
    }
    if (Object.hasOwn(parameters, name)) throw new BridgeError('invalid_argument', `parameter ${name} is given twice`);
    parameters[name] = value;
  }
  return readRequest(table, parameters);
}

/** The request of named words. Throws invalid_argument that names the parameter. */
export function readRequest(table: TableName, parameters: ReadParameters): ReadRequest {
  const from = readTime('from', parameters.from);
  const to = readTime('to', parameters.to);
  if (from !== undefined && to !== undefined && parseTimestamp(from)!.floor > parseTimestamp(to)!.floor) {
    throw new BridgeError('invalid_argument', `from ${from} is after to ${to}`);
  }
  const select = parameters.select?.trim() ? splitSelect(parameters.select) : undefined;
  const format = readWord('format', parameters.format, READ_FORMATS, 'ndjson');
  if (format === 'otlp-json' && select !== undefined) {
    throw new BridgeError('invalid_argument', 'select does not go with format=otlp-json', {
      hint: 'Rows become OTLP again from all of their columns: leave select out, or take another format.',
    });
  }
  const after = parameters.after || undefined;
  const buffered = readWord('buffered', parameters.buffered, ['true', 'false'], after ? 'false' : 'true') === 'true';
  const explain = readWord('explain', parameters.explain, ['true', 'false'], 'false') === 'true';
  if (after !== undefined && explain) {
    throw new BridgeError('invalid_argument', 'explain=true does not go with after', {
      hint: 'Explain the same filter without after: it is planned alike.',
    });
  }
  if (after !== undefined && buffered) {
    throw new BridgeError('invalid_argument', 'buffered=true does not go with after', {
      hint: 'An incremental read gives committed rows: flush, or wait for the next commit.',
    });
  }
  return {
    table,
    partition: readPartition(parameters.partition ?? ''),
    filter: parameters.filter?.trim() ? parameters.filter : undefined,
    select,
    limit: readLimit(parameters.limit),
    format,
    from,
    to,
    buffered,
    explain,
    onError: readWord('on_error', parameters.on_error, ['fail', 'skip'], 'fail'),
    after,
  };
}

function readPartition(text: string): string {
  if (text.length > MAX_PARTITION_LENGTH) {
    throw new BridgeError('invalid_argument', `partition is longer than ${MAX_PARTITION_LENGTH} characters`);
  }
  const path = text.replace(/^\/+|\/+$/g, '');
  const bad = path === '' ? undefined : path.split('/').find((part) => part === '' || part === '.' || part === '..');
  if (bad === undefined) return path;
  throw new BridgeError('invalid_argument', `partition ${text} has the segment "${bad}"`, {
    hint: 'Give leading segments of a partition path: date=2024-01-31/hour=08.',
  });
}

/** Splits at commas outside quotes and brackets. */
export function splitSelect(text: string): readonly string[] | undefined {
  if (text.length > MAX_SELECT_LENGTH) {
    throw new BridgeError('invalid_argument', `select is longer than ${MAX_SELECT_LENGTH} characters`);
  }
  if (text.trim() === '*') return undefined;
  const parts = text.match(/(?:'(?:[^']|'')*'|"(?:[^"]|"")*"|[^,])+/g) ?? [];
  const names = parts.map((part) => part.trim());
  if (/^\s*,|,\s*,|,\s*$/.test(text) || names.includes('')) {
    throw new BridgeError('invalid_argument', `select "${text}" has an empty name`, {
      hint: 'Separate the names with single commas.',
    });
  }
  return names;
}

function readLimit(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const limit = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(limit)) return limit;
  throw new BridgeError('invalid_argument', `limit "${text}" is no whole number of rows`, {
    hint: 'Give a number from 0 to 9007199254740991, or leave limit out.',
  });
}

function readTime(name: string, text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  // In a URL a bare + is a space: 2024-01-31T08:00:00+01:00 arrives with one before its offset.
  const mended = text.replace(/ (\d\d:?\d\d)$/, (space, offset) => (text.includes('T') ? `+${offset}` : space));
  if (parseTimestamp(mended) !== undefined) return mended;
  throw new BridgeError('invalid_argument', `${name} "${text}" is no time in ISO 8601`, {
    hint: 'Write 2024-01-31, 2024-01-31T08:00:00Z or 2024-01-31T08:00:00.123456+01:00.',
  });
}

function readWord<W extends string>(name: string, text: string | undefined, words: readonly W[], absent: W): W {
  if (text === undefined || text === '') return absent;
  const word = words.find((candidate) => candidate === text.toLowerCase());
  if (word !== undefined) return word;
  throw new BridgeError('invalid_argument', `${name} "${text}" is not known`, { hint: `Use ${words.join(', ')}.` });
}
