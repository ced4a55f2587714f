import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { configReference } from '../src/config/reference.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  scripts: Record<string, string>;
};

test('the configuration in the README is the one of the code', () => {
  const [, section] = /<!-- configuration[^>]*-->\n(.*?)<!-- \/configuration -->/s.exec(readme)!;
  assert.equal(section!.trim(), configReference().trim(), 'run: npm run docs');
});

test('every npm command the README names exists', () => {
  const named = [...readme.matchAll(/npm (?:run )?(?:-s )?([a-z][a-z:-]*)/g)].map(([, name]) => name!);
  assert.ok(named.includes('start') && named.includes('test'));
  assert.deepEqual(
    named.filter((name) => !(name in scripts)),
    [],
  );
});
