/** `npm run docs`: puts the configuration's reference into the README. */
import { readFileSync, writeFileSync } from 'node:fs';
import { configReference } from '../../src/config/reference.ts';

const file = new URL('../../README.md', import.meta.url);
const readme = readFileSync(file, 'utf8');
const section = /(<!-- configuration[^>]*-->\n).*?(<!-- \/configuration -->)/s;
writeFileSync(
  file,
  readme.replace(section, (_all, begin: string, end: string) => `${begin}\n${configReference().trim()}\n\n${end}`),
);
