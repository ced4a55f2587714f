/** A bridge on MinIO whose lake is encrypted before it leaves the process: written, read, checked, rotated. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createS3Store } from '../../src/store/s3.ts';
import { collect } from '../store/conformance.ts';
import { OPERATIONS, s3Config } from '../store/s3-config.ts';
import { runCli } from '../support/cli.ts';
import { startBridge } from '../support/daemon.ts';
import { minioBinary, startMinio } from '../support/minio.ts';
import { s3Toml } from '../support/s3-toml.ts';
import { exportHttp } from '../support/send.ts';
import { tempFolder } from '../support/temp.ts';
import { uniqueSpans } from '../support/unique-spans.ts';

test('rows of an encrypted lake are read, checked and rotated, and nobody else can read them', {
  skip: !minioBinary(),
}, async (t) => {
  const minio = await startMinio();
  t.after(() => minio.close());
  const folder = tempFolder(t);
  const keyFile = (name: string) => {
    const path = join(folder, name);
    writeFileSync(path, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    return path;
  };
  const [first, second] = [keyFile('first.key'), keyFile('second.key')];
  const toml = (encryption: string) => `${s3Toml(minio, 'lake', 'prefix = "a/prefix"', 'create_bucket = true')}
[s3.encryption]
type = "client"
${encryption}
[operations]
retry_attempts = 1
`;
  const one = await startBridge(t, toml(`key_file = "${first}"`));
  assert.equal((await exportHttp(one.otlp, uniqueSpans('one', 0, 300), 'json')).status, 200);
  await one.flush();
  assert.equal((await one.rows({ limit: '1000' })).length, 300);

  const raw = createS3Store(s3Config(minio.endpoint), OPERATIONS);
  t.after(() => raw.close());
  const stored = await collect(raw.list(''));
  assert.ok(stored.length >= 2);
  for (const { key } of stored) {
    const body = Buffer.from(await raw.get(key));
    assert.equal(body.subarray(0, 7).toString(), 'OTELENC', key);
    assert.equal(body.indexOf('PAR1'), -1, key);
    assert.equal(body.indexOf('service'), -1, key);
  }

  const rotated = await startBridge(t, toml(`key_file = "${second}"\nold_key_files = ["${first}"]`));
  assert.equal((await exportHttp(rotated.otlp, uniqueSpans('two', 300, 50), 'json')).status, 200);
  await rotated.flush();
  assert.equal((await rotated.rows({ limit: '1000' })).length, 350);
  const check = await runCli(['lake', 'check', '--deep', '--min-age', '0', '--config', rotated.configFile]);
  assert.match(check.stdout, /everything adds up/);
  assert.equal(check.code, 0);

  const forgetful = await startBridge(t, toml(`key_file = "${second}"`));
  const answer = await fetch(`${forgetful.api}/api/v1/tables/traces/rows?limit=1000`);
  const { error } = (await answer.json()) as { error: { code: string; message: string; hint: string } };
  assert.equal(error.code, 'config');
  assert.match(error.message, /is encrypted with key file:[0-9a-f]{16}; there is only file:/);
  assert.match(error.hint, /old_key_files/);
});
