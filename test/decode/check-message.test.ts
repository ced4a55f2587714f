import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkMessage } from '../../src/decode/check-message.ts';
import { MESSAGES, type MessageName, SERVICE_MESSAGES } from '../../src/decode/messages.ts';
import { encode } from '../../src/decode/protobuf-writer.ts';
import { WireReader } from '../../src/decode/wire.ts';
import { SIGNAL_LIST } from '../../src/model/signal.ts';
import { plainMessage } from './arbitraries.ts';
import { decodeRows } from './signal-rows.ts';
import {
  arrayValue,
  type Bytes,
  concat,
  double,
  fixed64,
  IDS,
  int,
  intValue,
  keyValue,
  len,
  mapValue,
  request,
  stringValue,
  varint,
} from './wire-bytes.ts';

const NOT_UTF8 = Uint8Array.of(0x61, 0xc3, 0x28);
const CUT_LENGTH = Uint8Array.of(0x0a, 0x7f);
const LONG_VARINT = concat(Uint8Array.of(3 * 8), Buffer.alloc(10, 0xff), Uint8Array.of(1));
const UNKNOWN = concat(int(1000, 5), len(1001, NOT_UTF8), varint(999 * 8 + 3), int(1, 1), varint(999 * 8 + 4));

/** What may be wrong with an AnyValue, and what is said of it. */
const BAD_VALUES: Readonly<Record<string, readonly [value: Bytes, said: RegExp]>> = {
  'invalid UTF-8': [len(1, NOT_UTF8), /not UTF-8 at byte \d+/],
  'invalid UTF-8 in an array': [arrayValue(intValue(1), len(1, NOT_UTF8)), /not UTF-8 at byte \d+/],
  'invalid UTF-8 in the key of a map': [mapValue(len(1, NOT_UTF8)), /not UTF-8 at byte \d+/],
  'a varint over 10 bytes': [LONG_VARINT, /varint longer than 10 bytes at byte \d+/],
  'a length past the end': [CUT_LENGTH, /length 127 runs past the end of its message, \d+ bytes are left at byte \d+/],
  'a double that is cut off': [double(4, 1).slice(0, -1), / at byte \d+$/],
  'field number 0': [Uint8Array.of(0, 0), /field number 0 at byte \d+/],
  'a group that does not end': [varint(9 * 8 + 3), /a group that is not closed at byte \d+/],
};

const span = (...fields: Uint8Array[]) => request(concat(IDS, ...fields));
const attribute = (key: string, value: Uint8Array) => len(9, keyValue(key, value));
const point = (value: Uint8Array) => len(1, fixed64(4, 1n), len(7, keyValue('k', value)));

/** Requests that keep nothing of the value: which signal, and why. */
const KEPT_NOWHERE: Readonly<Record<string, (value: Uint8Array) => Bytes>> = {
  'the value of a repeated key': (value) => span(attribute('k', intValue(1)), attribute('k', value)),
  'the value of an attribute over the limit': (value) =>
    span(attribute('a', intValue(1)), attribute('b', intValue(1)), attribute('c', value)),
  'an array nested over the limit': (value) => span(attribute('k', arrayValue(arrayValue(arrayValue(value))))),
  'a map nested over the limit': (value) =>
    span(attribute('k', arrayValue(arrayValue(mapValue(keyValue('k', value)))))),
  'a value that a further one replaces': (value) => span(attribute('k', concat(value, intValue(1)))),
  'a value that a further part of it replaces': (value) =>
    span(len(9, len(1, 'k'), len(2, value), len(2, intValue(1)))),
};

for (const [place, requestOf] of Object.entries(KEPT_NOWHERE)) {
  test(`${place} is read although nothing is kept of it`, () => {
    const limits = { maxAttributeCount: 2, maxNesting: 2 };
    assert.doesNotThrow(() => decodeRows('traces', requestOf(concat(UNKNOWN, stringValue('fine'))), limits));
    for (const [value, said] of Object.values(BAD_VALUES)) {
      assert.throws(() => decodeRows('traces', requestOf(value), limits), { code: 'invalid_argument', message: said });
    }
  });
}

const DATA = { gauge: 5, sum: 7, histogram: 9, 'exponential histogram': 10, summary: 11 };

for (const [type, field] of Object.entries(DATA)) {
  test(`the data of a ${type} is read although data of another type replaces it`, () => {
    const other = field === DATA.gauge ? DATA.sum : DATA.gauge;
    const attributes = { 5: 7, 7: 7, 9: 9, 10: 1, 11: 7 }[field]!;
    const replaced = (value: Uint8Array) =>
      request(
        concat(
          len(field, len(1, len(attributes, keyValue('k', stringValue('first part'))))),
          len(field, len(1, fixed64(3, 5n), len(attributes, keyValue('k', value)))),
          len(other, point(intValue(1))),
        ),
      );
    assert.equal(decodeRows('metrics', replaced(intValue(1))).rows.length, 1);
    for (const [value, said] of Object.values(BAD_VALUES)) {
      assert.throws(() => decodeRows('metrics', replaced(value)), { code: 'invalid_argument', message: said });
    }
  });
}

