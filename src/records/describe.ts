/** Values in messages. */

const MAX_CHARS = 100;

/** A value as it could stand in a program, cut to 100 characters; text in quotes, so that spaces are seen. */
export function describeValue(value: unknown): string {
  const text = textOf(value);
  return text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}…` : text;
}

function textOf(value: unknown): string {
  if (value === undefined) return 'no value';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MAX_CHARS + 1));
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : value.toISOString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof Map) return `a Map of ${value.size}`;
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? String(value);
  } catch {
    return Array.isArray(value) ? 'a list' : 'an object';
  }
}
