/** One lake in one bucket, two bridges that write to it at the same time, and readers that follow. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { startCli } from '../support/cli.ts';
import { startBridge, type TestBridge } from '../support/daemon.ts';
import { type Minio, minioBinary, startMinio } from '../support/minio.ts';
import { s3Client } from '../support/s3-client.ts';
import { s3Toml } from '../support/s3-toml.ts';
import { exportHttp } from '../support/send.ts';
import { namesIn, uniqueSpans } from '../support/unique-spans.ts';
import { until } from '../support/until.ts';

const BATCHES = 12;
const ROWS = 40;

describe('two bridges on one lake in MinIO', { skip: !minioBinary() }, () => {
  let minio: Minio;
  before(async () => {
    minio = await startMinio();
  });
  after(() => minio.close());

  test('each row committed while readers follow is given to each of them exactly once', async (t) => {
    const client = s3Client(minio);
    await client.send(new CreateBucketCommand({ Bucket: 'lake' }));
    client.destroy();
    const toml = s3Toml(minio, 'lake');
    const bridges = [await startBridge(t, toml), await startBridge(t, toml)] as const;
    const follow = (bridge: TestBridge, ...way: string[]) => {
      const lake = ['--config', bridge.configFile, ...way, '--interval', '0.05'];
      const cli = startCli(['read', 'traces', '--follow', ...lake]);
      t.after(() => cli.process.kill('SIGKILL'));
      return cli;
    };
    const readers = [follow(bridges[0], '--url', bridges[0].api), follow(bridges[1], '--direct')];

    async function write(bridge: TestBridge, prefix: string): Promise<string[]> {
      const names: string[] = [];
      for (let batch = 0; batch < BATCHES; batch++) {
        const first = batch * ROWS;
        assert.equal((await exportHttp(bridge.otlp, uniqueSpans(prefix, first, ROWS), 'json')).status, 200);
        names.push(...Array.from({ length: ROWS }, (_, i) => `${prefix}-${first + i}`));
        if (batch % 3 !== 1) await bridge.flush();
      }
      await bridge.flush();
      return names;
    }
    const written = (await Promise.all([write(bridges[0], 'a'), write(bridges[1], 'b')])).flat().sort();

    for (const reader of readers) {
      await until(
        () => namesIn(reader.stdout).length >= written.length,
        () => `${namesIn(reader.stdout).length} rows`,
      );
      reader.process.kill('SIGINT');
      const { code, stdout, stderr } = await reader.done;
      assert.equal(code, 0, stderr);
      assert.deepEqual(namesIn(stdout), written);
    }
  });
});
