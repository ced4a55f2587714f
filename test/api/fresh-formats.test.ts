/** Acknowledged rows are in every answer from then on, exactly once, while they move from the journal to files. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableFromIPC } from 'apache-arrow';
import { readParquet } from 'parquet-wasm/node';
import { startBridge } from '../support/daemon.ts';
import { exportHttp } from '../support/send.ts';
import { namesIn, uniqueSpans } from '../support/unique-spans.ts';

type Otlp = { resourceSpans?: { scopeSpans: { spans: { name: string }[] }[] }[] };

const NAMES: Readonly<Record<string, (answer: Response) => Promise<string[]>>> = {
  ndjson: async (answer) => namesIn(await answer.text()),
  json: async (answer) => ((await answer.json()) as { name: string }[]).map(({ name }) => name),
  parquet: async (answer) => {
    const table = tableFromIPC(readParquet(new Uint8Array(await answer.arrayBuffer())).intoIPCStream());
    return [...table.getChild('name')!];
  },
  arrow: async (answer) => [...tableFromIPC(await answer.arrayBuffer()).getChild('name')!],
  'otlp-json': async (answer) => {
    const { resourceSpans = [] } = (await answer.json()) as Otlp;
    return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)));
  },
};

const BATCHES = 12;
const ROWS = 25;

test('every format shows each acknowledged row once, through flushes and commits', async (t) => {
  const bridge = await startBridge(t);
  let acknowledged: string[] = [];
  let isWriting = true;
  const write = async () => {
    for (let batch = 0; batch < BATCHES; batch++) {
      assert.equal((await exportHttp(bridge.otlp, uniqueSpans('s', batch * ROWS, ROWS), 'json')).status, 200);
      acknowledged = [...acknowledged, ...Array.from({ length: ROWS }, (_, i) => `s-${batch * ROWS + i}`)];
      if (batch % 2 === 1) await bridge.flush();
    }
    isWriting = false;
  };
  const read = async (format: string) => {
    do {
      const before = acknowledged;
      const found = await NAMES[format]!(await fetch(`${bridge.api}/api/v1/tables/traces/rows?format=${format}`));
      const distinct = new Set(found);
      assert.equal(distinct.size, found.length, `${format}: a row came twice`);
      assert.deepEqual(
        before.filter((name) => !distinct.has(name)),
        [],
        `${format}: a row is missing`,
      );
    } while (isWriting);
  };
  await Promise.all([write(), ...Object.keys(NAMES).map(read)]);
  for (const format of Object.keys(NAMES)) {
    const found = await NAMES[format]!(await fetch(`${bridge.api}/api/v1/tables/traces/rows?format=${format}`));
    assert.deepEqual(found.toSorted(), acknowledged.toSorted());
  }
});
