/**
 * `npm run torture filters`: random filters over lakes that are partitioned by value, hash and range, every answer held
 * against DuckDB. Needs python3 with duckdb.
 */
import { parseArgs } from 'node:util';
import { runFilters } from './filters-run.ts';

const { values } = parseArgs({
  options: {
    filters: { type: 'string', default: '5000' },
    rows: { type: 'string', default: '400' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(`npm run torture filters -- [options]
  --filters N   random filters, each asked of every lake (5000)
  --rows N      rows a lake (400)
  --seed N      of filters and rows (random)`);
  process.exit(0);
}

const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const result = await runFilters({ filters: Number(values.filters), rows: Number(values.rows), seed });
console.log(
  `seed ${seed}: ${result.answers} answers, ${result.rowsGiven} rows given, ${result.broken.length} differ from DuckDB`,
);
console.log(
  `left out: ${result.filesPruned} files, ${result.rowGroupsPruned} row groups, ${result.rowGroupsPrunedByBloom} of them by Bloom filters`,
);
for (const text of result.broken.slice(0, 20)) console.log(`BROKEN ${text}`);
process.exit(result.broken.length === 0 ? 0 : 1);
