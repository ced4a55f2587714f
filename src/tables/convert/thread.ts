/** A worker thread that converts one file after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { BridgeError, errorToData } from '../../errors.ts';
import { openPlaces } from '../location.ts';
import { convertFile } from './file.ts';
import type { ConvertJob, FromWorker, ToWorker, WorkerStart } from './types.ts';

/** Figures are told a few times a second, not for each piece. */
const PROGRESS_MS = 200;

const port = parentPort!;
const { settings, connection } = workerData as WorkerStart;
const places = openPlaces(connection, { observe: (operation) => post({ type: 'call', operation }) });
const cancel = new AbortController();

port.on('message', (message: ToWorker) => {
  if (message.type === 'cancel') cancel.abort(new BridgeError('cancelled', 'interrupted'));
  else void run(message.job);
});

async function run(job: ConvertJob): Promise<void> {
  const since = { rows: 0, bytes: 0, ms: performance.now() };
  const tell = () => {
    if (since.rows + since.bytes > 0) post({ type: 'progress', rows: since.rows, bytes: since.bytes });
    Object.assign(since, { rows: 0, bytes: 0, ms: performance.now() });
  };
  try {
    const result = await convertFile(job, settings, places, {
      signal: cancel.signal,
      onProgress(rows, bytes) {
        since.rows += rows;
        since.bytes += bytes;
        if (performance.now() - since.ms > PROGRESS_MS) tell();
      },
    });
    tell();
    post({ type: 'done', result });
  } catch (thrown) {
    tell();
    const error = errorToData(thrown);
    post({ type: 'failed', error });
    // A trap may have spoilt the writer's WebAssembly memory: the next file gets a new thread.
    if (error.code === 'internal') process.exit(1);
  }
}

function post(message: FromWorker): void {
  port.postMessage(message);
}
