import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBridge } from '../support/daemon.ts';
import { exportHttp } from '../support/send.ts';

test('text of every kind comes back to OTLP/JSON as it was sent, byte order marks and number-like keys included', async (t) => {
  const traceId = '5b8efff798038103d269b633813fc60c';
  const attributes = [
    { key: 'z', value: { stringValue: '\ufeffmarked' } },
    { key: '1', value: { intValue: '9223372036854775807' } },
    { key: '\ufeff', value: { boolValue: true } },
    { key: '', value: { doubleValue: 0.5 } },
    { key: 'list', value: { arrayValue: { values: [{ stringValue: '\ufeff' }, {}] } } },
  ];
  const span = { traceId, spanId: 'eee19b7ec3c1b174', name: '\ufeffname \u0000 \u{1f600}', attributes };
  const bridge = await startBridge(t);
  const sent = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  assert.equal((await exportHttp(bridge.otlp, sent, 'json')).status, 200);
  for (const _when of ['in the journal', 'in a file']) {
    const answer = (await (await fetch(`${bridge.api}/api/v1/traces/${traceId}`)).json()) as {
      resourceSpans: { scopeSpans: { spans: (typeof span)[] }[] }[];
    };
    const [back] = answer.resourceSpans[0]!.scopeSpans[0]!.spans;
    assert.equal(back!.name, span.name);
    // An empty key is the default, which JSON leaves out.
    assert.deepEqual(
      back!.attributes.map((entry) => ({ ...entry, key: entry.key ?? '' })),
      attributes,
    );
    await bridge.flush();
  }
});
