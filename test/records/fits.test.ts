/** What fits is taken exactly, what does not is refused: held against plain arithmetic on bigints. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRecordBuilder } from '../../src/records/builder.ts';
import { parseFloatText } from '../../src/records/number-text.ts';
import { createSchema } from '../../src/records/schema.ts';
import { createInstantsOf } from '../../src/records/timezone.ts';
import { printDecimal, recordsOf } from '../../src/records/to-records.ts';

const REFUSED = 'refused';

/** What is read of a value that was stored as `type`, or REFUSED. */
function throughColumn(type: string, value: unknown, truncate = false): unknown {
  const schema = createSchema({ fields: [{ name: 'c', type, nullable: false }] });
  const builder = createRecordBuilder(schema, { onInvalid: 'skip', truncate });
  return builder.append({ c: value }, 0) ? recordsOf(builder.finish(), schema)[0]!.c : REFUSED;
}

const anyInteger = fc.oneof(
  fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }),
  fc
    .tuple(
      fc.constantFrom(
        0n,
        ...[7n, 8n, 15n, 16n, 31n, 32n, 53n, 63n, 64n].flatMap((bits) => [2n ** bits, -(2n ** bits)]),
      ),
      fc.integer({ min: -2, max: 2 }),
    )
    .map(([edge, more]) => edge + BigInt(more)),
);

for (const bits of [8, 16, 32, 64]) {
  for (const signed of [true, false]) {
    const type = `${signed ? '' : 'u'}int${bits}`;
    test(`${type} takes exactly the integers that it has a place for, in every form`, () => {
      const [least, most] = signed
        ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]
        : [0n, 2n ** BigInt(bits) - 1n];
      fc.assert(
        fc.property(anyInteger, fc.nat(3), (value, zeros) => {
          const fits = value >= least && value <= most;
          const stored = bits === 64 ? value : Number(value);
          const expected = fits ? stored : REFUSED;
          const sign = value < 0n ? '-' : '';
          assert.equal(throughColumn(type, value), expected);
          assert.equal(throughColumn(type, `${sign}${'0'.repeat(zeros)}${String(value).replace('-', '')}`), expected);
          const isSafe = Number.isSafeInteger(Number(value)) && BigInt(Number(value)) === value;
          assert.equal(throughColumn(type, Number(value)), isSafe ? expected : REFUSED);
        }),
        { numRuns: 300 },
      );
    });
  }
}

const digits = (least: number, most: number) =>
  fc.array(fc.constantFrom(...'0000123456789'), { minLength: least, maxLength: most }).map((found) => found.join(''));

test('a decimal takes exactly the numbers whose digits it has places for, in every form', () => {
  const types = fc
    .integer({ min: 1, max: 76 })
    .chain((precision) => fc.tuple(fc.constant(precision), fc.nat(precision)));
  const texts = fc.tuple(
    fc.constantFrom('', '-', '+'),
    digits(1, 40),
    digits(0, 40),
    fc.option(fc.integer({ min: -30, max: 30 })),
  );
  fc.assert(
    fc.property(types, texts, ([precision, scale], [sign, whole, fraction, exponent]) => {
      const text = `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}${exponent === null ? '' : `e${exponent}`}`;
      // The number is numerator / 10^power.
      const numerator = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
      const power = fraction.length - (exponent ?? 0);
      const scaled = numerator * 10n ** BigInt(scale + 100);
      const divisor = 10n ** BigInt(power + 100);
      const unscaled = scaled / divisor;
      const fits =
        scaled % divisor === 0n && unscaled > -(10n ** BigInt(precision)) && unscaled < 10n ** BigInt(precision);
      const expected = fits ? printDecimal(unscaled, scale) : REFUSED;
      assert.equal(throughColumn(`decimal(${precision},${scale})`, text), expected);
    }),
    { numRuns: 3000 },
  );
});

test('text of a number is the nearest double, as JavaScript reads it', () => {
  const text = fc.tuple(
    fc.constantFrom('', '-'),
    digits(0, 24),
    fc.constantFrom('', '.'),
    digits(0, 24),
    fc.constantFrom('', 'e5', 'E-300', 'e+22'),
  );
  fc.assert(
    fc.property(text, ([sign, whole, point, fraction, exponent]) => {
      const number = `${sign}${whole}${point}${fraction}${exponent}`;
      const expected = whole + fraction === '' ? undefined : Number(number);
      assert.deepEqual(parseFloatText(number), Number.isFinite(expected) ? expected : undefined);
    }),
    { numRuns: 5000 },
  );
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) =>
      assert.deepEqual(parseFloatText(String(value)), Number(String(value))),
    ),
  );
});