test('packed numbers of replaced data must end with a number', () => {
  const replaced = (bounds: Uint8Array) => request(concat(len(9, len(1, len(7, bounds))), len(5, point(intValue(1)))));
  assert.equal(decodeRows('metrics', replaced(new Uint8Array(16))).rows.length, 1);
  assert.throws(() => decodeRows('metrics', replaced(new Uint8Array(15))), /cut off at byte \d+/);
  const counts = (bytes: Uint8Array) =>
    request(concat(len(10, len(1, len(8, len(2, bytes)))), len(5, point(intValue(1)))));
  assert.equal(decodeRows('metrics', counts(Uint8Array.of(1, 0x80, 1))).rows.length, 1);
  assert.throws(() => decodeRows('metrics', counts(Uint8Array.of(1, 0x80))), /past the end of packed numbers/);
});

/** Strings behind which the same field stands once more, and strings of rows that are refused. */
const UNKEPT_STRINGS: Readonly<Record<string, readonly ['traces' | 'logs' | 'metrics', body: Bytes]>> = {
  'the name of a span': ['traces', span(len(5, NOT_UTF8), len(5, 'fine'))],
  'the name of a refused span': ['traces', request(concat(len(1, 'short'), len(5, NOT_UTF8)))],
  'a status message': ['traces', span(len(15, len(2, NOT_UTF8), len(2, 'fine')))],
  'a status message of a refused span': ['traces', request(concat(len(1, 'short'), len(15, len(2, NOT_UTF8))))],
  'a trace state': ['traces', span(len(3, NOT_UTF8), len(3, 'fine'))],
  'the name of an event': ['traces', span(len(11, len(2, NOT_UTF8), len(2, 'fine')))],
  'the trace state of a link': ['traces', span(len(13, len(3, NOT_UTF8), len(3, 'fine')))],
  'the key of an attribute': ['traces', span(len(9, len(1, NOT_UTF8), len(1, 'fine'), len(2, intValue(1))))],
  'the key of a map': ['traces', span(attribute('k', mapValue(concat(len(1, NOT_UTF8), len(1, 'fine')))))],
  'the name of a scope': ['traces', len(1, len(2, len(1, len(1, NOT_UTF8), len(1, 'fine'))))],
  'a schema URL': ['traces', len(1, len(3, NOT_UTF8), len(3, 'fine'))],
  'the severity of a log record': ['logs', request(concat(len(3, NOT_UTF8), len(3, 'fine')))],
  'the event name of a refused log record': ['logs', request(concat(len(12, NOT_UTF8), len(9, 'short')))],
  'a body': ['logs', request(concat(len(5, len(1, NOT_UTF8)), len(5, intValue(1))))],
  'the name of a metric': ['metrics', request(concat(len(1, NOT_UTF8), len(1, 'fine')))],
  'the unit of a metric without data': ['metrics', request(len(3, NOT_UTF8))],
};

for (const [what, [signal, body]] of Object.entries(UNKEPT_STRINGS)) {
  test(`${what} must be UTF-8 although it is not kept`, () => {
    const said = { code: 'invalid_argument', message: /^Export\w+Request: a string that is not UTF-8 at byte \d+$/ };
    assert.throws(() => decodeRows(signal, body), said);
  });
}

function check(name: MessageName, body: Uint8Array): number {
  const reader = new WireReader(body, name);
  checkMessage(reader, name, body.length);
  return reader.pos;
}

test('the byte that an error names is where the bad part begins', () => {
  const body = concat(len(1, 'ok'), len(2, len(1, 'ok'), LONG_VARINT));
  const at = body.length - LONG_VARINT.length + 1;
  assert.throws(() => check('KeyValue', body), new RegExp(`varint longer than 10 bytes at byte ${at}$`));
});

test('a known field of another wire type is skipped like an unknown one', () => {
  const body = concat(int(1, 5), fixed64(2, 6n), len(9, NOT_UTF8));
  assert.equal(check('KeyValue', body), body.length);
});

test('messages are followed 10,000 deep without recursion, deeper ones are refused', () => {
  const nested = (depth: number) => {
    let value: Uint8Array = new Uint8Array(0);
    for (let i = 0; i < depth; i++) value = arrayValue(value);
    return value;
  };
  const body = nested(4999);
  assert.equal(check('AnyValue', body), body.length);
  assert.throws(() => check('AnyValue', nested(5001)), /messages nested deeper than 10000 at byte \d+/);
});

function isTaken(read: () => void): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

for (const { name } of SIGNAL_LIST) {
  const message = SERVICE_MESSAGES[name].request;
  test(`valid requests of ${name} pass, and what the check says of mutilated ones is what the decoder says`, () => {
    fc.assert(
      fc.property(plainMessage(message), fc.nat(), fc.nat(255), (plain, place, byte) => {
        const body = encode(message, plain);
        assert.equal(check(message, body), body.length);
        if (body.length > 0) body[place % body.length] = byte;
        assert.equal(
          isTaken(() => check(message, body)),
          isTaken(() => decodeRows(name, body)),
        );
      }),
    );
  });
}

test('every message of the protocol can be checked', () => {
  for (const name of Object.keys(MESSAGES) as MessageName[]) assert.equal(check(name, UNKNOWN), UNKNOWN.length);
});
