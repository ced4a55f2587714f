/** Texts made from the table of keys: config/README.md and the shipped file. */
import type { Key } from './key.ts';
import { KEYS } from './keys.ts';
import { RULE_KEYS } from './lifecycle.ts';
import { tomlValue, unescapeReferences } from './show.ts';

const SECTION_DOCS: Readonly<Record<string, string>> = {
  server: 'Listeners.',
  'server.tls': 'TLS of all listeners.',
  'server.auth': 'Bearer tokens, in files with one token a line.',
  'server.cors': 'Browsers of other origins.',
  storage: 'Where the lake lives.',
  s3: 'The bucket. Set `bucket`, and the lake lives there instead of in a directory.',
  's3.credentials': 'Who asks. Secrets are best taken from the environment.',
  's3.encryption': 'Encryption at rest.',
  's3.multipart': 'Uploads of large objects.',
  parquet: 'The files.',
  partitioning: 'Folders of the lake, by event time unless said otherwise.',
  operations: 'Work and its bounds.',
  journal: 'Where requests are made durable before they are answered.',
  flush: 'When rows move from the journal to the lake; the first of the three decides.',
  limits: 'Bounds on memory and rows.',
  'tables.traces': 'Spans.',
  'tables.logs': 'Log records.',
  'tables.metrics': 'Data points.',
  cost: 'Prices for `otel-lake cost`: of us-east-1 (first tier, US dollars, without tax) as they were known in June 2025. Set your own.',
  'cost.storage': 'A GiB for a month, by storage class.',
  'cost.retrieval': 'A GiB read from classes that ask for it.',
  telemetry: 'Logs of the bridge itself.',
};

interface Section {
  readonly name: string;
  readonly keys: readonly Key[];
}

function sections(): readonly Section[] {
  const known = KEYS.filter(({ unsupported }) => unsupported === undefined);
  const grouped = Map.groupBy(known, ({ path }) => path.slice(0, path.lastIndexOf('.')));
  return [...grouped].map(([name, keys]) => ({ name, keys }));
}

const HEAD = `# Configuration

Every key of a configuration file: \`--config FILE\`, by default \`config/s3-parquet.toml\`. Keys are in the sections their headings name.
\`"\${NAME}"\` as a value, or in one, is taken from the environment. \`otel-lake config check\` finds what is wrong in a file,
\`otel-lake config show\` prints what is in force.

<!-- Generated from the table of keys: npm run docs -->
`;

/** config/README.md: a table of keys for each section of the file. */
export function configReference(): string {
  const blocks = sections().flatMap(({ name, keys }) => {
    const block = referenceBlock(`[${name}]`, SECTION_DOCS[name]!, keys);
    return name === 's3' ? [block, referenceBlock('[[s3.lifecycle]]', LIFECYCLE_DOC, RULE_KEYS)] : [block];
  });
  return [HEAD, ...blocks].join('\n');
}

const LIFECYCLE_DOC = 'Rules of the bucket, put there by `create_bucket` and `otel-lake bucket apply`.';

function referenceBlock(header: string, doc: string, keys: readonly Key[]): string {
  const rows = keys.map((key) => {
    const cells = [`\`${nameOf(key)}\``, typeText(key), defaultCell(key), key.doc];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  const head = '| key | type | default | |\n|---|---|---|---|';
  return `## \`${header}\`\n\n${doc}\n\n${head}\n${rows.join('\n')}\n`;
}

function nameOf(key: Key): string {
  return key.path.slice(key.path.lastIndexOf('.') + 1);
}

function typeText(key: Key): string {
  if (key.values !== undefined) return key.values.map((value) => `\`${tomlValue(value)}\``).join(' ');
  if (key.type === 'number') return `number, ${key.min} to ${key.max}`;
  if (key.type === 'integer') return `integer, ${key.min} to ${key.max}`;
  return TYPE_TEXTS[key.type];
}

const TYPE_TEXTS: Readonly<Record<Key['type'], string>> = {
  string: 'string',
  integer: 'integer',
  number: 'number',
  boolean: 'boolean',
  strings: 'array of strings',
  map: 'table of strings',
  address: '`"host:port"` or `"unix:/path"`',
  path: 'path',
  url: 'URL',
  ranges: 'array of `[from, to, "label"]`',
  tables: 'array of tables',
};

function defaultCell(key: Key): string {
  if (key.derived !== undefined) return key.derived.text;
  return key.default === undefined ? '' : `\`${tomlValue(key.default)}\``;
}

const FILE_HEAD = `# Configuration of otel-lake-bridge.
# Lines without a "#" are the defaults; a key that is removed keeps its default. Lines that begin with "# " and a key are
# examples, or defaults that follow the machine or other keys. Any string may take a value from the environment:
# "\${NAME}". \`otel-lake config check\` checks the file, \`otel-lake config show\` prints what is in force.
`;

const PARTITIONING_EXAMPLES = `
# Several strategies in order, instead of the keys above: service_name=web/date=2024-01-01/status_code_range=success/...
# [[partitioning.by]]
# type = "value"
# field = "service_name"
#
# [[partitioning.by]]
# type = "time"
# granularity = "day"
# format = "date=%Y-%m-%d"
#
# [[partitioning.by]]
# type = "range"
# field = "http.response.status_code"
# name = "status_code_range"
# ranges = [[200, 400, "success"], [400, 600, "error"]]
#
# [[partitioning.by]]
# type = "hash"
# field = "trace_id"
# num_partitions = 16
`;

/** The text of config/s3-parquet.toml: parsed, it gives the defaults. */
export function defaultConfigFile(): string {
  const blocks = sections().map(({ name, keys }) => {
    const hasDefaults = keys.some((key) => isInForce(key, name));
    const header = hasDefaults ? `[${name}]` : `# [${name}]`;
    const lines = keys
      .filter((key) => name !== 'partitioning' || isShownForTime(key))
      .flatMap((key) => keyLines(key, name));
    const more = name === 'partitioning' ? PARTITIONING_EXAMPLES : '';
    return `# ${SECTION_DOCS[name]}\n${header}\n${lines.join('\n')}\n${more}`;
  });
  return [FILE_HEAD, ...blocks].join('\n');
}

/** Whether the key stands in the file uncommented. S3 is an example as a whole: any of its keys would choose it. */
function isInForce(key: Key, section: string): boolean {
  return key.default !== undefined && section !== 's3' && !section.startsWith('s3.');
}

function isShownForTime(key: Key): boolean {
  return ['type', 'field', 'granularity', 'format'].includes(nameOf(key));
}

const MAX_LINE_CHARS = 120;

function keyLines(key: Key, section: string): string[] {
  const shown = key.default ?? key.example;
  const value = shown === undefined ? undefined : plainToml(shown);
  const fallback = key.derived === undefined ? '' : `Default: ${key.derived.text}.`;
  const doc = commentLines([key.doc, allowedText(key), fallback]);
  if (value === undefined) return doc;
  return [...doc, `${isInForce(key, section) ? '' : '# '}${nameOf(key)} = ${value}`];
}

/** One line, or a line each where they are too long together. */
function commentLines(sentences: readonly string[]): string[] {
  const line = `# ${sentences.filter(Boolean).join(' ')}`;
  return line.length <= MAX_LINE_CHARS ? [line] : sentences.filter(Boolean).map((sentence) => `# ${sentence}`);
}

function allowedText(key: Key): string {
  return key.values === undefined ? '' : `One of ${key.values.map(plainToml).join(', ')}.`;
}

/** Examples name the environment's variables as they are. */
function plainToml(value: unknown): string {
  return unescapeReferences(tomlValue(value));
}
