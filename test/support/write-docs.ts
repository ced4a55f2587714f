/** `npm run docs`: writes what is made from the table of keys, the reference of the configuration and the shipped file. */
import { writeFileSync } from 'node:fs';
import { configReference, defaultConfigFile } from '../../src/config/reference.ts';

const folder = new URL('../../config/', import.meta.url);
writeFileSync(new URL('README.md', folder), configReference());
writeFileSync(new URL('s3-parquet.toml', folder), defaultConfigFile());
