import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/config/load.ts';
import { redactedConfig } from '../../src/config/redact.ts';
import { configToToml, showConfig } from '../../src/config/show.ts';

const ALL = `
[server]
admin = "127.0.0.1:0"
[server.tls]
cert_file = "c.pem"
key_file = "k.pem"
[server.auth]
admin_token_file = "t"
[server.cors]
allowed_origins = ["*"]
[s3]
bucket = "lake"
prefix = "a/b"
endpoint = "https://s3.example.com"
versioning = false
storage_class = "STANDARD_IA"
tags = { team = "a b", "cost.center" = "7" }
[[s3.lifecycle]]
id = "traces"
prefix = "traces/"
transitions = [{ days = 30, storage_class = "COLD" }]
expiration_days = 90
[[s3.lifecycle]]
id = "uploads"
enabled = false
abort_incomplete_multipart_upload_days = 7
[s3.encryption]
type = "aws:kms"
kms_key_id = "alias/$\${x}"
[tables.traces]
bucket = "traces-lake"
region = "eu-west-1"
promote = [{ attribute = "odd \\"name\\"", type = "int64" }]
[[partitioning.by]]
type = "range"
field = "flags"
ranges = [[-inf, 0, "a"], [0.5, inf, "b"]]
[[partitioning.by]]
type = "hash"
field = "trace_id"
num_partitions = 3
`;

for (const [name, text] of [
  ['the defaults', ''],
  ['a full configuration', ALL],
  ['a configuration without partitioning', 'partitioning.type = "none"'],
] as const) {
  test(`${name} shown as TOML reads as the same configuration`, () => {
    const config = parseConfig(text, 'a.toml', {});
    assert.deepEqual(parseConfig(configToToml(config), 'a.toml', {}), config);
  });
}

test('JSON has the keys of the file', () => {
  const shown = JSON.parse(showConfig(parseConfig(ALL, 'a.toml', {}), 'json')) as Record<
    string,
    Record<string, unknown>
  >;
  assert.equal(shown.s3!.bucket, 'lake');
  assert.equal(shown.server!.max_request_bytes, 67108864);
  const { by } = shown.partitioning as unknown as { by: { ranges: unknown[] }[] };
  assert.deepEqual(by[0]!.ranges, [
    ['-inf', 0, 'a'],
    [0.5, 'inf', 'b'],
  ]);
  assert.deepEqual((shown.s3!.encryption as { kms_key_id: string }).kms_key_id, `alias/\${x}`);
});

test('secrets are shown as ***', () => {
  const env = { ID: 'AKIA-secret', KEY: 'key-secret', TOKEN: 'token-secret' };
  const text = `
    [s3]
    bucket = "lake"
    [s3.credentials]
    access_key_id = "\${ID}"
    secret_access_key = "\${KEY}"
    session_token = "\${TOKEN}"
  `;
  const config = parseConfig(text, 'a.toml', env);
  assert.equal(config.s3?.credentials.type === 'explicit' && config.s3.credentials.secretAccessKey, 'key-secret');
  for (const shown of [configToToml(config), showConfig(config, 'json'), JSON.stringify(redactedConfig(config))]) {
    assert.ok(shown.includes('***'));
    assert.ok(!shown.includes('-secret'), shown);
  }
});
