/** What several keys say together: relations between numbers, keys that need or exclude each other, names of columns. */
import { isAbsolute, relative, resolve } from 'node:path';
import { BridgeError } from '../errors.ts';
import { withPromotions } from '../model/promote.ts';
import type { ColumnType, TableSchema } from '../model/table.ts';
import { TABLES } from '../model/tables.ts';
import { createPartitioner } from '../partition/partition.ts';
import { isTimeColumn } from '../partition/time.ts';
import { parseAddress } from './address.ts';
import { TABLE_NAMES } from './keys.ts';
import type { PlacedStrategy } from './partitioning.ts';
import type { Problems } from './problems.ts';
import { checkS3 } from './relations-s3.ts';
import type { Settings } from './settings.ts';
import type { TableConfig } from './types.ts';

export interface Related {
  readonly settings: Settings;
  readonly tables: Readonly<Record<(typeof TABLE_NAMES)[number], TableConfig>>;
  readonly strategies: readonly PlacedStrategy[];
}

export function checkRelations(related: Related, problems: Problems): void {
  const { settings } = related;
  checkListeners(settings, problems);
  checkHttpPaths(settings, problems);
  checkConnections(settings, problems);
  checkSizes(settings, problems);
  checkPaths(settings, problems);
  checkS3(settings, problems);
  checkReadCache(settings, problems);
  checkLevel(settings, problems);
  checkTls(settings, problems);
}

function checkListeners(settings: Settings, problems: Problems): void {
  const seen = new Map<string, string>();
  for (const path of ['server.otlp_grpc', 'server.otlp_http', 'server.api', 'server.admin']) {
    const address = settings.optional(path);
    if (address === undefined) continue;
    const parsed = parseAddress(address)!;
    if ('port' in parsed && parsed.port === 0) continue;
    const other = seen.get(address);
    if (other !== undefined) problems.report(path, `${path} is "${address}", as ${other} is; give each its own port`);
    seen.set(address, path);
  }
}

function checkConnections(settings: Settings, problems: Problems): void {
  const path = 'server.grpc_max_connection_age_grace_seconds';
  if (settings.has(path) && !settings.has('server.grpc_max_connection_age_seconds')) {
    problems.report(path, `${path} is used with server.grpc_max_connection_age_seconds only; set that too`, 'key');
  }
}

