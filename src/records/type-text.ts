/**
 * Types as text, in schema files and in messages.
 *
 *   bool  int8 int16 int32 int64  uint8 uint16 uint32 uint64  float32 float64
 *   decimal(18,10)  string  binary  fixed_binary(16)  uuid  json
 *   date  time(us)  timestamp(us)  timestamp(us, UTC)  timestamp('us', 'Europe/Berlin')
 *   list<int64>  list<int64 not null>  map<string, string not null>  struct<a: int64 not null, "b c": string>
 *
 * Units are ms, us, ns. `timestamp` alone is `timestamp(us, UTC)`, `time` alone is `time(us)`. Names of other systems are
 * read too (ALIASES); printed is always the form above. What stands inside lists, maps and structs may be null unless
 * `not null` follows; keys of maps never are.
 */
import { BridgeError } from '../errors.ts';
import { checkType } from './check-type.ts';
import type { FieldType, ParquetField, TimeUnit } from './types.ts';

const ALIASES: Readonly<Record<string, string>> = {
  boolean: 'bool',
  tinyint: 'int8',
  smallint: 'int16',
  int: 'int32',
  integer: 'int32',
  bigint: 'int64',
  long: 'int64',
  float: 'float32',
  real: 'float32',
  double: 'float64',
  decimal128: 'decimal',
  decimal256: 'decimal',
  numeric: 'decimal',
  str: 'string',
  text: 'string',
  utf8: 'string',
  varchar: 'string',
  large_string: 'string',
  bytes: 'binary',
  fixed_size_binary: 'fixed_binary',
  fixed: 'fixed_binary',
  date32: 'date',
  time32: 'time',
  time64: 'time',
  array: 'list',
};

