import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { tempFolder } from '../support/temp.ts';

/** A profile whose credentials can be written anew, as a renewing job of the machine does. */
export function profileFile(t: TestContext): (key: string) => void {
  const file = join(tempFolder(t), 'credentials');
  const before = { ...process.env };
  Object.assign(process.env, { AWS_SHARED_CREDENTIALS_FILE: file, AWS_CONFIG_FILE: join(file, 'none') });
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) delete process.env[name];
  t.after(() => {
    process.env = before;
  });
  return (key) => {
    writeFileSync(file, `[lake]\naws_access_key_id=${key}\naws_secret_access_key=s\naws_session_token=t-${key}\n`);
  };
}
