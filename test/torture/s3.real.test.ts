import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchBridge } from '../support/daemon.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { minioBinary, startMinio } from '../support/minio.ts';
import { s3Toml } from '../support/s3-toml.ts';
import { readSamples } from '../support/samples.ts';
import { exportHttp } from '../support/send.ts';
import { tempFolder } from '../support/temp.ts';
import { describeS3Report, isKept, runS3 } from './s3-run.ts';

const SAMPLE = readSamples('traces').find(({ encoding, items }) => encoding === 'protobuf' && items > 100)!;

describe('a bridge over an S3 server that fails', { skip: !minioBinary() }, () => {
  test('a tenth of all calls: objects are what was acknowledged, and no upload is left open', async (t) => {
    const report = await runS3({ folder: tempFolder(t), rate: 0.1, objects: 40, seed: 10, log: () => {} });
    assert.ok(isKept(report), describeS3Report(report));
    assert.ok(report.retries > 0);
  });

  test('a store that is away is told once in the log, requests go on, and all is stored when it is back', async (t) => {
    const minio = await startMinio();
    const proxy = await startFaultProxy(minio.endpoint, { seed: 1, rate: 0 });
    const folder = tempFolder(t);
    const { process: child, listening } = launchBridge(
      folder,
      `${s3Toml({ ...minio, endpoint: proxy.endpoint }, 'away', 'create_bucket = true')}
[operations]
retry_attempts = 0
[flush]
max_rows = 1000
`,
    );
    t.after(async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      await proxy.close();
      await minio.close();
    });
    let log = '';
    child.stderr!.on('data', (text) => (log += text));
    const bridge = await listening;
    proxy.isAway = true;
    let sent = 0;
    const failures = async () => {
      const text = await (await fetch(`${bridge.api}/metrics`)).text();
      return Number(/commit_failures_total\{code="unavailable"\} (\d+)/.exec(text)?.[1] ?? 0);
    };
    while ((await failures()) < 3) {
      assert.equal((await exportHttp(bridge.otlp, SAMPLE.body)).status, 200);
      sent += SAMPLE.items;
      await sleep(100);
    }
    await assert.rejects(bridge.flush(), /safe in the journal; they are tried again by themselves/);
    // A note for the first minute, then a reason not to be ready: how long it took to come here is the machine's affair.
    assert.match(await (await fetch(`${bridge.api}/readyz`)).text(), /commits wait: /);
    assert.equal(log.match(/commit failed/g)?.length, 1, log);

    proxy.isAway = false;
    await bridge.flush();
    assert.equal((await bridge.rows({ select: 'span_id', buffered: 'false' })).length, sent);
  });
});
