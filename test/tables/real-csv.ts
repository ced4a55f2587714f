/** Real CSV files, as the package vega-datasets brings them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REAL_CSV = fileURLToPath(new URL('../../node_modules/vega-datasets/data', import.meta.url));

export const realCsvFiles = (): string[] => readdirSync(REAL_CSV).filter((name) => name.endsWith('.csv'));

export const realCsv = (name: string): string => join(REAL_CSV, name);
