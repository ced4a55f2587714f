import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../src', import.meta.url));
const EVERYONE = ['errors', 'model', 'platform', 'telemetry'];
/** Entries that nothing imports: the command, the threads, the installer. */
const COMMANDS = [
  'main.ts',
  'cli/install.mjs',
  'app/lane-thread.ts',
  'app/encoder-thread.ts',
  'app/reader-thread.ts',
  'tables/convert/thread.ts',
];
/** What only tests and the documentation stand on: the store's twin in memory, the reference of the configuration. */
const FOR_TESTS = ['store/memory.ts', 'config/reference.ts'];
/** What is for those who use the modules as a library. */
const LIBRARY = ['connector/index.ts', 'tables/lambda.ts'];
const ENTRIES = [...COMMANDS, ...FOR_TESTS, ...LIBRARY];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(ts|mjs)$/.test(name) && !name.endsWith('.d.ts'))
  .map((name) => name.split(sep).join('/'));

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const found = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^;'"]*?\sfrom\s+)?'([^']+)';/gms);
  const dynamic = text.matchAll(/\bimport\('([^']+)'\)/g);
  return [
    ...[...found].map(([, type, to]) => ({ from: file, to: to!, typeOnly: type !== undefined })),
    ...[...dynamic].map(([, to]) => ({ from: file, to: to!, typeOnly: false })),
  ];
}

function targetOf({ from, to }: Import): string {
  return relative(SRC, resolve(join(SRC, dirname(from)), to))
    .split(sep)
    .join('/');
}

function moduleOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : file.replace(/\.ts$/, '');
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

interface Allowed {
  readonly modules: ReadonlySet<string>;
  readonly packages: ReadonlySet<string>;
}

function readTable(): Map<string, Allowed> {
  const rows = readFileSync(join(SRC, 'README.md'), 'utf8').matchAll(/^\| `(\w+)` *\|([^|\n]*)\|([^|\n]*)\|$/gm);
  const names = (cell: string) =>
    cell
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean);
  return new Map(
    [...rows].map(([, module, modules, packages]) => [
      module!,
      { modules: new Set([...names(modules!), ...EVERYONE, module!]), packages: new Set(names(packages!)) },
    ]),
  );
}

const table = readTable();
const imports = files.flatMap(importsOf);

test('every module of src is a row of the import table, and every row is a module', () => {
  assert.deepEqual([...new Set(files.map(moduleOf))].sort(), [...table.keys()].sort());
});

test('modules import only what the table allows', () => {
  const broken = imports.filter((entry) => {
    if (entry.to.startsWith('node:')) return false;
    const allowed = table.get(moduleOf(entry.from));
    if (!allowed) return true;
    if (!entry.to.startsWith('.')) return !allowed.packages.has(packageOf(entry.to));
    const target = targetOf(entry);
    const configTypes = entry.typeOnly && target === 'config/types.ts';
    return !configTypes && !allowed.modules.has(moduleOf(target));
  });
  assert.deepEqual(
    broken.map(({ from, to }) => `${from} imports ${to}`),
    [],
  );
});

test('what the table allows is used', () => {
  const used = new Set(
    imports.map((entry) => {
      const to = entry.to.startsWith('.') ? moduleOf(targetOf(entry)) : packageOf(entry.to);
      return `${moduleOf(entry.from)} ${to}`;
    }),
  );
  const unused = [...table].flatMap(([module, { modules, packages }]) =>
    [...modules, ...packages]
      .filter((name) => name !== module && !EVERYONE.includes(name))
      .filter((name) => !used.has(`${module} ${name}`))
      .map((name) => `${module} does not import ${name}`),
  );
  assert.deepEqual(unused, []);
});

test('no source file is dead', () => {
  const reached = new Set(ENTRIES);
  const queue = [...ENTRIES];
  for (let file = queue.pop(); file; file = queue.pop()) {
    for (const entry of importsOf(file)) {
      if (!entry.to.startsWith('.')) continue;
      const target = targetOf(entry);
      if (!reached.has(target)) queue.push(target);
      reached.add(target);
    }
  }
  assert.deepEqual(
    files.filter((file) => !reached.has(file)),
    [],
  );
});

test('files stay short enough to be read in one go', () => {
  const long = files
    .map((file) => ({ file, lines: readFileSync(join(SRC, file), 'utf8').split('\n').length }))
    .filter(({ lines }) => lines > 400);
  assert.deepEqual(long, []);
});
