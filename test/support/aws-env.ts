/** The surroundings the AWS SDK looks at for credentials, for one test. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { tempFolder } from './temp.ts';

/** Nothing of the machine's own is seen: no variables, files, home folder or instance role; `env` is added. */
export function awsEnvironment(t: Pick<TestContext, 'after'>, env: Readonly<Record<string, string>> = {}): string {
  const folder = tempFolder(t);
  const before = { ...process.env };
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  const files = { AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'), AWS_CONFIG_FILE: join(folder, 'config') };
  Object.assign(process.env, { HOME: folder, AWS_EC2_METADATA_DISABLED: 'true', ...files, ...env });
  t.after(() => {
    process.env = before;
  });
  return folder;
}

/** Writes `[profile]` sections of the shared files; `text` as it stands there. */
export function writeAwsFiles(folder: string, { config = '', credentials = '' }): void {
  writeFileSync(join(folder, 'config'), config);
  writeFileSync(join(folder, 'credentials'), credentials);
}
