import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseProc } from '../../src/platform/proc.ts';
import { tempFolder } from '../support/temp.ts';

test('a folder in proc is refused before anything is made of it, with the setting named', () => {
  for (const path of ['/proc/lake', '/proc/self/lake/journal', '/proc']) {
    assert.throws(() => refuseProc(path, 'journal.path'), {
      code: 'config',
      message: /^journal\.path "\/proc.* is in \/proc/,
    });
  }
});

test('folders elsewhere may be, also where they are still to be made', (t) => {
  const folder = tempFolder(t);
  refuseProc(folder, 'journal.path');
  refuseProc(`${folder}/not/there/yet`, 'journal.path');
  refuseProc('relative/not/there', 'journal.path');
});
