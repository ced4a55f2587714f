/** One entry of an array of tables: its keys checked like those of the file. */
import { type CheckContext, checkValue, isTable, unknownKey } from './check.ts';
import type { Key } from './key.ts';
import { joinPath } from './locate.ts';
import { foundText } from './problems.ts';

/**
 * The values given, in their types; undefined where anything about the entry was reported.
 * @param keys those an entry may have; their `path` is the name alone
 * @param example what is expected instead of something that is no table
 */
export function readEntry(
  entry: unknown,
  path: string,
  keys: readonly Key[],
  example: string,
  context: CheckContext,
): ReadonlyMap<string, unknown> | undefined {
  const { problems } = context;
  if (!isTable(entry)) {
    problems.report(path, `${path} is ${foundText(entry)}; expected ${example}`);
    return undefined;
  }
  const before = problems.count;
  const own = new Map<string, unknown>();
  for (const [name, value] of Object.entries(entry)) {
    const at = joinPath(path, name);
    const key = keys.find((known) => known.path === name);
    if (key === undefined) {
      const known = keys.map((one) => `${path}.${one.path}`);
      problems.report(at, unknownKey(at, known), 'key');
      continue;
    }
    const checked = checkValue(key, value, at, context);
    if (checked !== undefined) own.set(name, checked);
  }
  return problems.count > before ? undefined : own;
}
