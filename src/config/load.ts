/**
 * TOML to Config, at the edge: what comes out is complete, checked and frozen. Every problem of a file is reported in
 * one `config` error, with its dotted key, its line, what was found and what was expected.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parse, TomlError } from 'smol-toml';
import { BridgeError } from '../errors.ts';
import { buildConfig } from './build.ts';
import { type CheckContext, checkTree, type Given, isTable } from './check.ts';
import { type Environment, substitute } from './environment.ts';
import { TABLE_NAMES } from './keys.ts';
import { readLifecycle } from './lifecycle.ts';
import { readPartitioning } from './partitioning.ts';
import { createProblems, syntaxExcerpt } from './problems.ts';
import { readPromotions } from './promotions.ts';
import { checkColumns, checkRelations } from './relations.ts';
import { trimSlashes } from './relations-s3.ts';
import { type Settings, withDefaults } from './settings.ts';
import type { Config, TableConfig } from './types.ts';

/** Read where no file is named; it may be missing, then every key has its default. */
export const DEFAULT_CONFIG_FILE = 'config/s3-parquet.toml';

const MAX_FILE_BYTES = 1024 * 1024;

/** Values by dotted key that stand above the file's, as from the command line. Text is converted to the key's type. */
export type Overrides = Readonly<Record<string, unknown>>;

export interface LoadOptions {
  /** For rows of any schema: columns that are named (to sort, to partition by) are not held against the bridge's tables. */
  readonly anyColumns?: boolean;
}

/** Throws `config` for a file that is missing (where it was named), unreadable or wrong. */
export function loadConfig(
  file?: string,
  env: Environment = process.env,
  overrides: Overrides = {},
  options: LoadOptions = {},
): Config {
  const text = readText(file);
  if (text === undefined) return parseConfig('', '(defaults)', env, overrides, options);
  return parseConfig(text, file ?? DEFAULT_CONFIG_FILE, env, overrides, options);
}

/**
 * The tree of a file, made by a program instead of parsed: the same keys and checks, but nothing is taken from the
 * environment. `name` stands in messages where the file's name would.
 */
export function configOf(tree: Readonly<Record<string, unknown>>, name: string, options: LoadOptions = {}): Config {
  const context = { problems: createProblems('', name), foreign: new Set<string>() };
  return checkConfig(tree, name, process.env, context, options);
}

function readText(file: string | undefined): string | undefined {
  const path = file ?? DEFAULT_CONFIG_FILE;
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (file === undefined && code === 'ENOENT') return undefined;
    const found = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    const hint = `Name a readable TOML file with --config, or leave it out for ${DEFAULT_CONFIG_FILE}.`;
    throw new BridgeError('config', `configuration file ${path} ${found}`, { hint });
  }
  if (bytes.length > MAX_FILE_BYTES) {
    throw new BridgeError('config', `${path} has ${bytes.length} bytes; expected at most ${MAX_FILE_BYTES}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new BridgeError('config', `${path} is no UTF-8 text; expected TOML`);
  }
}

/** `file` is the name in messages. The text is not read from anywhere else, so that tests need no files. */
export function parseConfig(
  source: string,
  file: string,
  env: Environment = process.env,
  overrides: Overrides = {},
  options: LoadOptions = {},
): Config {
  // Places are counted in the text as it is parsed.
  const text = source.replaceAll('\r\n', '\n');
  const raw = parseToml(text, file);
  const problems = createProblems(text, file);
  const { value, foreign } = substitute(raw, env, problems);
  const tree = withOverrides(value as Record<string, unknown>, overrides);
  const context: CheckContext = { problems, foreign: new Set([...foreign, ...Object.keys(overrides)]) };
  return checkConfig(tree, file, env, context, options);
}

function checkConfig(
  tree: Readonly<Record<string, unknown>>,
  file: string,
  env: Environment,
  context: CheckContext,
  { anyColumns = false }: LoadOptions,
): Config {
  const { problems } = context;
  const given = checkTree(tree, context);
  const settings = withDefaults(given, { env, cores: availableParallelism() });
  const tables = readTables(given, settings, context);
  const lifecycle = readLifecycle(given, context);
  const strategies = readPartitioning(given, context);
  checkRelations({ settings, tables, strategies }, problems);
  if (!anyColumns) checkColumns({ settings, tables, strategies }, problems);
  problems.throwIfAny();
  return buildConfig(
    file,
    settings,
    tables,
    lifecycle,
    strategies.map(({ strategy }) => strategy),
  );
}

function parseToml(text: string, file: string): Record<string, unknown> {
  try {
    return parse(text) as Record<string, unknown>;
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) throw thrown;
    // The error itself quotes lines of the file, secrets included: it is no cause here.
    const reason = thrown.message.split('\n', 1)[0]!.replace(/^Invalid TOML document: /, '');
    const excerpt = syntaxExcerpt(text, thrown.line, thrown.column);
    const hint = 'The file must be TOML 1.0 (https://toml.io).';
    throw new BridgeError('config', `${file}:${thrown.line}: no TOML: ${reason}${excerpt}`, { hint });
  }
}

function withOverrides(raw: Readonly<Record<string, unknown>>, overrides: Overrides): Record<string, unknown> {
  const tree = structuredClone(raw);
  for (const [path, value] of Object.entries(overrides)) {
    const steps = path.split('.');
    let table: Record<string, unknown> = tree;
    for (const step of steps.slice(0, -1)) {
      if (!isTable(table[step])) table[step] = {};
      table = table[step] as Record<string, unknown>;
    }
    table[steps.at(-1)!] = value;
  }
  return tree;
}

function readTables(given: Given, settings: Settings, context: CheckContext): Config['tables'] {
  const entries = TABLE_NAMES.map((name): [string, TableConfig] => {
    const prefix = settings.optional(`tables.${name}.prefix`);
    const table = {
      enabled: settings.flag(`tables.${name}.enabled`),
      promote: readPromotions(name, given, context),
      bucket: settings.optional(`tables.${name}.bucket`),
      prefix: prefix === undefined ? undefined : trimSlashes(prefix),
      region: settings.optional(`tables.${name}.region`),
    };
    return [name, table];
  });
  return Object.fromEntries(entries) as Config['tables'];
}
