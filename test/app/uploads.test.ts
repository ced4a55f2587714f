/** What a start does about the uploads of earlier runs, on a lake in a directory. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runCli } from '../support/cli.ts';
import { startBridge } from '../support/daemon.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const HOUR_S = 3600;

test('a start aborts uploads of commits that have been idle for a day, and leaves younger ones and others alone', async (t) => {
  const folder = tempFolder(t);
  const lake = join(folder, 'lake');
  const begin = (uploadId: string, key: string, ageHours: number) => {
    const path = join(lake, '_lake/tmp', uploadId, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'half an object');
    const atS = Date.now() / 1000 - ageHours * HOUR_S;
    utimesSync(path, atS, atS);
    utimesSync(join(lake, '_lake/tmp', uploadId), atS, atS);
    return path;
  };
  const old = begin('0000000000000001', 'traces/date=2026-11-20/20261120T085523123Z-00000000-0001.parquet', 25);
  const young = begin('0000000000000002', 'traces/date=2026-11-20/20261120T085523123Z-00000000-0002.parquet', 23);
  const other = begin('0000000000000003', 'traces/of-another-writer.parquet', 25);
  const bridge = await startBridge(t, `[storage]\npath = "${lake}"\n`);
  await until(
    () => !existsSync(old),
    () => 'the old upload is still there',
  );
  assert.ok(existsSync(young) && existsSync(other));

  const { stdout } = await runCli(['uploads', 'abort', '--json', '--config', bridge.configFile]);
  assert.equal((JSON.parse(stdout) as { key: string }).key, 'traces/of-another-writer.parquet');
  assert.ok(existsSync(young) && !existsSync(other));
});
