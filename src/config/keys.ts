/**
 * Every key of the configuration, in the order of the file: the one table behind checks, defaults, `config show`, the
 * reference in config/README.md and the shipped file. What depends on several keys is in `relations.ts`.
 */
import type { TableName } from '../model/signal.ts';
import type { Key } from './key.ts';
import { COST_KEYS } from './keys-cost.ts';
import { PARQUET_KEYS, STORAGE_KEYS } from './keys-lake.ts';
import { PARTITIONING_KEYS } from './keys-partitioning.ts';
import { S3_KEYS } from './keys-s3.ts';
import { SERVER_KEYS } from './keys-server.ts';
import { FLUSH_KEYS, JOURNAL_KEYS, LIMITS_KEYS, OPERATIONS_KEYS, TELEMETRY_KEYS } from './keys-work.ts';

export const TABLE_NAMES: readonly TableName[] = ['traces', 'logs', 'metrics'];

const TABLE_KEYS: readonly Key[] = TABLE_NAMES.flatMap((table): Key[] => {
  return [
    { path: `tables.${table}.enabled`, type: 'boolean', default: true, doc: `Whether ${table} are received.` },
    {
      path: `tables.${table}.promote`,
      type: 'tables',
      example: [{ attribute: 'http.route', type: 'string' }],
      doc: 'Attributes copied to columns of their own: `{ attribute = "http.route", type = "string" }`; types are string, int64, double, bool.',
    },
    {
      path: `tables.${table}.bucket`,
      type: 'string',
      example: `my-${table}`,
      doc: `Bucket of the files of ${table}, where it is not \`s3.bucket\`, which keeps the commit records.`,
    },
    {
      path: `tables.${table}.prefix`,
      type: 'string',
      example: 'telemetry',
      doc: `Folder of ${table} in that bucket; absent: \`s3.prefix\`.`,
    },
    {
      path: `tables.${table}.region`,
      type: 'string',
      example: 'eu-central-1',
      doc: 'Region of that bucket; absent: `s3.region`.',
    },
  ];
});

export const KEYS: readonly Key[] = [
  ...SERVER_KEYS,
  ...STORAGE_KEYS,
  ...S3_KEYS,
  ...PARQUET_KEYS,
  ...PARTITIONING_KEYS,
  ...OPERATIONS_KEYS,
  ...JOURNAL_KEYS,
  ...FLUSH_KEYS,
  ...LIMITS_KEYS,
  ...TABLE_KEYS,
  ...COST_KEYS,
  ...TELEMETRY_KEYS,
];

export const KEY_BY_PATH: ReadonlyMap<string, Key> = new Map(KEYS.map((key) => [key.path, key]));

/** All tables of the file, `server` and `server.tls` alike. */
export const SECTIONS: ReadonlySet<string> = new Set(
  KEYS.flatMap(({ path }) => path.split('.').map((_, i, steps) => steps.slice(0, i).join('.'))).filter(Boolean),
);
