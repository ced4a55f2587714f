/** `[partitioning]` and `[[partitioning.by]]` to strategies. */
import { BridgeError } from '../errors.ts';
import type { Granularity, PartitionStrategy, TimeStrategy } from '../model/layout.ts';
import { promotedColumnName } from '../model/promote.ts';
import { partitionKeys } from '../partition/describe.ts';
import { DEFAULT_FORMATS, parseTimeFormat } from '../partition/time-format.ts';
import { type CheckContext, checkValue, type Given, isTable, unknownKey } from './check.ts';
import { DEFAULT_TIME, KEY_USERS, PARTITIONING_KEYS, type StrategyType } from './keys-partitioning.ts';
import { joinPath } from './locate.ts';
import { createProblems, foundText } from './problems.ts';
import { readRanges, refuseFallback } from './ranges.ts';

const SECTION = 'partitioning';
const MAX_STRATEGIES = 16;
/** A path has to fit the 1,024 bytes of an S3 key. */
const MAX_FORMAT_CHARS = 120;

/** A strategy with the path it was configured at, for later checks. */
export interface PlacedStrategy {
  readonly path: string;
  readonly strategy: PartitionStrategy;
}

export function readPartitioning(given: Given, context: CheckContext): readonly PlacedStrategy[] {
  const by = given.get(`${SECTION}.by`) as readonly unknown[] | undefined;
  const own = new Map([...given].filter(([path]) => path.startsWith(`${SECTION}.`) && path !== `${SECTION}.by`));
  const placed = by === undefined ? readOne(own, context) : readSeveral(by, own, context);
  refuseEqualKeys(placed, context);
  return placed;
}

/**
 * Strategies given by a program, each with the keys of a `[[partitioning.by]]` table; none where the list is empty.
 * Throws `config` with all that is wrong; `name` stands where a file's name would.
 */
export function partitioningOf(entries: readonly unknown[], name: string): readonly PartitionStrategy[] {
  if (entries.length === 0) return [];
  const problems = createProblems('', name);
  const given = new Map([[`${SECTION}.by`, entries]]);
  const placed = readPartitioning(given, { problems, foreign: new Set() });
  problems.throwIfAny();
  return placed.map(({ strategy }) => strategy);
}

function readOne(own: Given, context: CheckContext): readonly PlacedStrategy[] {
  const type = (own.get(`${SECTION}.type`) ?? 'time') as StrategyType | 'none';
  const strategy = type === 'none' ? refuseAll(own, context) : readStrategy(type, own, SECTION, context);
  return strategy === undefined ? [] : [{ path: SECTION, strategy }];
}

function refuseAll(own: Given, { problems }: CheckContext): undefined {
  for (const path of own.keys()) {
    if (path !== `${SECTION}.type`) problems.report(path, `${path} is not used by type "none"; remove it`, 'key');
  }
}

function readSeveral(by: readonly unknown[], own: Given, context: CheckContext): readonly PlacedStrategy[] {
  const { problems } = context;
  for (const path of own.keys()) {
    problems.report(path, `${path} cannot stand beside [[${SECTION}.by]]; move it to an entry there`, 'key');
  }
  if (by.length === 0 || by.length > MAX_STRATEGIES) {
    const expected = `1 to ${MAX_STRATEGIES}, or ${SECTION}.type = "none"`;
    problems.report(`${SECTION}.by`, `${SECTION}.by has ${by.length} strategies; expected ${expected}`);
    return [];
  }
  return by.flatMap((entry, i): PlacedStrategy[] => {
    const path = `${SECTION}.by[${i}]`;
    const strategy = readEntry(entry, path, context);
    return strategy === undefined ? [] : [{ path, strategy }];
  });
}

const ENTRY_KEYS = PARTITIONING_KEYS.filter((key) => key.path !== `${SECTION}.by`);

function readEntry(entry: unknown, path: string, context: CheckContext): PartitionStrategy | undefined {
  const { problems } = context;
  if (!isTable(entry)) {
    problems.report(path, `${path} is ${foundText(entry)}; expected a table`);
    return undefined;
  }
  const own = new Map<string, unknown>();
  let isWhole = true;
  for (const [name, value] of Object.entries(entry)) {
    const at = joinPath(path, name);
    const key = ENTRY_KEYS.find((known) => known.path === `${SECTION}.${name}`);
    if (key === undefined) {
      const known = ENTRY_KEYS.map((one) => one.path.replace(SECTION, path));
      problems.report(at, unknownKey(at, known), 'key');
      continue;
    }
    const checked = checkValue(key, value, at, context);
    if (checked === undefined) isWhole = false;
    else own.set(at, checked);
  }
  const type = own.get(`${path}.type`) as StrategyType | 'none' | undefined;
  if (type !== undefined && type !== 'none') return readStrategy(type, own, path, context);
  if (isWhole) {
    const found = type === undefined ? 'is missing' : 'is "none"';
    problems.report(`${path}.type`, `${path}.type ${found}; expected "time", "value", "hash" or "range"`);
  }
  return undefined;
}

