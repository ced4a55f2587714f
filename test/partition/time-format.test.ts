import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { BridgeError } from '../../src/errors.ts';
import type { Granularity } from '../../src/model/layout.ts';
import {
  DEFAULT_FORMATS,
  formatTime,
  parseTime,
  parseTimeFormat,
  truncateTime,
} from '../../src/partition/time-format.ts';

/** 1970 to 2554, the range of unsigned 64-bit nanoseconds. */
const anyMs = fc.integer({ min: 0, max: 18446744073709 });
const granularity = fc.constantFrom<Granularity>('year', 'month', 'day', 'hour', 'minute');

test('the default formats write what Date says', () => {
  fc.assert(
    fc.property(anyMs, (ms) => {
      const iso = new Date(ms).toISOString();
      const [date, hour, minute] = [iso.slice(0, 10), iso.slice(11, 13), iso.slice(14, 16)];
      const format = (unit: Granularity) => formatTime(parseTimeFormat(DEFAULT_FORMATS[unit]), ms);
      assert.equal(format('minute'), `date=${date}/hour=${hour}/minute=${minute}`);
      assert.equal(format('hour'), `date=${date}/hour=${hour}`);
      assert.equal(format('day'), `date=${date}`);
      assert.equal(format('month'), `year=${iso.slice(0, 4)}/month=${iso.slice(5, 7)}`);
      assert.equal(format('year'), `year=${iso.slice(0, 4)}`);
    }),
  );
});

test('a cut time is the start of the unit that holds it', () => {
  const lengths = { year: 4, month: 7, day: 10, hour: 13, minute: 16 };
  fc.assert(
    fc.property(anyMs, granularity, (ms, unit) => {
      const iso = new Date(truncateTime(ms, unit)).toISOString();
      const template = '0000-01-01T00:00:00.000Z';
      assert.equal(iso, new Date(ms).toISOString().slice(0, lengths[unit]) + template.slice(lengths[unit]));
    }),
  );
});

const FORMATS = [
  ...Object.values(DEFAULT_FORMATS),
  '%Y-%m-%d/%H',
  '%F/%R',
  'dt=%Y%m%d%H',
  'y=%Y/d=%j',
  'y=%Y/m=%-m/d=%-d/h=%-H',
  'at=%s',
  'date=%Y-%m-%d/weekday=%a',
  'time=%FT%T',
];

for (const format of FORMATS) {
  test(`times are inside of the range that ${format} says, which is no longer than a unit needs`, () => {
    const segments = parseTimeFormat(format);
    fc.assert(
      fc.property(anyMs, granularity, (ms, unit) => {
        const path = formatTime(segments, truncateTime(ms, unit));
        const range = parseTime(segments, path.split('/'), unit);
        assert.ok(range && range.fromMs <= ms && ms < range.toMs, `${path} ${JSON.stringify(range)} ${ms}`);
        assert.equal(formatTime(segments, truncateTime(range.toMs - 1, unit)), path);
      }),
    );
  });
}

test('what says no exact time says no range', () => {
  const cases = [
    ['hour=%H', 'hour=03'],
    ['date=%Y-%m-%d', 'date=2024-13-xx'],
    ['date=%Y-%m-%d', 'date=2024-02-30'],
    ['date=%Y-%m-%d', 'day=2024-02-03'],
    ['year=%y', 'year=24'],
  ] as const;
  for (const [format, path] of cases) assert.equal(parseTime(parseTimeFormat(format), [path], 'hour'), undefined, path);
});

test('a format without a day says the whole month, whatever its hours', () => {
  const segments = parseTimeFormat('month=%Y-%m/hour=%H');
  const range = parseTime(segments, ['month=2024-02', 'hour=05'], 'hour');
  assert.deepEqual(range, { fromMs: Date.UTC(2024, 1, 1), toMs: Date.UTC(2024, 2, 1) });
});

test('a format finer than the granularity says the whole unit of the granularity', () => {
  const segments = parseTimeFormat('date=%Y-%m-%d/hour=%H');
  const range = parseTime(segments, ['date=2024-02-03', 'hour=00'], 'day');
  assert.deepEqual(range, { fromMs: Date.UTC(2024, 1, 3), toMs: Date.UTC(2024, 1, 4) });
});

test('the null name in any segment means rows without a time', () => {
  const segments = parseTimeFormat(DEFAULT_FORMATS.hour);
  const path = ['date=__HIVE_DEFAULT_PARTITION__', 'hour=__HIVE_DEFAULT_PARTITION__'];
  assert.equal(parseTime(segments, path, 'hour'), null);
});

test('text that the format brings is percent-encoded, its = and / are not', () => {
  assert.equal(formatTime(parseTimeFormat('at=%H:%M/%Y'), 0), 'at=00%3A00/1970');
  assert.equal(formatTime(parseTimeFormat('a=b=%Y %%'), 0), 'a=b%3D1970%20%25');
});

test('the day of the year is right at midnight', () => {
  assert.equal(formatTime(parseTimeFormat('%Y-%j'), Date.UTC(2024, 11, 31)), '2024-366');
  assert.equal(formatTime(parseTimeFormat('%Y-%j'), Date.UTC(2024, 0, 1)), '2024-001');
});

const REFUSED = [
  ['', /empty segment/],
  ['a=%Y//b=%m', /empty segment/],
  ['date=', /empty segment/],
  ['%Y-%Q', /has "%Q"/],
  ['%Y-%Z', /has "%Z"/],
  ['%D', /has "%D"/],
  ['%Y-%', /has "%"/],
  ['a b=%Y', /has the key "a b"/],
  ['=%Y', /has the key ""/],
  ['_%Y', /begins with "_"/],
  ['%-m%-d', /beside other digits/],
  ['%Y1%-m', /beside other digits/],
] as const;

for (const [format, message] of REFUSED) {
  test(`the format ${JSON.stringify(format)} is refused`, () => {
    assert.throws(
      () => parseTimeFormat(format),
      (error) => error instanceof BridgeError && error.code === 'config' && message.test(error.message),
    );
  });
}

test('formats are UTC in every time zone, also in the hour its clock skips', () => {
  const script = `
    import { formatTime, parseTimeFormat } from ${JSON.stringify(new URL('../../src/partition/time-format.ts', import.meta.url).href)};
    const segments = parseTimeFormat('%Y-%m-%dT%H/%j/%U');
    const start = Date.UTC(2024, 2, 9);
    console.log(Array.from({ length: 72 }, (_, i) => formatTime(segments, start + i * 3600000)).join());`;
  const run = (zone: string) =>
    execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, TZ: zone },
    }).toString();
  const utc = run('UTC');
  assert.match(utc, /2024-03-10T02\/070\/10,2024-03-10T03\/070\/10/);
  for (const zone of ['America/New_York', 'Australia/Lord_Howe']) assert.equal(run(zone), utc, zone);
});
