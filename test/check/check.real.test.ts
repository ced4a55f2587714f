/** The check on a real S3 server, beside a bridge that writes and deletes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { commitKey } from '../../src/catalog/keys.ts';
import { checkLake } from '../../src/check/check.ts';
import type { CheckOptions, Finding } from '../../src/check/types.ts';
import { parseConfig } from '../../src/config/load.ts';
import { commitIdOfKey } from '../../src/model/commit.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemFiles } from '../../src/platform/files.ts';
import { openStore } from '../../src/store/open.ts';
import { startBridge } from '../support/daemon.ts';
import { minioBinary, startMinio } from '../support/minio.ts';
import { s3Toml } from '../support/s3-toml.ts';
import { readSamples } from '../support/samples.ts';
import { exportHttp } from '../support/send.ts';
import { keysOf, traces } from './support.ts';

const sample = readSamples('traces').find(({ encoding, items }) => encoding === 'protobuf' && items > 100)!;

test('on MinIO, nothing is found while a bridge writes and deletes, and what is broken is found and mended', {
  skip: !minioBinary(),
}, async (t) => {
  const minio = await startMinio();
  t.after(() => minio.close());
  const bridge = await startBridge(
    t,
    `${s3Toml(minio, 'lake', 'prefix = "telemetry/prod"', 'create_bucket = true')}
[partitioning]
type = "hash"
field = "trace_id"
num_partitions = 8
[flush]
max_rows = ${2 * sample.items}
`,
  );
  const config = parseConfig(readFileSync(bridge.configFile, 'utf8'), bridge.configFile);
  const store = await openStore(config);
  t.after(() => store.close());
  async function check(changes: Partial<CheckOptions> = {}) {
    const findings: Finding[] = [];
    const deps = { store, files: systemFiles, clock: systemClock, journalPath: join(bridge.folder, 'journal') };
    const options = { deep: false, repair: false, minAgeMs: 0, ...changes };
    const onFinding = (finding: Finding) => void findings.push(finding);
    const hooks = { onFinding, onProgress() {}, signal: new AbortController().signal };
    const summary = await checkLake(deps, options, hooks);
    return { summary, problems: findings.filter(({ severity }) => severity === 'problem') };
  }

  let sent = 0;
  const writing = (async () => {
    for (let i = 0; i < 30; i++) {
      assert.equal((await exportHttp(bridge.otlp, sample.body)).status, 200);
      sent += sample.items;
      if (i % 10 === 5) {
        const path = `${bridge.api}/admin/v1/partitions/traces/trace_id_bucket=${(i / 5) % 8}`;
        await (await fetch(path, { method: 'DELETE' })).arrayBuffer();
      }
    }
    await bridge.flush();
  })();
  let checks = 0;
  let isWriting = true;
  const written = writing.finally(() => {
    isWriting = false;
  });
  while (isWriting) {
    assert.deepEqual((await check({ repair: true })).problems, []);
    checks++;
  }
  await written;
  assert.ok(checks > 1);
  const { summary, problems } = await check({ deep: true });
  assert.deepEqual(problems, []);
  const ledger = traces(summary);
  assert.equal(ledger.written, sent);
  assert.equal(ledger.inFiles + ledger.deleted, sent);
  assert.ok(ledger.deleted > 0);

  const [orphan, copied] = (await keysOf(store, 'traces/')).toReversed();
  const body = await store.get(copied!);
  await store.delete([commitKey(commitIdOfKey(orphan!)!)]);
  const copy = `traces/trace_id_bucket=99/${commitIdOfKey(copied!)}.parquet`;
  await store.put(copy, body);
  const kinds = new Set((await check()).problems.map(({ kind }) => kind));
  assert.ok(kinds.has('orphan'));
  const mended = await check({ repair: true });
  assert.equal(mended.summary.repaired, mended.summary.problems);
  assert.deepEqual(
    (await check({ deep: true, repair: true })).problems.filter(({ repaired }) => !repaired),
    [],
  );
  assert.deepEqual((await check({ deep: true })).problems, []);
});
