/** Attribute text and its letter back to an AnyValue, by the rules at the head of plain-json.ts. */
import { BridgeError } from '../errors.ts';
import { jsonToProtobuf } from './json.ts';
import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  JsonCursor,
  LOWER_F,
  LOWER_N,
  LOWER_T,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
} from './json-cursor.ts';
import { digitsEnd, MINUS, parseDouble } from './json-number.ts';
import { LETTERS } from './plain-json.ts';
import { decode, type PlainMessage } from './protobuf-writer.ts';

/** Nesting that is still read; what is in the lake passed the limit of the bridge that wrote it, which may differ. */
const MAX_NESTING = 1000;

/** The AnyValue as a plain object; without a member for "unset". Throws `corrupt`. */
export function readValue(letter: string | undefined, text: string | null): PlainMessage {
  if (letter === LETTERS.unset) return {};
  if (text === null) throw corrupt(letter, 'null');
  switch (letter) {
    case LETTERS.string:
      return { stringValue: text };
    case LETTERS.int:
      if (!/^-?\d+$/.test(text)) throw corrupt(letter, 'no integer');
      return { intValue: BigInt(text) };
    case LETTERS.double: {
      const value = Number(text);
      if (text.trim() === '' || (Number.isNaN(value) && text !== 'NaN')) throw corrupt(letter, 'no number');
      return { doubleValue: value };
    }
    case LETTERS.bool:
      if (text !== 'true' && text !== 'false') throw corrupt(letter, 'neither true nor false');
      return { boolValue: text === 'true' };
    case LETTERS.bytes:
      return { bytesValue: new Uint8Array(Buffer.from(text, 'base64')) };
    case LETTERS.plainArray:
    case LETTERS.plainMap:
      return fromJson(letter, () => readPlainJson(text));
    case LETTERS.array:
    case LETTERS.map:
      return fromJson(letter, () =>
        decode('AnyValue', jsonToProtobuf('AnyValue', Buffer.from(text), { maxNesting: MAX_NESTING })),
      );
    default:
      throw corrupt(letter, 'of an unknown kind');
  }
}

function fromJson(letter: string, read: () => PlainMessage): PlainMessage {
  try {
    return read();
  } catch (cause) {
    throw corrupt(letter, 'JSON that cannot be read', cause);
  }
}

function corrupt(letter: string | undefined, found: string, cause?: unknown): BridgeError {
  return new BridgeError('corrupt', `the text of an attribute of type "${letter}" is ${found}`, { cause });
}

function readPlainJson(text: string): PlainMessage {
  const cursor = new JsonCursor(Buffer.from(text), MAX_NESTING);
  const value = readPlainValue(cursor);
  cursor.expectEnd();
  return value;
}

/** Not JSON.parse, which forgets the digits of long integers and puts keys such as "1" first. */
function readPlainValue(cursor: JsonCursor): PlainMessage {
  const byte = cursor.peek();
  switch (byte) {
    case OPEN_LIST: {
      const values: PlainMessage[] = [];
      if (cursor.open(CLOSE_LIST)) {
        do values.push(readPlainValue(cursor));
        while (cursor.more(CLOSE_LIST));
      }
      return { arrayValue: { values } };
    }
    case OPEN_OBJECT: {
      const values: PlainMessage[] = [];
      if (cursor.open(CLOSE_OBJECT)) {
        do {
          cursor.readKey();
          values.push({ key: cursorText(cursor), value: readPlainValue(cursor) });
        } while (cursor.more(CLOSE_OBJECT));
      }
      return { kvlistValue: { values } };
    }
    case QUOTE:
      cursor.readString();
      return { stringValue: cursorText(cursor) };
    case LOWER_N:
      cursor.readLiteral();
      return {};
    case LOWER_T:
    case LOWER_F:
      cursor.readLiteral();
      return { boolValue: byte === LOWER_T };
    default:
      return readPlainNumber(cursor);
  }
}

function readPlainNumber(cursor: JsonCursor): PlainMessage {
  cursor.readNumber();
  const { text, textStart, textEnd } = cursor;
  const firstDigit = text[textStart] === MINUS ? textStart + 1 : textStart;
  const isInteger = digitsEnd(text, firstDigit, textEnd) === textEnd;
  return isInteger ? { intValue: BigInt(cursorText(cursor)) } : { doubleValue: parseDouble(text, textStart, textEnd) };
}

function cursorText({ text, textStart, textEnd }: JsonCursor): string {
  return Buffer.from(text.buffer, text.byteOffset + textStart, textEnd - textStart).toString();
}
