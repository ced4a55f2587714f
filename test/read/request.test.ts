import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BridgeError } from '../../src/errors.ts';
import { type ReadParameters, readRequest, readRequestFromUrl } from '../../src/read/request.ts';

test('what is not given takes its default', () => {
  assert.deepEqual(readRequest('traces', {}), {
    table: 'traces',
    partition: '',
    filter: undefined,
    select: undefined,
    limit: undefined,
    format: 'ndjson',
    from: undefined,
    to: undefined,
    buffered: true,
    onError: 'fail',
    explain: false,
    after: undefined,
  });
});

test('a URL gives every part of a request', () => {
  const query = new URLSearchParams({
    partition: '/date=2026-11-21/hour=08/',
    filter: "name = 'a,b'",
    select: `trace_id, "http.route" , attributes['a,b']`,
    limit: '10',
    format: 'CSV',
    from: '2026-11-21',
    to: '2026-11-22T00:00:00+01:00',
    buffered: 'false',
    on_error: 'skip',
  });
  assert.deepEqual(readRequestFromUrl('traces', query), {
    table: 'traces',
    partition: 'date=2026-11-21/hour=08',
    filter: "name = 'a,b'",
    select: ['trace_id', '"http.route"', "attributes['a,b']"],
    limit: 10,
    format: 'csv',
    from: '2026-11-21',
    to: '2026-11-22T00:00:00+01:00',
    buffered: false,
    onError: 'skip',
    explain: false,
    after: undefined,
  });
});

test('a plus that a URL made a space is an offset again', () => {
  const request = readRequestFromUrl('traces', new URLSearchParams('from=2026-11-21T08:00:00+01:00'));
  assert.equal(request.from, '2026-11-21T08:00:00+01:00');
});

test('select=* is every column', () => {
  assert.equal(readRequest('traces', { select: ' * ' }).select, undefined);
});

const REFUSED: readonly (readonly [ReadParameters, RegExp])[] = [
  [{ limit: '-1' }, /limit "-1" is no whole number/],
  [{ limit: '1.5' }, /limit "1.5"/],
  [{ limit: 'all' }, /limit "all"/],
  [{ limit: '99999999999999999999' }, /limit "9{20}"/],
  [{ format: 'xml' }, /format "xml" is not known/],
  [{ format: 'otlp-json', select: 'name' }, /select does not go with format=otlp-json/],
  [{ from: 'yesterday' }, /from "yesterday" is no time/],
  [{ to: '2026-13-01' }, /to "2026-13-01" is no time/],
  [{ from: '2026-11-22', to: '2026-11-21' }, /from 2026-11-22 is after to 2026-11-21/],
  [{ buffered: 'no' }, /buffered "no" is not known/],
  [{ on_error: 'ignore' }, /on_error "ignore" is not known/],
  [{ partition: 'a//b' }, /has the segment ""/],
  [{ partition: '../x' }, /has the segment "\.\."/],
  [{ partition: 'x'.repeat(5000) }, /partition is longer than/],
  [{ select: 'a,,b' }, /empty name/],
  [{ select: 'a,' }, /empty name/],
  [{ select: 'a,'.repeat(50_000) }, /select is longer than/],
];

for (const [parameters, message] of REFUSED) {
  test(`${JSON.stringify(parameters).slice(0, 60)} is refused by name`, () => {
    assert.throws(
      () => readRequest('traces', parameters),
      (error) => error instanceof BridgeError && error.code === 'invalid_argument' && message.test(error.message),
    );
  });
}

test('an unknown or repeated parameter of a URL is refused, the nearest known one is named', () => {
  assert.throws(() => readRequestFromUrl('traces', new URLSearchParams('fliter=x')), {
    code: 'invalid_argument',
    message: 'unknown parameter fliter',
    hint: 'Did you mean filter?',
  });
  assert.throws(() => readRequestFromUrl('traces', new URLSearchParams('limit=1&limit=2')), /limit is given twice/);
});
