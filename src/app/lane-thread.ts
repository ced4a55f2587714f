/** The thread of a lane: collects the requests that wait together into one group. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { transferables } from '../batch/arrow.ts';
import { createLane } from '../ingest/lane.ts';
import type { FromLane, LaneRequest, ToLane } from '../ingest/messages.ts';
import { checkLock } from '../journal/lock.ts';
import { systemClock, systemRandomness } from '../platform/clock.ts';
import { systemFiles } from '../platform/files.ts';
import { collectGarbage, joinBuffers, releaseBuffers } from '../platform/memory.ts';
import { recentResident } from '../platform/resident.ts';
import type { LaneThreadData } from './thread-data.ts';

// Bounds of a group: more than this does not make the disk's share per request smaller, but the first one's wait longer.
const MAX_GROUP_REQUESTS = 64;
const MAX_GROUP_BYTES = 8 * 1024 * 1024;
const TICK_MS = 500;

const port = parentPort!;
const { config, layout, node, lock } = workerData as LaneThreadData;

/** Sealed segments of the call under way: they are handed on after its answers. */
const sealed: Extract<FromLane, { type: 'sealed' }>[] = [];

const lane = createLane({
  config,
  layout,
  node,
  files: systemFiles,
  clock: systemClock,
  randomness: systemRandomness,
  checkOwner: () => checkLock(lock),
  residentBytes: recentResident(),
  onSealed(segment, reason) {
    sealed.push({ type: 'sealed', segment, reason });
  },
});

const ticker = setInterval(() => {
  lane.tick();
  tellJournal();
  handOn();
}, TICK_MS);

// One group a call: what is still queued comes with the next event, so that the ticker gets its turn under full load.
port.on('message', (first: ToLane) => {
  const group: LaneRequest[] = [];
  let bytes = 0;
  let message: ToLane | undefined = first;
  while (message?.type === 'request') {
    const { parts, ...head } = message;
    const body = joinBuffers(parts);
    group.push({ ...head, body });
    bytes += body.byteLength;
    if (group.length >= MAX_GROUP_REQUESTS || bytes >= MAX_GROUP_BYTES) return answer(group);
    message = nextMessage();
  }
  answer(group);
  if (message) control(message);
});

function nextMessage(): ToLane | undefined {
  return receiveMessageOnPort(port)?.message as ToLane | undefined;
}

function answer(group: readonly LaneRequest[]): void {
  if (group.length === 0) return;
  const answers = lane.handle(group); // where it throws, this thread ends
  releaseBuffers(group.map((request) => request.body.buffer));
  const { memoryBytes, journalBytes, duplicateKeys } = lane;
  post({ type: 'answers', answers, memoryBytes, journalBytes, duplicateKeys });
  tellJournal();
  handOn();
}

let toldFailure: string | undefined;

function tellJournal(): void {
  const { journalFailure } = lane;
  if (journalFailure === toldFailure) return;
  toldFailure = journalFailure;
  post({ type: 'journal', failure: journalFailure });
}

function handOn(): void {
  for (const message of sealed.splice(0)) post(message, message.segment.batches?.flatMap(transferables));
}

function control(message: Exclude<ToLane, { readonly type: 'request' }>): void {
  const commitId = lane.seal(message.type === 'relieve' ? 'memory' : 'request');
  handOn();
  if (message.type === 'relieve') {
    collectGarbage();
  } else if (message.type === 'seal') {
    post({ type: 'sealDone', id: message.id, commitId });
  } else {
    clearInterval(ticker);
    post({ type: 'stopped' });
  }
}

function post(message: FromLane, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}
