import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runFilters } from './filters-run.ts';

test('random filters over lakes partitioned by value, hash and range pass the rows that DuckDB passes', async () => {
  const { broken, rowsGiven, filesPruned, rowGroupsPrunedByBloom } = await runFilters({
    filters: 200,
    rows: 250,
    seed: 11,
  });
  assert.deepEqual(broken, []);
  assert.ok(rowsGiven > 5000, `only ${rowsGiven} rows were given`);
  assert.ok(filesPruned > 200, `only ${filesPruned} files were pruned`);
  assert.ok(rowGroupsPrunedByBloom > 20, `only ${rowGroupsPrunedByBloom} row groups were pruned by Bloom filters`);
});
