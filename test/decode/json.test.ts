import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonToProtobuf, otlpJsonToProtobuf } from '../../src/decode/json.ts';
import { toOtlpJson } from '../../src/decode/json-writer.ts';
import { type MessageName, SERVICE_MESSAGES } from '../../src/decode/messages.ts';
import { decode, encode, type PlainMessage } from '../../src/decode/protobuf-writer.ts';
import { plainMessage } from './arbitraries.ts';
import { decodeIndependently } from './proto-files.ts';

const LIMITS = { maxNesting: 8 };

function transcode(name: MessageName, json: string): PlainMessage {
  return decode(name, jsonToProtobuf(name, Buffer.from(json), LIMITS));
}

function refusal(name: MessageName, json: string): string {
  try {
    jsonToProtobuf(name, Buffer.from(json), LIMITS);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code} ${message}`;
  }
  return 'accepted';
}

for (const { request } of Object.values(SERVICE_MESSAGES)) {
  test(`any ${request} comes through JSON as protobuf carries it`, () => {
    fc.assert(
      fc.property(plainMessage(request), (message) => {
        const bytes = jsonToProtobuf(request, Buffer.from(toOtlpJson(request, message)), LIMITS);
        const direct = encode(request, message);
        assert.deepEqual(decodeIndependently(request, bytes), decodeIndependently(request, direct));
        assert.deepEqual(decode(request, bytes), decode(request, direct));
      }),
      { numRuns: 150 },
    );
  });

  test(`any ${request} is read alike with white space, escapes and the original field names`, () => {
    fc.assert(
      fc.property(plainMessage(request), (message) => {
        const direct = encode(request, message);
        const text = snakeCase(
          JSON.stringify(JSON.parse(toOtlpJson(request, decode(request, direct)), keepNegativeZero), null, '\t'),
        );
        const escaped = text.replace(
          /[\u0080-\uffff]/g,
          (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
        );
        const bytes = jsonToProtobuf(request, Buffer.from(`\ufeff\r\n ${escaped.replaceAll('/', '\\/')} `), LIMITS);
        assert.deepEqual(decode(request, bytes), decode(request, direct));
      }),
      { numRuns: 150 },
    );
  });
}

/** JSON.stringify writes -0 as 0. */
function keepNegativeZero(_key: string, value: unknown): unknown {
  return Object.is(value, -0) ? '-0.0' : value;
}

function snakeCase(json: string): string {
  return json.replace(/"(\w+)":/g, (_, key: string) => `"${key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)}":`);
}

test('64-bit integers keep every digit, as numbers and as strings', () => {
  for (const digits of ['9223372036854775807', '-9223372036854775808', '9007199254740993', '-1', '0', '1000000000']) {
    assert.deepEqual(transcode('AnyValue', `{"intValue":${digits}}`), { intValue: BigInt(digits) });
    assert.deepEqual(transcode('AnyValue', `{"intValue":"${digits}"}`), { intValue: BigInt(digits) });
  }
  assert.deepEqual(transcode('Span', '{"startTimeUnixNano":18446744073709551615}'), {
    startTimeUnixNano: 18446744073709551615n,
  });
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (value) => {
      assert.deepEqual(transcode('Span', `{"endTimeUnixNano":${value}}`), { endTimeUnixNano: value });
      assert.deepEqual(transcode('Exemplar', `{"asInt":"${value - 2n ** 63n}"}`), { asInt: value - 2n ** 63n });
    }),
  );
});

test('integers with a point or an exponent are taken where their value is integral', () => {
  const cases: [string, bigint][] = [
    ['1e3', 1000n],
    ['1.0', 1n],
    ['-12.50E1', -125n],
    ['0.0', 0n],
    ['-0', 0n],
    ['0e999999999999999999999', 0n],
    ['9.223372036854775807e18', 9223372036854775807n],
    ['100e-2', 1n],
  ];
  for (const [text, value] of cases) {
    assert.deepEqual(transcode('AnyValue', `{"intValue":${text}}`), { intValue: value });
    assert.deepEqual(transcode('AnyValue', `{"intValue":"${text}"}`), { intValue: value });
  }
});

test('a number that is no integer of its type is refused with its path', () => {
  const cases: [MessageName, string, string][] = [
    ['AnyValue', 'intValue', '1e300'],
    ['AnyValue', 'intValue', '1e+300'],
    ['AnyValue', 'intValue', '1e9999999999'],
    ['AnyValue', 'intValue', '1.5'],
    ['AnyValue', 'intValue', '"1e-3"'],
    ['AnyValue', 'intValue', '9223372036854775808'],
    ['AnyValue', 'intValue', '-9223372036854775809'],
    ['AnyValue', 'intValue', '99999999999999999999999'],
    ['Span', 'startTimeUnixNano', '-1'],
    ['Span', 'startTimeUnixNano', '18446744073709551616'],
    ['Span', 'droppedLinksCount', '4294967296'],
    ['Span', 'flags', '-1'],
    ['Span', 'kind', '2147483648'],
    ['ExponentialHistogramDataPoint', 'scale', '-2147483649'],
  ];
  for (const [name, field, text] of cases) {
    assert.match(
      refusal(name, `{"${field}":${text}}`),
      new RegExp(`^invalid_argument ${field}: expected an integer`),
      text,
    );
  }
});

test('doubles are taken as numbers and as strings, rounded as JSON.parse rounds them', () => {
  const texts = [
    '0',
    '-0',
    '-0.0',
    '1',
    '1.5',
    '123456789012345',
    '1234567890123456',
    '0.1',
    '0.000000000000001',
    '5e-324',
    '1.7976931348623157e308',
    '2.2250738585072011e-308',
    '9007199254740993',
    '1E+2',
  ];
  for (const text of texts) {
    assert.deepEqual(transcode('AnyValue', `{"doubleValue":${text}}`), { doubleValue: Number(text) });
    assert.deepEqual(transcode('AnyValue', `{"doubleValue":"${text}"}`), { doubleValue: Number(text) });
  }
  const decimal = fc.tuple(fc.bigInt(-(10n ** 17n), 10n ** 17n), fc.nat(16)).map(([digits, places]) => {
    const padded = String(digits < 0n ? -digits : digits).padStart(places + 1, '0');
    const split = padded.length - places;
    return `${digits < 0n ? '-' : ''}${padded.slice(0, split)}.${padded.slice(split)}0`;
  });
  fc.assert(
    fc.property(fc.oneof(decimal, fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)), (text) => {
      assert.deepEqual(transcode('NumberDataPoint', `{"asDouble":${text}}`), { asDouble: Number(text) });
    }),
    { numRuns: 500 },
  );
  assert.deepEqual(transcode('HistogramDataPoint', '{"explicitBounds":["NaN","Infinity","-Infinity",1]}'), {
    explicitBounds: [Number.NaN, Infinity, -Infinity, 1],
  });
  assert.match(refusal('AnyValue', '{"doubleValue":1e400}'), /doubleValue: expected a number in the range of double/);
  assert.match(refusal('AnyValue', '{"doubleValue":"nan"}'), /doubleValue: expected a number, "NaN"/);
});

test('ids are hex of either case and of any length; other bytes are base64 of either alphabet', () => {
  assert.deepEqual(transcode('Span', '{"traceId":"5B8eFF","spanId":""}'), {
    traceId: Uint8Array.of(0x5b, 0x8e, 0xff),
    spanId: new Uint8Array(0),
  });
  for (const text of ['+/8=', '-_8=', '-_8', '+/8', '+\\/8']) {
    assert.deepEqual(transcode('AnyValue', `{"bytesValue":"${text}"}`), { bytesValue: Uint8Array.of(251, 255) }, text);
  }
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 9 }),
      fc.constantFrom('base64' as const, 'base64url' as const),
      (bytes, alphabet) => {
        const text = Buffer.from(bytes).toString(alphabet);
        assert.deepEqual(transcode('AnyValue', `{"bytesValue":"${text}"}`), { bytesValue: bytes });
      },
    ),
  );
  assert.match(refusal('Span', '{"traceId":"abc"}'), /^invalid_argument traceId: expected hex digits in pairs/);
  assert.match(
    refusal('Span', '{"links":[{},{"spanId":"xy"}]}'),
    /^invalid_argument links\[1\].spanId: expected only hex/,
  );
  assert.match(refusal('AnyValue', '{"bytesValue":"a"}'), /bytesValue: expected base64/);
  assert.match(refusal('AnyValue', '{"bytesValue":"ab=c"}'), /bytesValue: expected only base64/);
  assert.match(refusal('AnyValue', '{"bytesValue":"a==="}'), /bytesValue: expected/);
});

test('enums are numbers or names', () => {
  for (const kind of ['3', '"SPAN_KIND_CLIENT"', '"3"', '3.0']) {
    assert.deepEqual(transcode('Span', `{"kind":${kind}}`), { kind: 3 });
  }
  assert.deepEqual(transcode('Span', '{"kind":-7}'), { kind: -7 });
  assert.match(refusal('Span', '{"kind":"CLIENT"}'), /^invalid_argument kind: expected the number or a name/);
});

test('null is "not set", also inside a list of messages, and a oneof keeps what was set last', () => {
  assert.deepEqual(transcode('NumberDataPoint', '{"asDouble":null,"timeUnixNano":null,"exemplars":null}'), {});
  assert.deepEqual(transcode('ArrayValue', '{"values":[null,{"intValue":1},null]}'), {
    values: [{}, { intValue: 1n }, {}],
  });
  assert.deepEqual(transcode('AnyValue', '{"stringValue":"a","intValue":1,"boolValue":null}'), { intValue: 1n });
  assert.deepEqual(transcode('AnyValue', '{"intValue":1,"stringValue":"a"}'), { stringValue: 'a' });
  assert.deepEqual(transcode('AnyValue', '{"stringValue":""}'), { stringValue: '' });
  assert.match(
    refusal('HistogramDataPoint', '{"bucketCounts":[1,null]}'),
    /bucketCounts\[1\]: expected an integer \(uint64\), found null/,
  );
});

test('unknown fields are ignored, whatever they hold', () => {
  const json =
    '{"schemaUrl":"x","a":[{"b":[1,[],{},{"c":"]}\\""}]},null],"attributes":[{"x":1,"key":"k","value":{"stringValue":"v","y":{}}}],"d":-1.5e9}';
  assert.deepEqual(transcode('Resource', json), { attributes: [{ key: 'k', value: { stringValue: 'v' } }] });
});

test('half of a surrogate pair becomes the replacement character, a whole pair its character', () => {
  const json =
    '{"stringValue":"a\\ud83d|\\udca5|\\ud83d\\udca5|\\ud83d\\u0041|\\ud83d\\ud83d\\udca5|\\u0000\\u00e4\\u20ac"}';
  assert.deepEqual(transcode('AnyValue', json), { stringValue: 'a\ufffd|\ufffd|💥|\ufffdA|\ufffd💥|\u0000ä€' });
});

test('a value of the wrong type is refused with its path', () => {
  const cases: [string, RegExp][] = [
    ['[]', /^invalid_argument the request body: expected an object, found a list$/],
    ['null', /^invalid_argument the request body: expected an object, found null$/],
    ['{"resourceSpans":{}}', /^invalid_argument resourceSpans: expected a list, found an object$/],
    ['{"resourceSpans":[1]}', /^invalid_argument resourceSpans\[0\]: expected an object, found a number$/],
    [
      '{"resourceSpans":[{"scopeSpans":[{},{"spans":[{"attributes":[{"key":"k","value":{"intValue":true}}]}]}]}]}',
      /^invalid_argument resourceSpans\[0\]\.scopeSpans\[1\]\.spans\[0\]\.attributes\[0\]\.value\.intValue: expected an integer \(int64\), found true$/,
    ],
    ['{"resourceSpans":[{"schemaUrl":5}]}', /resourceSpans\[0\]\.schemaUrl: expected a string, found a number$/],
    ['{"resourceSpans":[{"resource":"x"}]}', /resourceSpans\[0\]\.resource: expected an object, found a string$/],
  ];
  for (const [json, message] of cases) assert.match(refusal('ExportTraceServiceRequest', json), message);
  assert.match(refusal('AnyValue', '{"boolValue":"true"}'), /boolValue: expected true or false, found a string$/);
  assert.match(
    refusal('AnyValue', '{"intValue":""}'),
    /intValue: expected an integer \(int64\), found a string that is no number$/,
  );
  assert.match(refusal('AnyValue', '{"doubleValue":{}}'), /doubleValue: expected a number, found an object$/);
});

test('text is JSON here exactly where JSON.parse says so', () => {
  const fragments = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '"values"',
    '\\',
    '\\u12',
    '1',
    '-',
    '.5',
    'e',
    '01',
    'true',
    'nul',
    'null',
    ' ',
    '\n',
    '\u0001',
    '\u00a0',
    'ä',
  ];
  const broken = fc.array(fc.constantFrom(...fragments), { maxLength: 9 }).map((parts) => `{"x":${parts.join('')}}`);
  const wellFormed = fc.json().map((value) => `{"x":${value},"y":[${value}]}`);
  const cut = fc.tuple(wellFormed, fc.nat(40)).map(([text, length]) => text.slice(0, length));
  fc.assert(
    fc.property(fc.oneof(broken, wellFormed, cut), (text) => {
      assert.equal(refusal('Span', text) === 'accepted', isJsonObject(text), text);
    }),
    { numRuns: 3000 },
  );
});

function isJsonObject(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

test('text that is no JSON is refused with the byte, and without quoting it', () => {
  const cases: [string, RegExp][] = [
    ['', /^invalid_argument the request body: invalid JSON, the text ends at byte 0: expected a JSON value$/],
    ['{"a":1', /invalid JSON, the text ends at byte 6: expected ',' or '}'$/],
    ['{"secret":\'x\'}', /^invalid_argument the request body: invalid JSON, at byte 10: expected a JSON value$/],
    ['{"a":1}x', /invalid JSON, at byte 7: expected nothing after the top-level object$/],
    ['{a:1}', /invalid JSON, at byte 1: expected a key in double quotes$/],
    ['{"a" 1}', /invalid JSON, at byte 5: expected ':'$/],
    ['{"name":"\u0001"}', /^invalid_argument name: invalid JSON, at byte 9: expected no control character/],
    ['{"name":"\\x"}', /name: invalid JSON, at byte 9: expected an escape of JSON$/],
    ['{"name":"\\u00g0"}', /name: invalid JSON, at byte 13: expected four hex digits$/],
    ['{"name":"abc', /name: invalid JSON, the text ends at byte 12: expected the closing '"' of a string$/],
    ['{"events":[{}', /events\[0\]: invalid JSON, the text ends at byte 13: expected ',' or ']'$/],
  ];
  for (const [json, message] of cases) assert.match(refusal('Span', json), message, json);
  const latin1 = Buffer.from('{"name":"\xe4"}', 'latin1');
  assert.throws(() => jsonToProtobuf('Span', latin1, LIMITS), {
    code: 'invalid_argument',
    message: /not valid UTF-8 at byte \d+$/,
  });
});

test('garbage never makes anything but a BridgeError', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.string({ maxLength: 60 }).map((text) => Buffer.from(`{"name":${text}`)),
  );
  fc.assert(
    fc.property(bytes, (body) => {
      assert.match(refusal('Span', Buffer.from(body).toString('latin1')), /^(invalid_argument .|accepted$)/);
    }),
    { numRuns: 1000 },
  );
});

test('nesting is limited, in known and in unknown fields, and 64 MB of brackets are refused at once', () => {
  const arrays = (depth: number) => `${'{"arrayValue":{"values":['.repeat(depth)}{}${']}}'.repeat(depth)}`;
  assert.equal(refusal('AnyValue', arrays(LIMITS.maxNesting + 1)), 'accepted'); // the decoder refuses that row alone
  assert.match(
    refusal('AnyValue', arrays(40)),
    /^invalid_argument arrayValue.values.*: nested deeper than 48 levels of JSON$/,
  );
  assert.match(refusal('AnyValue', `{"x":${'['.repeat(100)}`), /nested deeper than 48 levels/);
  const brackets = Buffer.alloc(64 * 1024 * 1024, '[');
  brackets.write('{"x":');
  assert.throws(() => otlpJsonToProtobuf('traces', brackets, LIMITS), { code: 'invalid_argument' });
});

test('memory stays near the size of the text where JSON.parse would make millions of objects', () => {
  const body = Buffer.from(`{"x":[${'{},[],'.repeat(4_000_000)}{}],"resourceSpans":[${'{},'.repeat(4_000_000)}{}]}`);
  const before = process.memoryUsage();
  const bytes = otlpJsonToProtobuf('traces', body, LIMITS);
  const after = process.memoryUsage();
  assert.equal(bytes.length, 2 * 4_000_001);
  const grown = after.heapUsed - before.heapUsed + (after.arrayBuffers - before.arrayBuffers);
  assert.ok(grown < 2 * body.length, `${grown} bytes for ${body.length}`);
});

test('a result over the limit is refused as too large', () => {
  const body = Buffer.from(`{"explicitBounds":[${'1,'.repeat(1000)}1]}`);
  assert.throws(() => jsonToProtobuf('HistogramDataPoint', body, LIMITS, 4000), {
    code: 'too_large',
    message: /over 4000 bytes as protobuf/,
    hint: /server\.max_request_bytes/,
  });
  assert.equal(jsonToProtobuf('HistogramDataPoint', body, LIMITS, 9000).length, 8011);
});
