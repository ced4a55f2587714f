import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { KEYS } from '../../src/config/keys.ts';
import { parseConfig } from '../../src/config/load.ts';
import { configReference, defaultConfigFile } from '../../src/config/reference.ts';

const shipped = readFileSync(new URL('../../config/s3-parquet.toml', import.meta.url), 'utf8');

test('the shipped file is the one made from the table of keys', () => {
  assert.equal(shipped, defaultConfigFile(), 'run: npm run docs');
});

test('the reference in config/README.md is the one made from the table of keys', () => {
  const reference = readFileSync(new URL('../../config/README.md', import.meta.url), 'utf8');
  assert.equal(reference, configReference(), 'run: npm run docs');
});

test('the shipped file gives exactly the defaults', () => {
  assert.deepEqual(parseConfig(shipped, 'a.toml', {}), parseConfig('', 'a.toml', {}));
});

test('the shipped file with all examples of S3 switched on is accepted', () => {
  const examples = shipped
    .split('\n\n')
    .filter((block) => /^# \[(s3|server)/m.test(block))
    .map((block) => block.replace(/^# (?=\[|\w+ = )/gm, ''))
    .map((block) => block.replace(/^(key_file = "config|old_k|kms_endpoint).*$/gm, '')) // of the other type
    .map((block) => block.replace('type = "env"', 'type = "explicit"').replace('profile = "telemetry"', ''));
  const env = { LAKE_ACCESS_KEY_ID: 'a', LAKE_SECRET_ACCESS_KEY: 'b', LAKE_SESSION_TOKEN: 'c' };
  const config = parseConfig(examples.join('\n'), 'a.toml', env);
  assert.equal(config.s3?.bucket, 'my-telemetry');
  assert.equal(config.s3?.credentials.type, 'explicit');
  assert.ok(config.server.tls && config.server.auth.adminTokenFile);
});

test('the reference names every key that this version takes', () => {
  const reference = configReference();
  const known = KEYS.filter((key) => key.unsupported === undefined);
  for (const { path, doc } of known) {
    const [name, section] = [path.slice(path.lastIndexOf('.') + 1), path.slice(0, path.lastIndexOf('.'))];
    const block = reference.split('## ').find((one) => one.startsWith(`\`[${section}]\``)) ?? '';
    assert.ok(block.includes(`| \`${name}\` |`), path);
    assert.ok(doc.endsWith('.') && block.includes(doc), path);
  }
});

test('no two keys have one path, and every key without a fixed default says what it would be', () => {
  assert.equal(new Set(KEYS.map((key) => key.path)).size, KEYS.length);
  const vague = KEYS.filter(({ type, default: fixed, derived, example, unsupported }) => {
    const isSaid = fixed !== undefined || derived !== undefined || example !== undefined || unsupported !== undefined;
    return !isSaid && type !== 'tables' && type !== 'ranges';
  });
  assert.deepEqual(vague, []);
});
