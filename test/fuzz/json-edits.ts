/** Ways to write a part of a request in JSON that real senders, broken senders and attackers have. */
import type { JsonSpan } from './json-spans.ts';
import type { Random } from './random.ts';

/** Returns what stands there instead of `span`; lone surrogates of the result become bytes that are no UTF-8. */
export type JsonEdit = (random: Random, text: string, span: JsonSpan, spans: readonly JsonSpan[]) => string;

const NUMBERS = [
  '0',
  '-0',
  '1',
  '-1',
  '1.0',
  '1.5',
  '1e3',
  '1E+2',
  '1e-2',
  '0.1e1',
  '10e-1',
  '100e-2',
  '1.0000000000000001',
  '2',
  '5',
  '255',
  '2147483647',
  '2147483648',
  '-2147483648',
  '-2147483649',
  '4294967295',
  '4294967296',
  '9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '-9223372036854775809',
  '18446744073709551615',
  '18446744073709551616',
  '1.8446744073709551615e19',
  '99999999999999999999',
  '1e19',
  '1e400',
  '-1e400',
  '1e-400',
  '0e999',
  '0.0',
  '-0.0',
  '123456789012345678',
  '3.141592653589793238',
  '2.2250738585072011e-308',
  '5e-324',
];
const NOT_NUMBERS = [
  '01',
  '+1',
  '.5',
  '1.',
  '1e',
  '1e+',
  '0x10',
  '1_000',
  '--1',
  '-',
  'NaN',
  'Infinity',
  '-Infinity',
  '1 2',
  '',
];
const STRINGS_OF_NUMBERS = [
  'NaN',
  'Infinity',
  '-Infinity',
  'nan',
  'inf',
  '+1',
  ' 1',
  '1 ',
  '007',
  '0x1p4',
  '1_000',
  '',
  '-',
];
const VALUES = [
  'null',
  'true',
  'false',
  '{}',
  '[]',
  '""',
  '"x"',
  '[null]',
  '[{}]',
  '{"a":1}',
  '[[]]',
  '{"stringValue":"x"}',
  '{"intValue":7}',
  '{"values":[]}',
];
const ENUM_VALUES = [
  '"SPAN_KIND_SERVER"',
  '"SERVER"',
  '"span_kind_server"',
  '"STATUS_CODE_OK"',
  '"SEVERITY_NUMBER_INFO2"',
  '"2"',
  '" 2"',
  '2.0',
  '-1',
  '99',
  '1e1',
  '"AGGREGATION_TEMPORALITY_DELTA"',
  '""',
  'null',
];
const IDS = [
  '',
  '00',
  '0',
  'zz',
  '0102030405060708',
  'ABCDEFABCDEFABCD',
  '0102030405060708090a0b0c0d0e0f10',
  '00000000000000000000000000000000',
  '0102030405060708090A0B0C0D0E0F',
  'AQIDBAUGBwg=',
  '01020304\\u00305060708',
];
const BASE64 = [
  '',
  'AA==',
  'AA',
  'AAA=',
  '-_-_',
  '+/+/',
  'A',
  'AB==',
  'A===',
  'AA=A',
  'AA\\nAA',
  'AA AA',
  '\\u0041A==',
  '=',
  '====',
];
const ESCAPES = [
  '\\n',
  '\\u0041',
  '\\u0000',
  '\\ud83d\\ude00',
  '\\ud83d',
  '\\ude00',
  '\\ud83d\\u0041',
  '\\ud83d\\n',
  '\\uD83Dx',
  '\\/',
  '\\"',
  '\\u00E9',
  '\\ufeff',
  '\\\\',
];
const BAD_ESCAPES = [
  '\\x41',
  '\\u12',
  '\\u12g4',
  '\\',
  '\\U0041',
  '\\a',
  '\u0001',
  '\n',
  '\u007f',
  '\ud800',
  '"',
  "\\'",
];
const CHARACTERS = ['ü', '日', '😀', ' ', '\u2028', '\u0085', '\ufeff'];

const ID_KEYS = new Set(['traceId', 'spanId', 'parentSpanId']);
const ENUM_KEYS = new Set(['kind', 'code', 'severityNumber', 'aggregationTemporality']);
const DEPTHS = [2, 10, 30, 33, 40, 100, 143, 144, 145, 500, 9990, 10010];

function numberText(random: Random): string {
  if (random.oneIn(12)) return random.pick(NOT_NUMBERS);
  const text = random.oneIn(8) ? random.pick(STRINGS_OF_NUMBERS) : random.pick(NUMBERS);
  return /^[-\d]/.test(text) && !random.oneIn(2) ? text : `"${text}"`;
}

