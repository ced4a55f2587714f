/** A connector over the lake of a bridge: it reads the bridge's tables and follows its commits, and its own batches harm nothing. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { S3ParquetConnector, ValuePartitioning } from '../../src/connector/index.ts';
import { SIGNALS } from '../../src/model/signal.ts';
import { runCli } from '../support/cli.ts';
import { startBridge } from '../support/daemon.ts';
import { post, requestJson } from '../support/requests.ts';
import { collect } from './support.ts';

test('the tables of a bridge are folders, its commits are batches, and both can write to one lake', async (t) => {
  const bridge = await startBridge(t);
  const send = async (name: string) => {
    const answer = await post(bridge.otlp, SIGNALS.traces, 'json', requestJson(SIGNALS.traces, 'web', [{ name }]));
    assert.equal(answer.status, 200);
    await bridge.flush();
  };
  await send('first');
  await using connector = await S3ParquetConnector.open({ storage: { path: join(bridge.folder, 'lake') } });
  const { records } = await connector.read({
    partitionPath: 'traces',
    filter: "name = 'first'",
    selectFields: ['name'],
  });
  assert.deepEqual(records, [{ name: 'first' }]);

  const changes = connector.changes({ partitionPath: 'traces' });
  assert.equal((await collect(changes)).length, 1);
  const rows = [
    { id: 1, kind: 'a' },
    { id: 2, kind: 'b' },
  ];
  await connector.batchWrite({ path: 'orders', records: rows, partitioning: new ValuePartitioning('kind') });
  await connector.write({ partitionPath: 'orders', fileName: 'more', records: rows });
  await send('second');
  const [next, ...others] = await collect(connector.changes({ after: changes.cursor, partitionPath: 'traces' }));
  assert.deepEqual(others, []);
  assert.deepEqual(await collect(next!.records({ selectFields: ['name'] })), [{ name: 'second' }]);
  assert.equal((await connector.read({ partitionPath: 'orders' })).recordCount, 4);

  assert.deepEqual((await bridge.rows({ select: 'name' })).map(({ name }) => name).sort(), ['first', 'second']);
  await connector.deletePartition('orders/kind=a');
  const checked = await runCli(['lake', 'check', '--deep', '--json', '--config', bridge.configFile]);
  assert.equal(checked.code, 0, checked.stdout + checked.stderr);
});
