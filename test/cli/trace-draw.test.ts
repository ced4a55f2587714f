import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { drawTrace, showNano, textWidth } from '../../src/cli/trace-draw.ts';
import { type TraceSpan, traceTree } from '../../src/cli/trace-tree.ts';

const MS = 1_000_000n;
const START = 1_764_000_000_000_000_000n;

function span(spanId: string, parentSpanId: string | null, from: number, ms: number, more: Partial<TraceSpan> = {}) {
  const times = { startNano: START + BigInt(from) * MS, durationNano: BigInt(ms) * MS };
  return { spanId, parentSpanId, name: `op-${spanId}`, service: 'shop', isError: false, ...times, ...more };
}

const draw = (spans: readonly TraceSpan[], width = 80, colours = false) => [
  ...drawTrace('ab'.repeat(16), spans, { width, colours }),
];

test('a trace is drawn as a tree with services, names, durations and bars', () => {
  const lines = draw([
    span('c', 'a', 60, 40, { service: 'payment', isError: true }),
    span('a', null, 0, 100),
    span('b', 'a', 10, 50),
    span('d', 'b', 20, 10, { service: null }),
  ]);
  assert.deepEqual(lines, [
    'trace abababababababababababababababab  4 spans, 2 services, 1 error, 100 ms, from 2025-11-24T16:00:00.000Z',
    'shop op-a                100 ms  ███████████████████████████████████████████████',
    '├─ shop op-b            50.0 ms      ████████████████████████',
    '│ └─ op-d               10.0 ms           █████',
    '└─ ✗ payment op-c       40.0 ms                              ███████████████████',
  ]);
});

test('spans whose parent is not there, that are their own parents or stand in a circle are drawn and named', () => {
  const text = draw(
    [span('a', 'gone', 0, 5), span('s', 's', 1, 5), span('x', 'z', 2, 5), span('y', 'x', 3, 5), span('z', 'y', 4, 5)],
    120,
  ).join('\n');
  assert.match(text, /\nshop op-a \(parent gone missing\)/);
  assert.match(text, /\nshop op-s \(parents in a circle\)/);
  assert.match(text, /\nshop op-x \(parents in a circle\).*\n└─ shop op-y.*\n {2}└─ shop op-z/);
});

test('a child that begins before its parent is marked, and the clocks are named as the reason', () => {
  const lines = draw([span('a', null, 10, 5), span('b', 'a', 3, 5)]);
  assert.match(lines[1]!, /^~ 1 span before the start of the parent: clocks differ/);
  assert.match(lines[3]!, /^└─ ~ shop op-b/);
});

test('times that make no sense stretch nothing and break nothing', () => {
  const lines = draw([
    span('a', null, 0, 10),
    span('b', 'a', 0, 0, { startNano: 0n }),
    span('c', 'a', 2, -5),
    span('d', 'a', 5, 0, { startNano: 2n ** 64n - 1n, durationNano: 2n ** 63n - 1n }),
  ]);
  assert.equal(lines.length, 5);
  assert.match(lines.join('\n'), /op-c +\?/);
});

test('what a sender wrote cannot steer the terminal', () => {
  const text = draw([span('a', null, 0, 1, { name: '\u001b[2J\r\nevil\u202e', service: 'x\u0007' })], 120, true).join(
    '\n',
  );
  const plain = stripVTControlCharacters(text);
  assert.match(plain, /x· ·\[2J··evil·/);
  assert.ok(!text.includes('\u001b[2J'));
});

test('colours come only where they are asked for', () => {
  const spans = [span('a', null, 0, 1), span('b', 'a', 0, 1, { isError: true })];
  const coloured = draw(spans, 80, true);
  assert.ok(coloured.some((line) => line.includes('\u001b[31m')));
  assert.deepEqual(coloured.map(stripVTControlCharacters), draw(spans));
});

test('no line is wider than the terminal, however deep and in whatever script', () => {
  const names = fc.constantFrom('op', 'λειτουργία', '注文を処理する', '🚀🚀🚀 launch', 'a'.repeat(200), '');
  const spans = fc
    .array(fc.tuple(names, fc.nat(60), fc.nat(1000), fc.nat(1000)), { minLength: 1, maxLength: 60 })
    .map((list) =>
      list.map(([name, parent, from, ms], i) =>
        span(String(i), parent === i ? null : String(parent), from, ms, { name }),
      ),
    );
  fc.assert(
    fc.property(spans, fc.integer({ min: 40, max: 200 }), (found, width) => {
      const lines = draw(found, width);
      for (const line of lines.slice(1))
        assert.ok(line.startsWith('~') || textWidth(line) <= width, `${textWidth(line)} > ${width}: ${line}`);
      assert.equal(lines.filter((line) => !line.startsWith('~ ')).length, found.length + 1);
    }),
    { numRuns: 200 },
  );
});

test('any set of spans is drawn whole, each once, with parents above their children', () => {
  const id = fc.nat(30).map(String);
  const spans = fc.array(fc.tuple(id, fc.option(id), fc.nat(100)), { maxLength: 60 });
  fc.assert(
    fc.property(spans, (list) => {
      const found = list.map(([spanId, parent, from]) => span(spanId, parent, from, 1));
      const lines = [...traceTree(found)];
      assert.deepEqual(new Set(lines.map((line) => line.span)), new Set(found));
      assert.equal(lines.length, found.length);
      lines.forEach((line, i) => {
        assert.ok(line.depth <= (lines[i - 1]?.depth ?? -1) + 1);
      });
    }),
    { numRuns: 500 },
  );
});

test('a chain and a fan of five thousand spans are drawn in a moment', () => {
  const chain = Array.from({ length: 5_000 }, (_, i) => span(String(i), i === 0 ? null : String(i - 1), i, 5_000 - i));
  const fan = Array.from({ length: 5_000 }, (_, i) => span(String(i), i === 0 ? null : '0', i, 1));
  for (const spans of [chain, fan]) {
    const startMs = performance.now();
    const lines = draw(spans, 100);
    assert.equal(lines.length, 5_001);
    assert.ok(lines.every((line) => line.length <= 110));
    assert.ok(performance.now() - startMs < 10_000);
  }
});

test('durations are shown in three digits', () => {
  const shown = [
    0n,
    1n,
    999n,
    1000n,
    12_345n,
    999_949n,
    1_500_000n,
    123_456_789n,
    61_000_000_000n,
    7_200_000_000_000n,
    -1n,
  ];
  assert.deepEqual(shown.map(showNano), [
    '0 ns',
    '1 ns',
    '999 ns',
    '1.00 µs',
    '12.3 µs',
    '1000 µs',
    '1.50 ms',
    '123 ms',
    '61.0 s',
    '2.0 h',
    '?',
  ]);
});
