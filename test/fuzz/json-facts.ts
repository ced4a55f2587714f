/** What rules ask about a JSON text, by JSON.parse and by its tokens. */

export interface JsonFacts {
  /** UTF-8 and JSON, by JSON.parse. */
  readonly isJson: boolean;
  readonly isNull: boolean;
  readonly hasNull: boolean;
  readonly hasEscape: boolean;
  /** The first half of a surrogate pair and then a whole pair, all three escaped. */
  readonly hasHalfBeforePair: boolean;
  readonly hasEmptyKey: boolean;
  /** A key twice in one object, snake_case and lowerCamelCase being the same. */
  readonly hasKeyTwice: boolean;
  /** An integer that is not written in digits alone, or a minus zero; bare or in a string. */
  readonly hasOddInteger: boolean;
  readonly hasStringOfDigits: boolean;
}

const decoder = new TextDecoder('utf-8', { fatal: true });
const NOT_JSON: JsonFacts = {
  isJson: false,
  isNull: false,
  hasNull: false,
  hasEscape: false,
  hasHalfBeforePair: false,
  hasEmptyKey: false,
  hasKeyTwice: false,
  hasOddInteger: false,
  hasStringOfDigits: false,
};

export function jsonFacts(bytes: Uint8Array): JsonFacts {
  try {
    const text = decoder.decode(bytes);
    const value: unknown = JSON.parse(text);
    const tokens: string[] = text.match(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[-\d][-+.\deE]*|null|[{}]/g) ?? [];
    const words = tokens.map((token) => (token.startsWith('"') ? token.slice(1, token.lastIndexOf('"')) : token));
    return {
      isJson: true,
      isNull: value === null,
      hasNull: tokens.includes('null'),
      hasEscape: text.includes('\\'),
      hasHalfBeforePair: /\\ud[89ab]..\\ud[89ab]..\\ud[c-f]../i.test(text),
      hasEmptyKey: tokens.some((token) => /^""\s*:$/.test(token)),
      hasKeyTwice: hasKeyTwice(tokens),
      hasOddInteger: words.some(
        (word) => /^-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(word) && !/^-?[1-9]\d*$|^0$/.test(word),
      ),
      hasStringOfDigits: tokens.some((token) => /^"-?\d[^"]*"$/.test(token)),
    };
  } catch {
    return NOT_JSON;
  }
}

function textOf(token: string): string {
  return JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)) as string;
}

function hasKeyTwice(tokens: readonly string[]): boolean {
  const open: Set<string>[] = [];
  for (const token of tokens) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (token.endsWith(':')) {
      const key = textOf(token).replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      const keys = open.at(-1)!;
      if (keys.has(key)) return true;
      keys.add(key);
    }
  }
  return false;
}