test('no text is taken for a number that JavaScript does not take for one', () => {
  const piece = fc.constantFrom('1', '0', '9', '.', '-', '+', 'e', 'E', ' ', '_', ',', 'x', 'n', 'Infinity', '٣');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('');
      const isNumber = !/^\s|\s$|x|^$/.test(text) && !Number.isNaN(Number(text));
      // Digits beyond the largest double are refused, not made infinite.
      const isTooLarge = !Number.isFinite(Number(text)) && !text.includes('Infinity');
      const expected = isNumber && !isTooLarge ? Number(text) : REFUSED;
      assert.deepEqual(throughColumn('float64', text), expected);
    }),
    { numRuns: 5000 },
  );
});

test('a date takes exactly the days of the calendar', () => {
  const number = (most: number) => fc.integer({ min: 0, max: most });
  fc.assert(
    fc.property(number(9999), number(13), number(32), (year, month, day) => {
      const text = [String(year).padStart(4, '0'), String(month).padStart(2, '0'), String(day).padStart(2, '0')].join(
        '-',
      );
      const date = new Date(`${text}T00:00:00Z`);
      const exists = year >= 1 && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
      assert.equal(throughColumn('date', text), exists ? text : REFUSED);
    }),
    { numRuns: 3000 },
  );
});

const DIGITS = { ms: 3, us: 6, ns: 9 } as const;

for (const unit of ['ms', 'us', 'ns'] as const) {
  test(`a timestamp(${unit}) takes exactly the instants with as many digits, or cuts further ones where it is told to`, () => {
    const instants = fc.date({ min: new Date('1700-01-01'), max: new Date('2200-01-01'), noInvalidDate: true });
    const offsets = fc.integer({ min: -1439, max: 1439 });
    fc.assert(
      fc.property(instants, digits(1, 12), offsets, (instant, fraction, offset) => {
        const seconds = Math.floor(instant.getTime() / 1000) * 1000;
        const shown = new Date(seconds + offset * 60_000).toISOString().slice(0, 19);
        const minutes = Math.abs(offset);
        const zone = `${offset < 0 ? '-' : '+'}${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
        const text = `${shown}.${fraction}${zone}`;
        const kept = fraction.padEnd(DIGITS[unit], '0').slice(0, DIGITS[unit]);
        const expected = `${new Date(seconds).toISOString().slice(0, 19)}.${kept}Z`;
        const fits = !/[1-9]/.test(fraction.slice(DIGITS[unit]));
        assert.equal(throughColumn(`timestamp(${unit}, UTC)`, text), fits ? expected : REFUSED);
        assert.equal(throughColumn(`timestamp(${unit}, UTC)`, text, true), expected);
      }),
      { numRuns: 500 },
    );
  });
}

test('a Date is the same instant in every unit', () => {
  const dates = fc.date({
    min: new Date('0001-01-01'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(dates, (date) => {
      assert.equal(throughColumn('timestamp(ms, UTC)', date), date.toISOString());
      assert.equal(throughColumn('timestamp(us, UTC)', date.getTime()), date.toISOString().replace('Z', '000Z'));
      const inRange = date.getTime() > -9_223_372_036_855 && date.getTime() < 9_223_372_036_855;
      assert.equal(
        throughColumn('timestamp(ns, UTC)', date),
        inRange ? date.toISOString().replace('Z', '000000Z') : REFUSED,
      );
    }),
    { numRuns: 1000 },
  );
});

test('what the clocks of a zone show is the instants that they show it at', () => {
  const zones = [
    'Europe/Berlin',
    'America/St_Johns',
    'Asia/Kathmandu',
    'Pacific/Apia',
    'Australia/Lord_Howe',
    'UTC',
    '-03:30',
  ];
  const instantsOf = new Map(zones.map((zone) => [zone, createInstantsOf(zone)]));
  const formats = new Map(
    zones.map((zone) => [
      zone,
      new Intl.DateTimeFormat('sv', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }),
    ]),
  );
  const shownAt = (zone: string, instant: number) =>
    Date.parse(`${formats.get(zone)!.format(instant).replace(' ', 'T')}Z`);
  const instants = fc.integer({ min: 0, max: 2 ** 31 }).map((seconds) => seconds * 1000);
  fc.assert(
    fc.property(fc.constantFrom(...zones), instants, (zone, instant) => {
      const found = instantsOf.get(zone)!(shownAt(zone, instant));
      assert.ok(found.includes(instant));
      assert.ok(found.length <= 2 && found.every((other) => shownAt(zone, other) === shownAt(zone, instant)));
    }),
    { numRuns: 1000 },
  );
});
