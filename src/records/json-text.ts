/** JSON without the loss of digits. */

/** Only a number with so many characters can have more digits than a double keeps. */
const LONG_NUMBER = /[\d.]{16}/;
const INTEGER = /^-?\d+$/;
const MAX_EXACT_DIGITS = 15;

/**
 * The value of JSON text, as JSON.parse gives it, but for numbers that a double would round: integers over 2^53 - 1 come
 * as bigint, others of more than 15 digits as their text. A record builder takes both.
 *
 * @throws SyntaxError as JSON.parse
 */
export function parseJson(text: string): unknown {
  return LONG_NUMBER.test(text) ? JSON.parse(text, exactNumber as never) : JSON.parse(text);
}

function exactNumber(_key: string, value: unknown, { source }: { readonly source?: string } = {}): unknown {
  if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) return value;
  if (INTEGER.test(source)) return BigInt(source);
  const digits = source.replace(/[eE].*$/, '').replace(/^[-0.]+|\./g, '');
  return digits.length > MAX_EXACT_DIGITS ? source : value;
}
