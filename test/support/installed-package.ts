/** The package as its users get it: built, packed, and unpacked into the node_modules of an empty folder. */
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MODULES = join(ROOT, 'node_modules');
export const TSC = join(MODULES, 'typescript/bin/tsc');

/** Runs a program; what it wrote is in the error where it fails. */
export async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  try {
    return (await promisify(execFile)(command, [...args], { cwd, env, timeout: 120_000 })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  }
}

/**
 * What `npm install` of the packed package would do, without a network: the package from its archive, its dependencies
 * from those here.
 *
 * @returns the folder it is installed in
 */
export async function installPackage(folder: string): Promise<string> {
  const stage = join(folder, 'stage');
  mkdirSync(stage);
  for (const name of ['package.json', 'README.md', 'LICENSE', 'config', 'proto']) {
    cpSync(join(ROOT, name), join(stage, name), { recursive: true });
  }
  await run(process.execPath, [TSC, '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(stage, 'dist')], ROOT);
  const [{ filename }] = JSON.parse(await run('npm', ['pack', '--json', '--ignore-scripts'], stage)) as [
    { filename: string },
  ];
  const app = join(folder, 'app');
  const modules = join(app, 'node_modules');
  mkdirSync(modules, { recursive: true });
  await run('tar', ['-xzf', join(stage, filename), '-C', modules], app);
  await run('mv', ['package', 'otel-lake-bridge'], modules);
  for (const name of readdirSync(MODULES))
    if (!name.startsWith('.')) symlinkSync(join(MODULES, name), join(modules, name));
  linkCommands(modules);
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  return app;
}

function linkCommands(modules: string): void {
  const { bin } = JSON.parse(readFileSync(join(modules, 'otel-lake-bridge/package.json'), 'utf8')) as {
    bin: Record<string, string>;
  };
  mkdirSync(join(modules, '.bin'));
  for (const [name, file] of Object.entries(bin)) {
    chmodSync(join(modules, 'otel-lake-bridge', file), 0o755);
    symlinkSync(join('../otel-lake-bridge', file), join(modules, '.bin', name));
  }
}
