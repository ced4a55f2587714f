/** Fields of objects that come from outside. */

/** Reads one field. What every object inherits (`constructor`, `__proto__`) is no value of a record. */
export function fieldGetter(name: string): (record: object) => unknown {
  if (name in Object.prototype) {
    return (record) => (Object.hasOwn(record, name) ? (record as Record<string, unknown>)[name] : undefined);
  }
  return (record) => (record as Record<string, unknown>)[name];
}

/**
 * A key that is none of `names`; undefined where there is no such key with a value.
 *
 * @param found how many of the names have a value: where the object has no more keys, they are not compared
 */
export function unknownKey(record: object, found: number, names: ReadonlySet<string>): string | undefined {
  let keys = 0;
  for (const _ in record) keys++;
  if (keys <= found) return undefined;
  for (const key in record) {
    if (!names.has(key) && (record as Record<string, unknown>)[key] !== undefined) return key;
  }
  return undefined;
}
