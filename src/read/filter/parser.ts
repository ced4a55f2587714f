/**
 * Text to expression, by recursive descent. NOT binds closer than AND, AND closer than OR.
 *
 *   or       = and { OR and }
 *   and      = not { AND not }
 *   not      = NOT not | '(' or ')' | test
 *   test     = operand [ compare operand | [NOT] IN '(' literal {',' literal} ')' | [NOT] BETWEEN operand AND operand
 *                      | [NOT] LIKE string [ESCAPE string] | IS [NOT] NULL ]
 *   operand  = literal | name | name '[' string ']'
 */
import type { CompareOp, Expression, LiteralOperand, Operand } from './ast.ts';
import { filterError } from './error.ts';
import { type Token, tokenize } from './lexer.ts';

/** Bound on open parentheses and NOTs, so that no text can exhaust the stack. */
export const MAX_DEPTH = 100;

const KEYWORDS = new Set(['AND', 'OR', 'NOT', 'IN', 'BETWEEN', 'LIKE', 'ESCAPE', 'IS', 'NULL', 'TRUE', 'FALSE']);
const COMPARE = new Set(['=', '<>', '<', '<=', '>', '>=']);

interface Cursor {
  readonly source: string;
  readonly tokens: readonly Token[];
  next: number;
  depth: number;
}

/** Throws invalid_argument with position and caret. */
export function parseFilter(source: string): Expression {
  const cursor: Cursor = { source, tokens: tokenize(source), next: 0, depth: 0 };
  if (peek(cursor).kind === 'end') throw filterError(source, 0, 'expected a condition, found nothing');
  const expression = parseOr(cursor);
  const rest = peek(cursor);
  if (rest.kind !== 'end') {
    throw filterError(source, rest.at, `expected AND, OR or the end, found ${shown(rest)}`);
  }
  return expression;
}

function parseOr(cursor: Cursor): Expression {
  const terms = [parseAnd(cursor)];
  while (takeWord(cursor, 'OR')) terms.push(parseAnd(cursor));
  return terms.length === 1 ? terms[0]! : { kind: 'or', terms };
}

function parseAnd(cursor: Cursor): Expression {
  const terms = [parseNot(cursor)];
  while (takeWord(cursor, 'AND')) terms.push(parseNot(cursor));
  return terms.length === 1 ? terms[0]! : { kind: 'and', terms };
}

function parseNot(cursor: Cursor): Expression {
  const { at } = peek(cursor);
  if (++cursor.depth > MAX_DEPTH)
    throw filterError(cursor.source, at, `more than ${MAX_DEPTH} conditions in each other`);
  const expression = parseNotInside(cursor);
  cursor.depth--;
  return expression;
}

function parseNotInside(cursor: Cursor): Expression {
  if (takeWord(cursor, 'NOT')) return { kind: 'not', term: parseNot(cursor) };
  const open = peek(cursor);
  if (!takeSymbol(cursor, '(')) return parseTest(cursor);
  const inside = parseOr(cursor);
  if (!takeSymbol(cursor, ')')) {
    const found = peek(cursor);
    throw filterError(
      cursor.source,
      found.at,
      `expected \`)\` for the parenthesis of column ${open.at + 1}, found ${shown(found)}`,
    );
  }
  return inside;
}

function parseTest(cursor: Cursor): Expression {
  const operand = parseOperand(cursor, 'a column, a value or `(`');
  const token = peek(cursor);
  if (token.kind === 'symbol' && COMPARE.has(token.text)) {
    cursor.next++;
    return { kind: 'compare', op: token.text as CompareOp, left: operand, right: parseOperand(cursor, 'a value') };
  }
  if (takeWord(cursor, 'IS')) {
    const negated = takeWord(cursor, 'NOT');
    if (!takeWord(cursor, 'NULL')) throw expected(cursor, 'NULL');
    return { kind: 'isNull', operand, negated };
  }
  const negated = takeWord(cursor, 'NOT');
  if (takeWord(cursor, 'IN')) return { kind: 'in', operand, values: parseList(cursor), negated };
  if (takeWord(cursor, 'LIKE')) return parseLike(cursor, operand, negated);
  if (takeWord(cursor, 'BETWEEN')) {
    const low = parseOperand(cursor, 'a value');
    if (!takeWord(cursor, 'AND')) throw expected(cursor, 'AND and the upper bound of BETWEEN');
    return { kind: 'between', operand, low, high: parseOperand(cursor, 'a value'), negated };
  }
  if (negated) throw expected(cursor, 'IN, BETWEEN or LIKE');
  const follows = token.kind === 'end' || is(token, 'AND') || is(token, 'OR') || token.text === ')';
  if (!follows) throw expected(cursor, 'a comparison (=, <>, <, IN, BETWEEN, LIKE, IS NULL)');
  return { kind: 'truth', operand };
}

