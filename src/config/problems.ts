/**
 * Problems of a configuration, gathered and thrown together, each with its place in the text:
 *
 *     lake.toml:3: parquet.page_size is -1; expected an integer of at least 1024
 *        3 | page_size = -1
 *          |             ^^
 *
 * Secrets never stand in a message: their values are masked in the excerpts and are not named as found.
 */
import { BridgeError } from '../errors.ts';
import { locate, type Places, type Span } from './locate.ts';

/** Messages past this many are counted only. */
const MAX_SHOWN = 30;
const MAX_EXCERPT_CHARS = 160;
const MIN_HIDDEN_CHARS = 4;

export interface Problems {
  /** `path` finds the place: the key itself, or its value. A path that is not in the text has no excerpt. */
  report(path: string, message: string, at?: 'key' | 'value'): void;
  /** A key that is missing is only missing if it was not refused before. */
  reportMissing(path: string, what: string): void;
  /** From now on nothing more is said of this path. */
  silence(path: string): void;
  /** From now on the value of an environment's variable is shown as its name. */
  hide(value: string, name: string): void;
  readonly count: number;
  /** Throws one `config` error if anything was reported. */
  throwIfAny(): void;
}

export function createProblems(text: string, file: string): Problems {
  const places = locate(text);
  const masked = maskSecrets(text, places);
  const paragraphs: { readonly offset: number; readonly text: string }[] = [];
  const reported = new Set<string>();
  const silenced = new Set<string>();
  const hidden = new Map<string, string>();
  const problems: Problems = {
    report(path, message, at = 'value') {
      if (silenced.has(path)) return;
      reported.add(path);
      const span = findPlace(places, path)?.[at];
      const where = span === undefined ? file : `${file}:${lineOf(text, span.start)}`;
      const excerpt = span === undefined ? '' : `\n${excerptOf(masked, span)}`;
      paragraphs.push({
        offset: span?.start ?? text.length,
        text: `${where}: ${cutLong(hideAll(message, hidden))}${excerpt}`,
      });
    },
    silence: (path) => void silenced.add(path),
    reportMissing(path, what) {
      if (!reported.has(path)) problems.report(path, `${path} is missing; ${what}`);
    },
    hide(value, name) {
      // Shorter ones are no secrets, and would be found inside of other words.
      if (value.length < MIN_HIDDEN_CHARS) return;
      for (const form of [value, JSON.stringify(value).slice(1, -1)]) {
        hidden.set(form, `\${${name}}`);
      }
    },
    get count() {
      return paragraphs.length;
    },
    throwIfAny() {
      if (paragraphs.length === 0) return;
      const shown = paragraphs.toSorted((a, b) => a.offset - b.offset).slice(0, MAX_SHOWN);
      const rest = paragraphs.length - shown.length;
      const lines = shown.map((paragraph) => paragraph.text);
      if (rest > 0) lines.push(`and ${rest} more`);
      const hint = 'config/README.md lists every key; `otel-lake config check` checks a file.';
      throw new BridgeError('config', lines.join('\n\n'), { hint });
    },
  };
  return problems;
}

function hideAll(message: string, hidden: ReadonlyMap<string, string>): string {
  const longestFirst = [...hidden].toSorted(([a], [b]) => b.length - a.length);
  return longestFirst.reduce((text, [value, name]) => text.replaceAll(value, () => name), message);
}

/** Long quoted texts are cut only after values were hidden in them, which must be found whole. */
function cutLong(message: string): string {
  return message.replace(/"(?:[^"\\]|\\.)*"/g, (quoted) =>
    quoted.length > 62 ? `${quoted.slice(0, 58)}..."` : quoted,
  );
}

/** The path's place, else that of the nearest table or array around it. */
function findPlace(places: Places, path: string): { readonly key: Span; readonly value: Span } | undefined {
  const exact = places.get(path);
  if (exact !== undefined) return exact;
  const parent = path.replace(/(\.[^.[]+|\[\d+\])$/, '');
  const around = parent === path ? undefined : findPlace(places, parent);
  // The key of what is around, not all of its lines.
  return around && { key: around.key, value: around.key };
}

export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < offset; i = text.indexOf('\n', i + 1)) line++;
  return line;
}

/** The first line of the span with carets under it. */
function excerptOf(text: string, span: Span): string {
  const start = text.lastIndexOf('\n', span.start - 1) + 1;
  const lineEnd = text.indexOf('\n', span.start);
  const line = text.slice(start, lineEnd < 0 ? text.length : lineEnd).trimEnd();
  const column = span.start - start;
  // A long line is shown from shortly before the place.
  const skipped = column > MAX_EXCERPT_CHARS / 2 ? column - 20 : 0;
  const shown = line.slice(skipped, skipped + MAX_EXCERPT_CHARS).replaceAll('\t', ' ');
  const width = Math.max(1, Math.min(span.end - start, line.length, skipped + MAX_EXCERPT_CHARS) - column);
  const number = String(lineOf(text, span.start)).padStart(4);
  return `${number} | ${shown}\n${' '.repeat(4)} | ${' '.repeat(column - skipped)}${'^'.repeat(width)}`;
}

const SECRET_NAME = /secret|token|password|passphrase|access_key|private_key/i;

/** Keys that hold secrets, or look as if they were meant to (mistyped names). Files that hold secrets are not secret. */
export function isSecretPath(path: string): boolean {
  const last = path.slice(path.lastIndexOf('.') + 1);
  if (path.startsWith('s3.credentials.')) return last !== 'type' && last !== 'profile';
  return SECRET_NAME.test(last) && !last.endsWith('_file');
}

/** The text with the values of secrets as asterisks, of the same length so that places stay. */
function maskSecrets(text: string, places: Places): string {
  let masked = text;
  for (const [path, { key, value }] of places) {
    if (!isSecretPath(path) || value.start === key.start) continue;
    masked = masked.slice(0, value.start) + stars(masked.slice(value.start, value.end)) + masked.slice(value.end);
  }
  return maskUrlUsers(masked);
}

/** Names and passwords before the host of a URL. */
export function maskUrlUsers(text: string): string {
  return text.replace(/:\/\/[^/@\s"']+@/g, (match) => `://${stars(match.slice(3, -1))}@`);
}

function stars(text: string): string {
  return text.replace(/[^\n]/g, '*');
}

/** A line of a text that does not parse, in which the places of secrets are not known. */
export function syntaxExcerpt(text: string, line: number, column: number): string {
  const lines = text.split('\n');
  const found = lines[line - 1] ?? '';
  if (SECRET_NAME.test(found) || /['"]{3}/.test(text)) return '';
  const start = lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0) + column - 1;
  return `\n${excerptOf(maskUrlUsers(text), { start, end: start + 1 })}`;
}

/** A value as found, for messages. */
export function foundText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(maskUrlUsers(value));
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Date) return 'a date';
  if (typeof value === 'object' && value !== null) return 'a table';
  return String(value);
}
