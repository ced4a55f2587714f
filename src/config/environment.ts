/**
 * `${NAME}` in strings of the configuration takes the value of the environment's variable, as the whole string (then it
 * is converted to the key's type) or inside of one. `$${` stands for a literal `${`.
 */
import { joinPath } from './locate.ts';
import type { Problems } from './problems.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\$\{|\$\{([^}]*)\}?/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export interface Substituted {
  readonly value: unknown;
  /** Paths whose value came from outside of the file: messages do not show it, and text is converted. */
  readonly foreign: ReadonlySet<string>;
}

export function substitute(raw: unknown, env: Environment, problems: Problems): Substituted {
  const foreign = new Set<string>();
  /** Keys that go without their value; what would be wrong about it is not known. */
  const unresolved = new Set<string>();
  return { value: walk(raw, ''), foreign };

  function walk(value: unknown, path: string): unknown {
    if (typeof value === 'string') return value.includes('${') ? replace(value, path) : value;
    if (Array.isArray(value)) return value.map((element, i) => walk(element, `${path}[${i}]`));
    if (typeof value !== 'object' || value === null || value instanceof Date) return value;
    const entries = Object.entries(value).map(([key, inner]) => [key, walk(inner, joinPath(path, key))] as const);
    return Object.fromEntries(entries.filter(([key]) => !unresolved.has(joinPath(path, key))));
  }

  function replace(text: string, path: string): string {
    const replaced = resolve(text, path);
    if (unresolved.has(path)) problems.silence(path);
    return replaced;
  }

  function resolve(text: string, path: string): string {
    return text.replace(REFERENCE, (match, name?: string) => {
      if (name === undefined) return '${';
      foreign.add(path);
      if (!match.endsWith('}') || !NAME.test(name)) {
        problems.report(path, `${path} has the reference ${match}; expected \${NAME} with letters, digits and "_"`);
        unresolved.add(path);
        return '';
      }
      const value = env[name];
      if (value === undefined) {
        problems.report(path, `${path} names the environment variable ${name}, which is not set`);
        unresolved.add(path);
        return '';
      }
      problems.hide(value, name);
      return value;
    });
  }
}