function parseLike(cursor: Cursor, operand: Operand, negated: boolean): Expression {
  const pattern = parseLiteral(cursor, 'a pattern in single quotes');
  if (!takeWord(cursor, 'ESCAPE')) return { kind: 'like', operand, pattern, escape: undefined, negated };
  const { at } = peek(cursor);
  const character = parseLiteral(cursor, 'one character in single quotes');
  if (character.kind !== 'string' || [...character.value].length !== 1) {
    throw filterError(cursor.source, at, 'ESCAPE takes one character in single quotes');
  }
  return { kind: 'like', operand, pattern, escape: character.value, negated };
}

function parseList(cursor: Cursor): readonly LiteralOperand[] {
  if (!takeSymbol(cursor, '(')) throw expected(cursor, '`(` and the values');
  const values = [parseLiteral(cursor, 'a value')];
  while (takeSymbol(cursor, ',')) values.push(parseLiteral(cursor, 'a value'));
  if (!takeSymbol(cursor, ')')) throw expected(cursor, '`,` or `)`');
  return values;
}

function parseLiteral(cursor: Cursor, what: string): LiteralOperand {
  const { at } = peek(cursor);
  const operand = parseOperand(cursor, what);
  if (operand.kind === 'name' || operand.kind === 'entry') {
    const hint = operand.kind === 'name' ? `A string is written in single quotes: '${operand.name}'.` : undefined;
    throw filterError(cursor.source, at, `expected ${what}, found a column`, hint);
  }
  return operand;
}

function parseOperand(cursor: Cursor, what: string): Operand {
  const token = peek(cursor);
  const { at, text } = token;
  if (token.kind === 'string') {
    cursor.next++;
    return { kind: 'string', value: text, at };
  }
  if (token.kind === 'number') {
    cursor.next++;
    return { kind: 'number', text, at };
  }
  const sign = token.kind === 'symbol' && (text === '-' || text === '+');
  const after = cursor.tokens[cursor.next + 1];
  if (sign && after?.kind === 'number') {
    cursor.next += 2;
    return { kind: 'number', text: text === '-' ? `-${after.text}` : after.text, at };
  }
  if (is(token, 'TRUE') || is(token, 'FALSE')) {
    cursor.next++;
    return { kind: 'bool', value: is(token, 'TRUE'), at };
  }
  if (is(token, 'NULL')) {
    cursor.next++;
    return { kind: 'null', at };
  }
  const name = token.kind === 'quoted' || (token.kind === 'word' && !KEYWORDS.has(text.toUpperCase()));
  if (!name) throw expected(cursor, what);
  cursor.next++;
  const opens = peek(cursor).kind === 'symbol' && peek(cursor).text === '(';
  if (opens && token.kind === 'word') throw noFunction(cursor, token);
  if (takeSymbol(cursor, '[')) return { kind: 'entry', map: text, key: parseKey(cursor), at };
  return { kind: 'name', name: text, quoted: token.kind === 'quoted', at };
}

function parseKey(cursor: Cursor): string {
  const token = peek(cursor);
  if (token.kind !== 'string') throw expected(cursor, "an attribute's name in single quotes");
  cursor.next++;
  if (!takeSymbol(cursor, ']')) throw expected(cursor, '`]`');
  return token.text;
}

function peek(cursor: Cursor): Token {
  return cursor.tokens[cursor.next]!;
}

function is(token: Token, keyword: string): boolean {
  return token.kind === 'word' && token.text.toUpperCase() === keyword;
}

function takeWord(cursor: Cursor, keyword: string): boolean {
  if (!is(peek(cursor), keyword)) return false;
  cursor.next++;
  return true;
}

function takeSymbol(cursor: Cursor, symbol: string): boolean {
  const token = peek(cursor);
  if (token.kind !== 'symbol' || token.text !== symbol) return false;
  cursor.next++;
  return true;
}

/** "expected a value after `=`": the place is the token that was found instead. */
function expected(cursor: Cursor, what: string): Error {
  const found = peek(cursor);
  const before = cursor.tokens[cursor.next - 1];
  const after = before === undefined ? '' : ` after ${shown(before)}`;
  const instead = found.kind === 'end' ? '' : `, found ${shown(found)},`;
  return filterError(cursor.source, found.at, `expected ${what}${after}${instead}`);
}

function noFunction({ source }: Cursor, { text, at }: Token): Error {
  const hint = 'A filter has no functions: it compares columns and attributes as they are, texts also with LIKE.';
  return filterError(source, at, `there is no function ${text}`, hint);
}

function shown(token: Token): string {
  if (token.kind === 'end') return 'the end';
  const text = token.text.length > 40 ? `${token.text.slice(0, 40)}…` : token.text;
  if (token.kind === 'string') return `'${text}'`;
  return token.kind === 'quoted' ? `"${text}"` : `\`${text}\``;
}
