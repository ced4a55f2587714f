/**
 * Senders that behave as the OTLP specification asks: what it calls retryable, and a broken connection, is tried again
 * with the same rows (under the id of another try) until it is acknowledged; any other refusal is final. They share
 * nothing with the bridge's own client.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SIGNAL_LIST, SIGNALS, type Signal } from '../../src/model/signal.ts';
import { Random } from '../fuzz/random.ts';
import { callGrpc, exportPath, post, readAnswer } from '../support/requests.ts';
import type { Ledger } from './ledger.ts';
import { requestOf, type SendKey } from './sent-rows.ts';
import { withTimeout } from './wait.ts';

/** Where the bridge listens at the moment. */
export interface Target {
  /** `http://host:port` */
  readonly otlp: string;
  /** host:port */
  readonly grpc: string;
}

export interface Senders {
  /** The bridge is there, or away; senders wait as long as there is none. */
  aim(target: Target | undefined): void;
  /** Ends after the requests under way; the bridge must be there, or they wait for it. */
  stop(): Promise<void>;
  /**
   * Tries with rows refused that should have been taken, refusals no sender may try again, and those that say nothing of
   * when: all are findings.
   */
  readonly problems: readonly string[];
}

export interface SendersOptions {
  readonly senders: number;
  readonly seed: number;
  readonly ledger: Ledger;
  /** Names of these senders begin with it. */
  readonly name?: string;
  /** Rows with much text in one of so many requests, so that objects need several parts; undefined: none. */
  readonly bulkOneIn: number | undefined;
  /** Bytes of text of each of its rows, one of these. */
  readonly bulkPadBytes?: readonly number[];
  /** Longest pause between two requests of a sender. */
  readonly maxPauseMs: number;
  /** What has no answer by then is unknown. */
  readonly answerMs: number;
}

/** Shorter than receivers ask for: the run would otherwise wait more than it works. */
const [MIN_RETRY_DELAY_MS, MAX_RETRY_DELAY_MS] = [20, 300];
const RETRYABLE_HTTP: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS; RESOURCE_EXHAUSTED only with RetryInfo. */
const RETRYABLE_GRPC: ReadonlySet<number> = new Set([1, 4, 10, 11, 14, 15]);
const RESOURCE_EXHAUSTED = 8;
const BULK_ROWS = 24;
const BULK_PAD_BYTES = [64 * 1024];

type Answer =
  | { readonly type: 'taken'; readonly rejected: number }
  | { readonly type: 'refused'; readonly retryable: boolean; readonly hasDelay: boolean; readonly why: string };

interface Draft {
  readonly signal: Signal;
  readonly transport: 'http' | 'grpc';
  readonly type: 'json' | 'protobuf';
  readonly flawed: boolean;
}

export function startSenders(options: SendersOptions): Senders {
  const { ledger, name = 's', bulkPadBytes = BULK_PAD_BYTES } = options;
  const problems: string[] = [];
  let target: Target | undefined;
  let arrived = Promise.withResolvers<void>();
  let stopped = false;

  async function whereTo(): Promise<Target> {
    while (target === undefined) await arrived.promise;
    return target;
  }

  async function run(number: number): Promise<void> {
    const random = new Random(options.seed, number);
    for (let request = 0; !stopped; request++) {
      const signal = random.pick(SIGNAL_LIST);
      const bulk = options.bulkOneIn !== undefined && signal.name === 'logs' && random.oneIn(options.bulkOneIn);
      const draft: Draft = {
        signal,
        transport: number % 2 === 0 ? 'http' : 'grpc',
        type: number % 4 === 0 && !bulk ? 'json' : 'protobuf',
        flawed: signal === SIGNALS.traces && random.oneIn(8),
      };
      const size = bulk
        ? { rows: BULK_ROWS, padBytes: random.pick(bulkPadBytes) }
        : { rows: 1 + random.below(16), padBytes: random.below(200) };
      await deliver(draft, { sender: `${name}${number}`, request, ...size }, random);
      await sleep(random.below(options.maxPauseMs + 1));
    }
  }

  /** Tries until the request is acknowledged or refused for good. */
  async function deliver(draft: Draft, key: Omit<SendKey, 'attempt'>, random: Random): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const to = await whereTo();
      const { signal, type, flawed } = draft;
      const body = requestOf(signal.name, { ...key, attempt }, type, flawed);
      const send = ledger.begin(signal.name, { ...key, attempt }, flawed ? 1 : 0);
      const answer = await withTimeout(trySend(to, draft, body), options.answerMs).catch((error: Error) => error);
      if (answer instanceof Error) {
        ledger.end(send, 'unknown', describe(answer));
      } else if (answer.type === 'taken') {
        ledger.end(send, 'acknowledged');
        if (answer.rejected !== (flawed ? 1 : 0)) problems.push(`${send}: ${answer.rejected} rows were rejected`);
        return;
      } else {
        ledger.end(send, 'refused', answer.why);
        if (!answer.retryable) return void problems.push(`${send} was refused for good: ${answer.why}`);
        if (!answer.hasDelay) problems.push(`${send} was refused without a delay: ${answer.why}`);
      }
      await sleep(MIN_RETRY_DELAY_MS + random.below(MAX_RETRY_DELAY_MS));
    }
  }

  const running = Array.from({ length: options.senders }, (_, number) => run(number));
  return {
    aim(next) {
      if (next) arrived.resolve();
      else if (target) arrived = Promise.withResolvers();
      target = next;
    },
    async stop() {
      stopped = true;
      await Promise.all(running);
    },
    problems,
  };
}

/** Rejects where the outcome cannot be known. */
function trySend(to: Target, draft: Draft, body: Buffer<ArrayBuffer>): Promise<Answer> {
  return draft.transport === 'http' ? tryHttp(to, draft, body) : tryGrpc(to, draft, body);
}

async function tryHttp({ otlp }: Target, { signal, type }: Draft, body: Buffer<ArrayBuffer>): Promise<Answer> {
  const response = await post(otlp, signal, type, body);
  const { status } = response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (status === 200) return { type: 'taken', rejected: readAnswer(signal, type, bytes).rejected };
  const why = `${status} ${Buffer.from(bytes.subarray(0, 300)).toString()}`;
  const hasDelay = /^[1-9]\d*$/.test(response.headers.get('retry-after') ?? '');
  return { type: 'refused', retryable: RETRYABLE_HTTP.has(status), hasDelay, why };
}

async function tryGrpc({ grpc }: Target, { signal }: Draft, body: Buffer<ArrayBuffer>): Promise<Answer> {
  const { code, message, hasRetryInfo, body: bytes } = await callGrpc(grpc, exportPath(signal), body);
  if (code === 0) return { type: 'taken', rejected: readAnswer(signal, 'protobuf', bytes).rejected };
  if (Number.isNaN(code)) throw new Error('the stream ended without a status');
  const retryable = RETRYABLE_GRPC.has(code) || (code === RESOURCE_EXHAUSTED && hasRetryInfo);
  return { type: 'refused', retryable, hasDelay: hasRetryInfo, why: `${code} ${message}` };
}

/** What fetch hides in the cause is the part worth reading. */
function describe(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
