/** What may come in, by the journal's bound: lanes and encoders here are ports that answer nothing. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../src/config/load.ts';
import { startIngest } from '../../src/ingest/ingest.ts';
import type { ThreadPort } from '../../src/ingest/threads.ts';
import { systemRandomness } from '../../src/platform/clock.ts';
import { systemFiles } from '../../src/platform/files.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { tempFolder } from '../support/temp.ts';

const MAX_BYTES = 1024 * 1024;

test('requests on their way count for journal.max_bytes together, and one that is refused is told when to come again', async (t) => {
  const folder = tempFolder(t);
  const config = parseConfig(
    `[storage]\npath = "${join(folder, 'lake')}"\n[journal]\npath = "${join(folder, 'journal')}"\nmax_bytes = ${MAX_BYTES}
[flush]\nmax_bytes = ${MAX_BYTES / 4}\n[server]\nmax_request_bytes = ${MAX_BYTES / 4}\n[telemetry]\nlog_level = "error"`,
    'test.toml',
  );
  const silent = <Out, In>(): ThreadPort<Out, In> => ({
    post() {},
    onMessage() {},
    onExit() {},
    terminate: async () => {},
  });
  const ingest = await startIngest({
    config,
    files: systemFiles,
    log: createLogger(config.telemetry),
    metrics: createMetrics(),
    randomness: systemRandomness,
    startLane: silent,
    onJournalLost() {},
    startEncoder: silent,
    transferables: () => [],
  });
  t.after(() => ingest.stop(0));
  const first = ingest.reserve(MAX_BYTES / 2);
  const second = ingest.reserve(0);
  second.grow(MAX_BYTES / 2);
  const full = { code: 'unavailable', message: 'the journal is full', retryAfterMs: 5000 };
  assert.throws(() => second.grow(1), full);
  assert.throws(() => ingest.reserve(1), full);
  assert.equal(ingest.status().isJournalFull, true);
  first.release();
  ingest.reserve(MAX_BYTES / 2).release();
  second.release();
});
