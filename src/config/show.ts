/** The configuration in force as TOML, secrets redacted; read again (with its secrets) it gives the same configuration. */
import { parse } from 'smol-toml';
import type { PartitionStrategy } from '../model/layout.ts';
import { memberName } from './key.ts';
import { KEYS } from './keys.ts';
import { joinPath } from './locate.ts';
import { redactedConfig } from './redact.ts';
import type { Config } from './types.ts';

/** The same in the form asked for; JSON has the keys of the file. */
export function showConfig(config: Config, format: 'toml' | 'json'): string {
  const toml = configToToml(config);
  return format === 'toml' ? toml : JSON.stringify(parse(unescapeReferences(toml)), infinityAsText, 2);
}

function infinityAsText(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? tomlValue(value) : value;
}

export function configToToml(config: Config): string {
  const shown = redactedConfig(config);
  const sections = new Map<string, string[]>();
  for (const { path, type } of KEYS) {
    if (path.startsWith('partitioning.')) continue;
    const value = lookUp(shown, path);
    if (value === undefined || ((type === 'tables' || type === 'map') && Object.keys(value as object).length === 0)) {
      continue;
    }
    const dot = path.lastIndexOf('.');
    const lines = sections.get(path.slice(0, dot)) ?? [];
    const shownValue = type === 'tables' ? tablesText(value as readonly object[]) : tomlValue(value);
    lines.push(`${path.slice(dot + 1)} = ${shownValue}`);
    sections.set(path.slice(0, dot), lines);
  }
  const blocks = [...sections].map(([name, lines]) => `[${name}]\n${lines.join('\n')}\n`);
  return [...blocks, ...partitioningBlocks(shown.partitioning)].join('\n');
}

/** The value of a key of the file in the Config: `server.otlp_grpc` is `config.server.otlpGrpc`. */
function lookUp(config: Config, path: string): unknown {
  return path.split('.').reduce<unknown>((value, step) => {
    const name = memberName(step);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  }, config);
}

/** What follows from other keys of an entry, and is no key itself. */
const DERIVED_MEMBERS = ['column'];

function tablesText(entries: readonly object[]): string {
  return `[\n${entries.map((entry) => `  ${tomlValue(asKeys(entry))},\n`).join('')}]`;
}

/** Names in the file's form, without what is absent, empty or derived. */
function asKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asKeys);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([name, inner]) => {
    return inner !== undefined && !(Array.isArray(inner) && inner.length === 0) && !DERIVED_MEMBERS.includes(name);
  });
  return Object.fromEntries(members.map(([name, inner]) => [snakeCase(name), asKeys(inner)]));
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function partitioningBlocks(strategies: readonly PartitionStrategy[]): string[] {
  if (strategies.length === 0) return ['[partitioning]\ntype = "none"\n'];
  const header = strategies.length === 1 ? '[partitioning]' : '[[partitioning.by]]';
  return strategies.map((strategy) => {
    const lines = Object.entries(strategy).map(([name, value]) => {
      const key = snakeCase(name);
      const shown = strategy.type === 'range' && name === 'ranges' ? rangesOf(strategy.ranges) : value;
      return `${key} = ${tomlValue(shown)}`;
    });
    return `${header}\n${lines.join('\n')}\n`;
  });
}

function rangesOf(ranges: readonly { from: number; to: number; label: string }[]): unknown {
  return ranges.map(({ from, to, label }) => [from, to, label]);
}

/** What is no reference to the environment must not be read as one. */
function escapeReferences(text: string): string {
  return text.replace(/\$\{/g, '$$$&');
}

export function unescapeReferences(text: string): string {
  return text.replace(/\$(?=\$\{)/g, '');
}

/** One line of TOML. Its basic strings are those of JSON, but for DEL, which must be escaped as well. */
export function tomlValue(value: unknown): string {
  if (typeof value === 'string') return escapeReferences(JSON.stringify(value).replaceAll('\x7f', '\\u007f'));
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value).replace('Infinity', 'inf');
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, inner]) => `${joinPath('', key)} = ${tomlValue(inner)}`)
      .join(', ')} }`;
  }
  return String(value);
}
