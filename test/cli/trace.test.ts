import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { runCli } from '../support/cli.ts';
import { exportHttp } from '../support/send.ts';
import { sharedBridge } from '../support/shared-bridge.ts';

const TRACE = '5b8efff798038103d269b633813fc60c';
const START = 1_764_000_000_000_000_000n;

function span(spanId: string, parentSpanId: string | undefined, fromMs: number, ms: number, more = {}) {
  const start = START + BigInt(fromMs) * 1_000_000n;
  const times = { startTimeUnixNano: String(start), endTimeUnixNano: String(start + BigInt(ms) * 1_000_000n) };
  return {
    traceId: TRACE,
    spanId: spanId.padStart(16, '0'),
    parentSpanId: parentSpanId?.padStart(16, '0'),
    name: `op-${spanId}`,
    ...times,
    ...more,
  };
}

const request = (service: string, spans: unknown[]) => ({
  resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
  scopeSpans: [{ spans }],
});

describe('otel-lake trace', () => {
  const bridge = sharedBridge();
  const trace = (...args: string[]) => runCli(['trace', ...args, '--config', bridge.configFile, '--url', bridge.api]);

  before(async () => {
    const first = [request('shop', [span('a', undefined, 0, 100), span('b', 'a', 10, 50)])];
    const second = [request('payment', [span('c', 'b', 20, 30, { status: { code: 2, message: 'declined' } })])];
    assert.equal((await exportHttp(bridge.otlp, JSON.stringify({ resourceSpans: first }), 'json')).status, 200);
    await bridge.flush();
    assert.equal((await exportHttp(bridge.otlp, JSON.stringify({ resourceSpans: second }), 'json')).status, 200);
  });

  test('spans of files and journal are one tree', async () => {
    const { stdout, stderr, code } = await trace(TRACE.toUpperCase(), '--format', 'tree');
    assert.equal(code, 0, stderr);
    assert.equal(
      stdout.replace(/[ █▏]+\n/g, '\n'),
      [
        `trace ${TRACE}  3 spans, 2 services, 1 error, 100 ms, from 2025-11-24T16:00:00.000Z`,
        'shop op-a                100 ms',
        '└─ shop op-b            50.0 ms',
        '  └─ ✗ payment op-c     30.0 ms',
        '',
      ].join('\n'),
    );
  });

  test('what goes to no terminal is OTLP/JSON without colours, equal when it is sent again', async () => {
    const { stdout, code } = await trace(TRACE, '--json');
    assert.equal(code, 0);
    assert.equal((JSON.parse(stdout) as { resourceSpans: unknown[] }).resourceSpans.length, 2);
    assert.equal((await trace(TRACE, '--format', 'tree')).stdout.includes('\u001b'), false);
  });

  test('time hints leave out files of other times', async () => {
    const { code, stderr } = await trace(TRACE, '--to', '1999-01-01');
    assert.equal(code, 1);
    assert.match(stderr, /no span of trace 5b8efff798038103d269b633813fc60c\n {2}With --from and --to/);
    assert.equal((await trace(TRACE, '--from', '2025-11-24', '--to', '2025-11-25')).code, 0);
  });

  test('a trace that is not there exits 1 in any format, an id that is none exits 2', async () => {
    for (const format of ['tree', 'parquet']) {
      const { code, stdout, stderr } = await trace('0'.repeat(32), '--format', format);
      assert.deepEqual([code, stdout], [1, ''], format);
      assert.match(stderr, /there is no span of trace 0{32}/);
    }
    const { code, stderr } = await trace('xyz');
    assert.equal(code, 2);
    assert.match(stderr, /"xyz" is no trace id\n {2}A trace id has 32 hex digits/);
  });
});
