import { filterError } from './error.ts';

export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** A word as written, a string or quoted name without its quotes, a number's text, a symbol. */
  readonly text: string;
  readonly at: number;
}

/** Bound on the text of a filter, in UTF-16 units. */
export const MAX_FILTER_LENGTH = 65_536;

const SPACE = /[\s\u00a0]/;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const SYMBOLS = ['<=', '>=', '<>', '!=', '=', '<', '>', '(', ')', '[', ']', ',', '+', '-'];
const FOREIGN: readonly (readonly [string, string])[] = [
  ['&&', 'Write AND.'],
  ['||', 'Write OR.'],
  ['!', 'Write NOT, or <> for "not equal".'],
  ['`', 'Names are written bare or in double quotes: "http.route".'],
  ['.', 'A name with a dot is written in double quotes: "http.route".'],
  [';', 'A filter is one condition; leave the semicolon out.'],
];

/** The tokens of a filter, closed by one of kind `end`. Throws invalid_argument with the position. */
export function tokenize(source: string): readonly Token[] {
  if (source.length > MAX_FILTER_LENGTH) {
    throw filterError(source, MAX_FILTER_LENGTH, `the text is longer than ${MAX_FILTER_LENGTH} characters`);
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const c = source[at]!;
    if (SPACE.test(c)) {
      at++;
      continue;
    }
    if (c === "'" || c === '"') {
      const [text, end] = readQuoted(source, at, c);
      tokens.push({ kind: c === "'" ? 'string' : 'quoted', text, at });
      at = end;
      continue;
    }
    const text = match(WORD, source, at);
    if (text !== undefined) {
      tokens.push({ kind: 'word', text, at });
      at += text.length;
      continue;
    }
    const number = match(NUMBER, source, at);
    if (number !== undefined) {
      const next = at + number.length;
      if (match(WORD, source, next) !== undefined || source[next] === '.') {
        throw filterError(source, next, `the number ${number} goes on with \`${source[next]}\``);
      }
      tokens.push({ kind: 'number', text: number, at });
      at = next;
      continue;
    }
    const symbol = SYMBOLS.find((candidate) => source.startsWith(candidate, at));
    if (symbol === undefined || source.startsWith('==', at)) throw unexpected(source, at);
    tokens.push({ kind: 'symbol', text: symbol === '!=' ? '<>' : symbol, at });
    at += symbol.length;
  }
  tokens.push({ kind: 'end', text: '', at: source.length });
  return tokens;
}

/** Between quotes a doubled quote stands for one. */
function readQuoted(source: string, start: number, quote: string): [text: string, end: number] {
  let text = '';
  let from = start + 1;
  for (;;) {
    const end = source.indexOf(quote, from);
    if (end < 0) {
      const what = quote === "'" ? 'string' : 'quoted name';
      throw filterError(source, start, `the ${what} that begins here has no closing ${quote}`);
    }
    text += source.slice(from, end);
    if (source[end + 1] !== quote) return [text, end + 1];
    text += quote;
    from = end + 2;
  }
}

function match(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

function unexpected(source: string, at: number): Error {
  if (source.startsWith('==', at)) return filterError(source, at, 'unexpected `==`', 'Equality is written =.');
  const foreign = FOREIGN.find(([text]) => source.startsWith(text, at));
  const character = foreign?.[0] ?? String.fromCodePoint(source.codePointAt(at)!);
  return filterError(source, at, `unexpected \`${character}\``, foreign?.[1]);
}
