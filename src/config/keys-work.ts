/** The keys of work and its bounds: `[operations]`, `[journal]`, `[flush]`, `[limits]`, `[telemetry]`. */
import { type DeriveContext, GIB, type Key, MIB } from './key.ts';

/** Of anything counted in bytes. */
const MAX_BYTES = 1024 * GIB;

/** A thousand years. */
const MAX_WINDOW_SECONDS = 31_536_000_000;

/** What a thread of each kind and its data want at least: a budget that was given is not taken up by threads alone. */
const BYTES_A_THREAD = 384 * MIB;

/** As many as the cores ask for and a given budget allows. */
function affordable(count: number, { get, has }: DeriveContext): number {
  if (!has('limits.memory_bytes')) return count;
  return Math.max(1, Math.min(count, Math.floor(Number(get('limits.memory_bytes')) / BYTES_A_THREAD)));
}

const threads = (doc: string, path: string): Key => ({
  path,
  type: 'integer',
  min: 1,
  max: 64,
  derived: {
    text: 'half of the cores, 1 to 4, and no more than one for each 402653184 of `limits.memory_bytes` where that is given',
    value: (context) => affordable(Math.max(1, Math.min(4, Math.floor(context.cores / 2))), context),
  },
  example: 2,
  doc,
});

export const OPERATIONS_KEYS: readonly Key[] = [
  {
    path: 'operations.batch_size',
    type: 'integer',
    default: 10000,
    min: 1,
    max: 1000000,
    doc: 'Rows a record batch in reads.',
  },
  {
    path: 'operations.parallelism',
    type: 'integer',
    default: 4,
    min: 1,
    max: 256,
    doc: 'Objects written, or files scanned, at the same time.',
  },
  {
    path: 'operations.read_cache_bytes',
    type: 'integer',
    default: 64 * MIB,
    min: 0,
    max: MAX_BYTES,
    doc: 'Bytes of footers, filters and page indexes that a reader keeps in memory.',
  },
  {
    path: 'operations.read_cache_path',
    type: 'path',
    example: 'data/read-cache',
    doc: 'Folder for ranges of objects that were read from S3, so that they are fetched once; bridges may share it. Absent: nothing is kept on disk.',
  },
  {
    path: 'operations.read_cache_disk_bytes',
    type: 'integer',
    default: 10 * GIB,
    min: 64 * MIB,
    max: MAX_BYTES,
    doc: 'Bytes in that folder; what was used longest ago is removed. A reader may be a sixteenth over it for a moment.',
  },
  {
    path: 'operations.retry_attempts',
    type: 'integer',
    default: 3,
    min: 0,
    max: 100,
    doc: 'Tries after the first one for a call to the store.',
  },
  {
    path: 'operations.timeout_seconds',
    type: 'integer',
    default: 300,
    min: 1,
    max: 86400,
    doc: 'Bound on one call to the store.',
  },
  {
    path: 'operations.drain_seconds',
    type: 'integer',
    default: 25,
    min: 1,
    max: 3600,
    doc: 'Bound on a stop: what is buffered is written until then, what is left stays in the journal. Kubernetes kills after 30.',
  },
  threads('Worker threads that decode and journal.', 'operations.lanes'),
  threads('Worker threads that encode and upload.', 'operations.encoders'),
  {
    path: 'operations.readers',
    type: 'integer',
    min: 1,
    max: 64,
    derived: {
      text: '1, on 4 cores and more 2 where `limits.memory_bytes`, if given, is at least 805306368',
      value: (context) => affordable(context.cores >= 4 ? 2 : 1, context),
    },
    example: 1,
    doc: 'Worker threads that serve reads.',
  },
];

export const JOURNAL_KEYS: readonly Key[] = [
  { path: 'journal.path', type: 'path', default: 'data/journal', doc: 'Directory of the journal, on a local disk.' },
  {
    path: 'journal.sync',
    type: 'string',
    default: 'always',
    values: ['always', 'interval'],
    doc: 'When answers wait for the disk: "always", or "interval" (a power cut may lose the last moments).',
  },
  {
    path: 'journal.max_bytes',
    type: 'integer',
    default: 10 * GIB,
    min: MIB,
    max: MAX_BYTES,
    doc: 'Bytes of all segments; reached, requests are answered 503 until segments are flushed.',
  },
];

export const FLUSH_KEYS: readonly Key[] = [
  {
    path: 'flush.max_age_seconds',
    type: 'integer',
    default: 300,
    min: 1,
    max: 86400,
    doc: 'Seconds after which rows are written to the lake.',
  },
  {
    path: 'flush.max_bytes',
    type: 'integer',
    min: 1024,
    max: MAX_BYTES,
    derived: {
      text: '134217728, or what a quarter of `limits.memory_bytes` and half of `journal.max_bytes` allow',
      value: ({ get }) =>
        Math.min(
          128 * MIB,
          Math.floor(Number(get('limits.memory_bytes')) / 4),
          Math.floor(Number(get('journal.max_bytes')) / 2),
        ),
    },
    example: 128 * MIB,
    doc: 'Bytes of OTLP (decompressed) after which rows are written.',
  },
  {
    path: 'flush.max_rows',
    type: 'integer',
    default: 1000000,
    min: 1,
    max: 100000000,
    doc: 'Rows after which they are written.',
  },
];

export const LIMITS_KEYS: readonly Key[] = [
  {
    path: 'limits.memory_bytes',
    type: 'integer',
    min: 16 * MIB,
    max: MAX_BYTES,
    derived: {
      text: '805306368, and 134217728 for each of `operations.lanes` and `operations.encoders` over one',
      value: ({ get }) =>
        768 * MIB + 128 * MIB * (Number(get('operations.lanes')) + Number(get('operations.encoders')) - 2),
    },
    example: 768 * MIB,
    doc: 'Budget of the whole process; reached, requests are answered 503 / UNAVAILABLE. Below 324 MiB (140 MiB more with each further lane, encoder and reader) it bounds requests and rows alone, and the process takes 260 MiB besides.',
  },
  {
    path: 'limits.max_attribute_count',
    type: 'integer',
    default: 1024,
    min: 1,
    max: 65536,
    doc: 'Attributes in one map; a row with more is rejected alone.',
  },
  {
    path: 'limits.max_nesting',
    type: 'integer',
    default: 64,
    min: 1,
    max: 512,
    doc: 'Depth of attribute values; a row with deeper ones is rejected alone.',
  },
  {
    path: 'limits.max_past_seconds',
    type: 'integer',
    min: 1,
    max: MAX_WINDOW_SECONDS,
    example: 2592000,
    doc: 'How long ago the time of a row may be when it is received; an older one is rejected alone. Absent: any time.',
  },
  {
    path: 'limits.max_future_seconds',
    type: 'integer',
    min: 1,
    max: MAX_WINDOW_SECONDS,
    example: 3600,
    doc: 'How far ahead of our clock the time of a row may be; one further ahead is rejected alone. Absent: any time.',
  },
];

export const TELEMETRY_KEYS: readonly Key[] = [
  {
    path: 'telemetry.log_level',
    type: 'string',
    default: 'info',
    values: ['trace', 'debug', 'info', 'warn', 'error'],
    doc: 'Least level that is logged.',
  },
  {
    path: 'telemetry.log_format',
    type: 'string',
    default: 'json',
    values: ['json', 'text'],
    doc: 'Form of log lines on standard error.',
  },
  {
    path: 'telemetry.otlp_endpoint',
    type: 'url',
    unsupported: 'Scrape /metrics of the api instead.',
    doc: 'Where the bridge sends its own telemetry.',
  },
];