const PLAIN = [
  ...['bool', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64', 'float32', 'float64'],
  ...['string', 'binary', 'date', 'uuid', 'json'],
] as const;

const UNITS: Readonly<Record<string, TimeUnit>> = {
  ms: 'ms',
  us: 'us',
  ns: 'ns',
  µs: 'us',
  millis: 'ms',
  micros: 'us',
  nanos: 'ns',
};

/**
 * The type that a text such as `decimal(18,10)` or `list<struct<a: int64>>` names.
 *
 * @throws BridgeError invalid_argument with the column (from 1) where the text stops making sense
 */
export function parseType(text: string): FieldType {
  const parser = new Parser(text);
  const type = parser.type(0);
  parser.end();
  return type;
}

/** The text of a type; `parseType` makes the same type of it, but for metadata and field ids of nested fields. */
export function printType(type: FieldType): string {
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`;
    case 'fixed_binary':
      return `fixed_binary(${type.bytes})`;
    case 'time':
      return `time(${type.unit})`;
    case 'timestamp':
      return type.timezone === undefined ? `timestamp(${type.unit})` : `timestamp(${type.unit}, ${type.timezone})`;
    case 'list':
      return `list<${printNested(type.element)}>`;
    case 'map':
      return `map<${printType(type.key.type)}, ${printNested(type.value)}>`;
    case 'struct':
      return `struct<${type.fields.map((field) => `${printName(field.name)}: ${printNested(field)}`).join(', ')}>`;
    default:
      return type.kind;
  }
}

function printNested({ type, nullable }: ParquetField): string {
  return nullable ? printType(type) : `${printType(type)} not null`;
}

function printName(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name) ? name : JSON.stringify(name);
}

const MAX_DEPTH = 32;
const TOKEN = /\s*([A-Za-z_][A-Za-z0-9_]*|[0-9]+|"(?:[^"\\]|\\.)*"|'[^']*'|.)/suy;

/** A recursive descent over tokens; `at` is where the current token starts. */
class Parser {
  readonly #text: string;
  #token = '';
  #at = 0;
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    this.#advance();
  }

  type(depth: number): FieldType {
    if (depth > MAX_DEPTH) this.#fail(`types nested more than ${MAX_DEPTH} deep`, 'a flatter type');
    const at = this.#at;
    const word = this.#word('a type');
    const name = ALIASES[word.toLowerCase()] ?? word.toLowerCase();
    const type = this.#named(name, depth);
    if (type === undefined) this.#fail(`"${word}"`, 'a type such as int64, string, decimal(18,2) or list<int64>', at);
    const problem = checkType(type);
    if (problem !== undefined) throw failure(this.#text, at, problem);
    return type;
  }

  end(): void {
    if (this.#token !== '') this.#fail(`"${this.#token}"`, 'the end of the type');
  }

  #named(name: string, depth: number): FieldType | undefined {
    switch (name) {
      case 'decimal':
        return this.#decimal();
      case 'fixed_binary':
        return { kind: 'fixed_binary', bytes: this.#between('(', ')', () => this.#number('a number of bytes')) };
      case 'time':
        return { kind: 'time', unit: this.#token === '(' ? this.#between('(', ')', () => this.#unit()) : 'us' };
      case 'timestamp':
        return this.#timestamp();
      case 'list':
        return { kind: 'list', element: this.#between('<', '>', () => this.#nested('element', depth)) };
      case 'map':
        return this.#map(depth);
      case 'struct':
        return { kind: 'struct', fields: this.#between('<', '>', () => this.#fields(depth)) };
    }
    const kind = PLAIN.find((plain) => plain === name);
    return kind === undefined ? undefined : { kind };
  }

  #decimal(): FieldType {
    return this.#between('(', ')', () => {
      const precision = this.#number('a precision');
      const scale = this.#take(',') ? this.#number('a scale') : 0;
      return { kind: 'decimal', precision, scale };
    });
  }

  #timestamp(): FieldType {
    if (this.#token !== '(') return { kind: 'timestamp', unit: 'us', timezone: 'UTC' };
    return this.#between('(', ')', () => {
      const unit = this.#unit();
      return { kind: 'timestamp', unit, timezone: this.#take(',') ? this.#zone() : undefined };
    });
  }

  #map(depth: number): FieldType {
    return this.#between('<', '>', () => {
      const key = nestedField('key', this.type(depth + 1), false);
      this.#expect(',');
      return { kind: 'map', key, value: this.#nested('value', depth) };
    });
  }

  #fields(depth: number): ParquetField[] {
    const fields: ParquetField[] = [];
    do {
      const name = this.#fieldName();
      this.#expect(':');
      fields.push(this.#nested(name, depth));
    } while (this.#take(','));
    return fields;
  }

  #nested(name: string, depth: number): ParquetField {
    const type = this.type(depth + 1);
    const notNull = this.#token.toLowerCase() === 'not';
    if (notNull) {
      this.#advance();
      if (this.#token.toLowerCase() !== 'null') this.#fail(this.#found(), '"null" after "not"');
      this.#advance();
    }
    return nestedField(name, type, !notNull);
  }

  /** A name may have dots and dashes without quotes: all up to the colon. */
  #fieldName(): string {
    if (this.#token[0] === '"') {
      try {
        return JSON.parse(this.#shift()) as string;
      } catch {
        return this.#fail('a name with a wrong escape', 'a name as in JSON');
      }
    }
    const start = this.#at;
    if (!/^[A-Za-z_]/.test(this.#token)) this.#fail(this.#found(), 'the name of a field');
    while (/^[A-Za-z0-9_.-]/.test(this.#token)) this.#advance();
    return this.#text.slice(start, this.#at).trimEnd();
  }

  #unit(): TimeUnit {
    const at = this.#at;
    const word = unquoted(this.#token);
    const unit = UNITS[word];
    if (unit !== undefined) {
      this.#advance();
      return unit;
    }
    if (word === 's') this.#fail('"s"', 'ms, us or ns: Parquet has no times of whole seconds', at);
    return this.#fail(this.#found(), 'a unit: ms, us or ns', at);
  }

  /** A zone's name has slashes, signs and colons: everything up to the closing parenthesis. */
  #zone(): string {
    const start = this.#at;
    while (this.#token !== ')' && this.#token !== '') this.#advance();
    const zone = unquoted(this.#text.slice(start, this.#at).trim());
    if (zone === '') this.#fail(this.#found(), 'a time zone such as UTC', start);
    return zone;
  }

  #between<T>(open: string, close: string, inner: () => T): T {
    this.#expect(open);
    const value = inner();
    this.#expect(close);
    return value;
  }

  #number(what: string): number {
    if (!/^[0-9]{1,9}$/.test(this.#token)) this.#fail(this.#found(), what);
    return Number(this.#shift());
  }

  #word(what: string): string {
    if (!/^[A-Za-z_]/.test(this.#token)) this.#fail(this.#found(), what);
    return this.#shift();
  }

  #expect(token: string): void {
    if (!this.#take(token)) this.#fail(this.#found(), `"${token}"`);
  }

  #take(token: string): boolean {
    if (this.#token !== token) return false;
    this.#advance();
    return true;
  }

  #shift(): string {
    const token = this.#token;
    this.#advance();
    return token;
  }

  #advance(): void {
    TOKEN.lastIndex = this.#next;
    const match = TOKEN.exec(this.#text);
    this.#token = match?.[1]?.trim() ?? '';
    this.#next = match ? TOKEN.lastIndex : this.#text.length;
    this.#at = this.#next - (match?.[1]?.length ?? 0);
  }

  #found(): string {
    return this.#token === '' ? 'the end' : `"${this.#token}"`;
  }

  #fail(found: string, expected: string, at = this.#at): never {
    throw failure(this.#text, at, `found ${found}, expected ${expected}`);
  }
}

function nestedField(name: string, type: FieldType, nullable: boolean): ParquetField {
  return { name, type, nullable, metadata: {} };
}

function unquoted(token: string): string {
  return /^(["']).*\1$/s.test(token) ? token.slice(1, -1) : token;
}

function failure(text: string, at: number, message: string): BridgeError {
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return new BridgeError('invalid_argument', `the type "${short}" at column ${at + 1}: ${message}`);
}
