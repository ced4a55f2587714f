import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readKeyFile } from '../../src/store/key-file.ts';
import { tempFolder } from '../support/temp.ts';

test('32 bytes are taken as they are, in hexadecimal and in base64, and are the same key', (t) => {
  const key = randomBytes(32);
  const path = join(tempFolder(t), 'key');
  const forms = [key, key.toString('hex'), `${key.toString('hex').toUpperCase()}\n`, `${key.toString('base64')}\r\n`];
  const ids = forms.map((form) => {
    writeFileSync(path, form, { mode: 0o600 });
    const found = readKeyFile(path);
    assert.ok(Buffer.from(found.key).equals(key));
    return found.id;
  });
  assert.equal(new Set(ids).size, 1);
  assert.match(ids[0]!, /^file:[0-9a-f]{16}$/);
});

test('what is no key of 256 bits is refused with what was found and how to make one', (t) => {
  const path = join(tempFolder(t), 'key');
  const wrong: (string | Buffer)[] = [
    '',
    'a passphrase',
    randomBytes(31),
    randomBytes(33),
    randomBytes(16).toString('hex'),
    'z'.repeat(64),
  ];
  for (const content of wrong) {
    writeFileSync(path, content, { mode: 0o600 });
    assert.throws(() => readKeyFile(path), { code: 'config', message: /expected 32 bytes/, hint: /openssl rand/ });
  }
  writeFileSync(path, randomBytes(2000));
  assert.throws(() => readKeyFile(path), { code: 'config', message: /has 2000 bytes/ });
  assert.throws(() => readKeyFile(join(path, 'missing')), { code: 'config', message: /cannot be read \(ENOTDIR\)/ });
  assert.throws(() => readKeyFile(`${path}2`), { code: 'config', message: /does not exist/ });
});

test('a key that every user may read is told of, and used', (t) => {
  const path = join(tempFolder(t), 'key');
  writeFileSync(path, randomBytes(32));
  const warnings: string[] = [];
  chmodSync(path, 0o600);
  readKeyFile(path, (message) => warnings.push(message));
  assert.equal(warnings.length, 0);
  chmodSync(path, 0o644);
  readKeyFile(path, (message) => warnings.push(message));
  assert.deepEqual(warnings, [
    `the key file of the lake can be read by others: Take the rights from others: chmod o= ${path}`,
  ]);
});
