import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  scripts: Record<string, string>;
};

test('every npm command the README names exists', () => {
  const named = [...readme.matchAll(/npm (?:run )?(?:-s )?([a-z][a-z:-]*)/g)].map(([, name]) => name!);
  assert.ok(named.includes('start') && named.includes('test'));
  assert.deepEqual(
    named.filter((name) => !(name in scripts)),
    [],
  );
});

for (const [command, file] of [
  ['bench', '../bench/main.ts'],
  ['torture', './torture/main.ts'],
] as const) {
  test(`the README names what npm run ${command} lists, no more and no less`, () => {
    const { status, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL(file, import.meta.url))]);
    const listed = [...stderr.toString().matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name!);
    const named = [...readme.matchAll(new RegExp(`npm run ${command} (\\w+)`, 'g'))].map(([, name]) => name!);
    assert.equal(status, 2);
    assert.deepEqual([...new Set(named)].sort(), listed.sort());
  });
}
