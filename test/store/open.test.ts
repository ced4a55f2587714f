import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/types.ts';
import { openStore } from '../../src/store/open.ts';
import { tempFolder } from '../support/temp.ts';
import { OPERATIONS, s3Config } from './s3-config.ts';

test('the store of the configuration is opened, and a missing section is named', async (t) => {
  const path = tempFolder(t);
  const config = (type: 'file' | 's3', s3: Config['s3']) => {
    const { tables } = parseConfig('', 'a.toml', {});
    return { storage: { type, path }, s3, operations: OPERATIONS, tables } as Config;
  };
  assert.equal((await openStore(config('file', undefined))).location, path);
  const s3 = await openStore(config('s3', s3Config('http://127.0.0.1:1')));
  assert.equal(s3.location, 's3://lake/a/prefix');
  s3.close();
  await assert.rejects(() => openStore(config('s3', undefined)), { code: 'config', hint: /\[s3\]/ });
});