/** Characters of a path (RFC 3986, 3.3), none of them percent-encoded: it is compared as it stands in the request. */
const HTTP_PATH = /^(\/[A-Za-z0-9._~!$&'()*+,;=:@-]+)+$/;

function checkHttpPaths(settings: Settings, problems: Problems): void {
  const seen = new Map<string, string>();
  for (const table of TABLE_NAMES) {
    const path = `server.${table}_path`;
    const value = settings.text(path);
    const other = seen.get(value);
    if (!HTTP_PATH.test(value)) {
      problems.report(path, `${path} is "${value}"; expected a path without query, such as "/v1/${table}"`);
    } else if (other !== undefined) {
      problems.report(path, `${path} is "${value}", as ${other} is; give each its own path`);
    }
    seen.set(value, path);
  }
}

/** Pairs of which the first must not be larger: what is larger could never be taken in. */
const AT_MOST = [
  ['server.max_request_bytes', 'limits.memory_bytes'],
  ['server.max_request_bytes', 'journal.max_bytes'],
  ['flush.max_bytes', 'limits.memory_bytes'],
  ['flush.max_bytes', 'journal.max_bytes'],
] as const;

function checkSizes(settings: Settings, problems: Problems): void {
  for (const [small, large] of AT_MOST) {
    const value = settings.number(small);
    const bound = settings.number(large);
    if (value > bound) problems.report(small, `${small} is ${value}; expected at most ${large}, which is ${bound}`);
  }
}

function checkPaths(settings: Settings, problems: Problems): void {
  if (settings.text('storage.type') !== 'file') return;
  const lake = resolve(settings.text('storage.path'));
  const journal = resolve(settings.text('journal.path'));
  const path = settings.has('journal.path') ? 'journal.path' : 'storage.path';
  if (isWithin(journal, lake)) {
    problems.report(path, `journal.path lies in storage.path ("${lake}"); expected folders beside each other`);
  } else if (isWithin(lake, journal)) {
    problems.report(path, `storage.path lies in journal.path ("${journal}"); expected folders beside each other`);
  }
}

function isWithin(inner: string, outer: string): boolean {
  const way = relative(outer, inner);
  return way === '' || (way !== '..' && !way.startsWith('../') && !way.startsWith('..\\') && !isAbsolute(way));
}

function checkReadCache(settings: Settings, problems: Problems): void {
  const path = 'operations.read_cache_path';
  if (settings.text('storage.type') === 's3' || !settings.has(path)) return;
  const why = 'files of storage.type "file" are on a disk already; leave it out';
  problems.report(path, `${path} is for lakes of storage.type "s3": ${why}`, 'key');
}

/** The levels of the encoder (parquet-wasm), which cannot be set there. */
const LEVELS: Readonly<Record<string, number>> = { ZSTD: 1, GZIP: 6 };

function checkLevel(settings: Settings, problems: Problems): void {
  const level = settings.get('parquet.compression_level');
  const codec = settings.text('parquet.compression');
  if (level === undefined || level === LEVELS[codec]) return;
  const expected = LEVELS[codec] === undefined ? 'no level' : `${LEVELS[codec]}, or no level`;
  const path = 'parquet.compression_level';
  problems.report(path, `${path} is ${level}; expected ${expected}: the encoder writes ${codec} in one way only`);
}

function checkTls(settings: Settings, problems: Problems): void {
  if (!settings.has('server.tls')) return;
  for (const path of ['server.tls.cert_file', 'server.tls.key_file']) {
    if (!settings.has(path)) problems.reportMissing(path, 'server.tls needs a certificate and its key');
  }
}

/** Columns that the configuration names, against those of the tables that are received. */
export function checkColumns({ settings, tables, strategies }: Related, problems: Problems): void {
  const enabled = TABLE_NAMES.filter((name) => tables[name].enabled);
  const schemas = enabled.map((name) => withPromotions(TABLES[name], tables[name].promote));
  if (schemas.length === 0) {
    problems.report('tables', `every table is disabled; enable at least one of ${Object.keys(TABLES).join(', ')}`);
    return;
  }
  for (const path of ['parquet.sort_by', 'parquet.bloom_filter_columns']) {
    for (const [i, name] of settings.texts(path).entries()) {
      checkColumn(name, `${path}[${i}]`, path === 'parquet.sort_by' ? SORTABLE : HASHABLE, schemas, problems);
    }
  }
  for (const { path, strategy } of strategies) {
    checkStrategy({ path, strategy }, schemas, problems);
  }
}

type Kinds = ReadonlySet<ColumnType['kind']>;
/** Columns the encoder writes a bloom filter for. */
const HASHABLE: Kinds = new Set(['string', 'id', 'int64', 'uint32']);
const SORTABLE: Kinds = new Set([...HASHABLE, 'int32', 'double', 'bool', 'timestamp']);

function checkColumn(
  name: string,
  path: string,
  kinds: Kinds,
  schemas: readonly TableSchema[],
  problems: Problems,
): void {
  const columns = schemas.flatMap((schema) => schema.columns.filter((column) => column.name === name));
  if (columns.length === 0) {
    const all = schemas.map((schema) => schema.name).join(', ');
    const hint = 'an attribute must be promoted first';
    problems.report(path, `${path} is "${name}", which is no column of ${all} (${hint})`);
  } else {
    const misfit = columns.find((column) => !kinds.has(column.type.kind));
    if (!misfit) return;
    const fit = new Set(schemas.flatMap((s) => s.columns.filter((c) => kinds.has(c.type.kind)).map((c) => c.name)));
    const expected = [...fit].join(', ');
    problems.report(path, `${path} is "${name}", a column of type ${misfit.type.kind}; expected one of ${expected}`);
  }
}

function checkStrategy({ path, strategy }: PlacedStrategy, schemas: readonly TableSchema[], problems: Problems): void {
  if (strategy.type === 'time') {
    const columns = schemas.flatMap((schema) => schema.columns.filter(isTimeColumn).map((column) => column.name));
    if (!columns.includes(strategy.field)) {
      const expected = [...new Set(columns)].join(', ');
      problems.report(`${path}.field`, `${path}.field is "${strategy.field}"; expected a column of times: ${expected}`);
      return;
    }
  }
  if ('name' in strategy && strategy.name !== strategy.field) {
    const same = schemas.find((schema) => schema.columns.some((column) => column.name === strategy.name));
    if (same) {
      const what = `the name of another column of ${same.name}`;
      problems.report(`${path}.name`, `${path}.name is "${strategy.name}", ${what}; expected a name of its own`);
    }
  }
  for (const schema of schemas) {
    try {
      createPartitioner([strategy], schema);
    } catch (thrown) {
      const { message, hint } = BridgeError.from(thrown);
      problems.report(`${path}.field`, `${path}.field: ${message}.${hint === undefined ? '' : ` ${hint}`}`);
      return; // other tables would say the same again
    }
  }
}