function readStrategy(
  type: StrategyType,
  own: Given,
  path: string,
  context: CheckContext,
): PartitionStrategy | undefined {
  const { problems } = context;
  const before = problems.count;
  for (const at of own.keys()) {
    const users = KEY_USERS[at.slice(path.length + 1)];
    if (users === undefined || users.includes(type)) continue;
    problems.report(at, `${at} is not used by type "${type}", only by "${users.join('", "')}"; remove it`, 'key');
  }
  const strategy = type === 'time' ? readTime(own, path, context) : readKeyed(type, own, path, context);
  return problems.count === before ? strategy : undefined;
}

function readTime(own: Given, path: string, { problems }: CheckContext): TimeStrategy {
  const granularity = (own.get(`${path}.granularity`) ?? DEFAULT_TIME.granularity) as Granularity;
  const format = ((own.get(`${path}.format`) as string | undefined) ?? DEFAULT_FORMATS[granularity]).replace(
    /^\/+|\/+$/g,
    '',
  );
  if (format.length > MAX_FORMAT_CHARS) {
    problems.report(`${path}.format`, `${path}.format is longer than ${MAX_FORMAT_CHARS} characters`);
  }
  try {
    parseTimeFormat(format);
  } catch (thrown) {
    const { message, hint } = BridgeError.from(thrown);
    problems.report(`${path}.format`, `${path}.format: ${message}. ${hint}`);
  }
  return { type: 'time', field: (own.get(`${path}.field`) as string | undefined) ?? 'timestamp', granularity, format };
}

function readKeyed(
  type: Exclude<StrategyType, 'time'>,
  own: Given,
  path: string,
  context: CheckContext,
): PartitionStrategy {
  const { problems } = context;
  const missing = (name: string, what: string) =>
    problems.reportMissing(`${path}.${name}`, `type "${type}" needs ${what}`);
  const field = own.get(`${path}.field`) as string | undefined;
  if (field === undefined) missing('field', 'the name of a column or attribute');
  const name = readName(own, path, field ?? '', context);
  switch (type) {
    case 'value':
      return { type, field: field ?? '', name };
    case 'hash': {
      const numPartitions = own.get(`${path}.num_partitions`) as number | undefined;
      if (numPartitions === undefined) missing('num_partitions', 'the number of buckets');
      return { type, field: field ?? '', name: hashName(own, path, name), numPartitions: numPartitions ?? 1 };
    }
    case 'range': {
      const raw = own.get(`${path}.ranges`) as readonly unknown[] | undefined;
      if (raw === undefined) missing('ranges', 'ranges such as [[0, 200, "success"]]');
      const fallback = (own.get(`${path}.default`) as string | undefined) ?? 'other';
      const ranges = raw === undefined ? [] : readRanges(raw, `${path}.ranges`, context);
      refuseFallback(fallback, `${path}.default`, ranges, `${path}.ranges`, context);
      return { type, field: field ?? '', name: rangeName(own, path, name), ranges, default: fallback };
    }
  }
}

/** The suffixes of the design: `trace_id_bucket=7`, `status_code_range=success`; a configured name stays as it is. */
function hashName(own: Given, path: string, name: string): string {
  return own.has(`${path}.name`) ? name : `${name}_bucket`;
}

function rangeName(own: Given, path: string, name: string): string {
  return own.has(`${path}.name`) ? name : `${name}_range`;
}

/** Engines take folders that begin with "_" for hidden ones. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_]*$/;

function readName(own: Given, path: string, field: string, { problems }: CheckContext): string {
  const name = own.get(`${path}.name`) as string | undefined;
  if (name !== undefined) {
    const expected = 'letters, digits and "_", not "_" first';
    if (!NAME.test(name)) problems.report(`${path}.name`, `${path}.name is "${name}"; expected ${expected}`);
    return name;
  }
  const attribute = /\['(.*)'\]$/s.exec(field)?.[1] ?? field;
  // Columns are in snake case already and stay as they are.
  const made = promotedColumnName(attribute).replace(/^_+/, '');
  if (field !== '' && made === '') {
    problems.report(`${path}.field`, `${path}.field "${field}" gives no key for the path; set ${path}.name`);
  }
  return made;
}

function refuseEqualKeys(placed: readonly PlacedStrategy[], { problems }: CheckContext): void {
  const seen = new Map<string, string>();
  for (const { path, strategy } of placed) {
    for (const key of partitionKeys(strategy)) {
      const other = seen.get(key);
      const hint = strategy.type === 'time' ? 'change its format' : `set ${path}.name`;
      if (other !== undefined) problems.report(path, `${path} has the key "${key}", as ${other} has; ${hint}`);
      seen.set(key, path);
    }
  }
}
