/** Python with pyarrow and DuckDB, the writers and readers that files are held against. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs a script and returns what it printed. Not synchronous: servers of the test may be in this process. */
export async function python(script: string, ...args: readonly string[]): Promise<string> {
  const run = promisify(execFile)('python3', ['-c', script, ...args], { maxBuffer: 64 * 1024 * 1024 });
  // The error as it comes has the whole script in it, three times.
  const { stdout } = await run.catch(({ stderr }) => Promise.reject(new Error(String(stderr))));
  return stdout;
}