function nested(random: Random, core: string): string {
  const depth = random.pick(DEPTHS);
  const [open, close] = random.pick([
    ['{"arrayValue":{"values":[', ']}}'],
    ['{"kvlistValue":{"values":[{"key":"k","value":', '}]}}'],
    ['[', ']'],
    ['{"a":', '}'],
  ] as const);
  return open.repeat(depth) + core + close.repeat(depth);
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function insertInto(random: Random, text: string, { start, end }: JsonSpan, piece: string): string {
  const at = start + 1 + random.below(Math.max(1, end - start - 1));
  return text.slice(start, at) + piece + text.slice(at, end);
}

/** A value that is near to what stands at the key. */
function fittingValue(random: Random, text: string, span: JsonSpan): string {
  if (ENUM_KEYS.has(span.key)) return random.pick(ENUM_VALUES);
  if (ID_KEYS.has(span.key)) return `"${random.pick(IDS)}"`;
  if (span.key === 'bytesValue') return `"${random.pick(BASE64)}"`;
  if (span.kind === 'string' && !/^"-?\d+"$/.test(text.slice(span.start, span.end))) {
    return insertInto(
      random,
      text,
      span,
      random.pick(random.oneIn(3) ? BAD_ESCAPES : random.oneIn(3) ? CHARACTERS : ESCAPES),
    );
  }
  return numberText(random);
}

/** Edits by the name that a replay prints, with the kinds of spans they are for. */
export const JSON_EDITS: Readonly<Record<string, readonly [kinds: string, edit: JsonEdit]>> = {
  'fitting value': ['string number literal', (random, text, span) => fittingValue(random, text, span)],
  number: ['string number', (random) => numberText(random)],
  'any value': ['string number literal object list', (random) => random.pick(VALUES)],
  null: ['string number literal object list', () => 'null'],
  nest: ['string number literal object list', (random, text, { start, end }) => nested(random, text.slice(start, end))],
  copy: [
    'string number literal object list',
    (random, text, _span, spans) => {
      const other = random.pick(spans);
      return text.slice(other.start, other.end);
    },
  ],
  repeat: [
    'member element',
    (random, text, { start, end }) =>
      Array(2 + random.below(3))
        .fill(text.slice(start, end))
        .join(','),
  ],
  'same key': [
    'member',
    (random, text, { start, end, key }) => {
      const again = `${JSON.stringify(random.oneIn(3) ? snakeCase(key) : key)}:${random.oneIn(2) ? numberText(random) : random.pick(VALUES)}`;
      return random.oneIn(2) ? `${text.slice(start, end)},${again}` : `${again},${text.slice(start, end)}`;
    },
  ],
  graft: [
    'member element',
    (random, text, { start, end, kind }, spans) => {
      const other = random.pick(spans);
      const piece = other.kind === 'member' || kind === 'element' ? '' : '"graft":';
      return `${text.slice(start, end)},${piece}${text.slice(other.start, other.end)}`;
    },
  ],
  drop: ['member element', (random) => random.pick(['"unknown":0', '"x":{"y":[1,"z",null,{}]}', 'null', '{}', ''])],
  'snake case': ['key', (_random, _text, { key }) => JSON.stringify(snakeCase(key))],
  key: [
    'key',
    (random, _text, { key }) =>
      random.pick([
        `"${key.toUpperCase()}"`,
        '""',
        '"unknown"',
        `"${key}x"`,
        `"\\u00${key.charCodeAt(0).toString(16).padStart(2, '0')}${key.slice(1)}"`,
        key,
        `'${key}'`,
        '"__proto__"',
        'null',
        '1',
      ]),
  ],
  'other key': ['key', (random, _text, _span, spans) => JSON.stringify(random.pick(spans).key)],
  escape: [
    'string key',
    (random, text, span) => insertInto(random, text, span, random.pick(random.oneIn(3) ? BAD_ESCAPES : ESCAPES)),
  ],
  punctuation: [
    'member element object list string number literal key',
    (random, text, { start, end }) => {
      const piece = random.pick([
        ',',
        ':',
        '{',
        '}',
        '[',
        ']',
        '"',
        ' ',
        '\n',
        '\t',
        '\f',
        '//x\n',
        '/**/',
        '\u00a0',
        '\ufeff',
      ]);
      return random.oneIn(2) ? piece + text.slice(start, end) : text.slice(start, end) + piece;
    },
  ],
};
