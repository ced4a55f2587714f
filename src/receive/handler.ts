/** The one handler behind both transports: what is the same for every signal and every way in. */
import { BridgeError, STATUS } from '../errors.ts';
import type { ContentEncoding, ContentType, Signal } from '../model/signal.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { answerable, clip, type Outcome } from './answers.ts';
import type { BodyParts } from './body.ts';

export interface Received {
  readonly signal: Signal;
  readonly transport: 'grpc' | 'http';
  readonly contentType: ContentType;
  readonly contentEncoding: ContentEncoding;
  readonly parts: BodyParts;
}

/** The next stage, as the receivers know it. */
export interface Next {
  accept(request: {
    readonly signal: Signal['name'];
    readonly contentType: ContentType;
    readonly contentEncoding: ContentEncoding;
    readonly parts: BodyParts;
  }): Promise<Outcome>;
  /** Holds room for a body; throws where there is none. */
  reserve(bytes: number): Room;
}

/** Bytes of the memory budget that are held for a body. */
export interface Room {
  /** Holds so many more; throws where there is no room for them. */
  grow(bytes: number): void;
  release(): void;
}

/** A request on its way. */
export interface Admission extends Room {
  /** Its body is whole and it is to be worked on; throws `overloaded` where too many are. */
  begin(): void;
  readonly begun: boolean;
}

export interface Handler {
  /** Before a body is read. Throws `overloaded` or `unavailable`, as all of the admission does. */
  admit(): Admission;
  handle(received: Received): Promise<Outcome>;
  /** Counts and logs a request that was refused before it was whole. */
  refused(signal: Signal | undefined, transport: 'grpc' | 'http', error: BridgeError): void;
}

export interface HandlerOptions {
  readonly next: Next;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly maxConcurrentRequests: number;
  /** Why no request may be taken now (start, stop), or undefined. */
  readonly notReady: () => string | undefined;
}

/** Requests whose bodies are on their way in, for each that may be worked on: slow senders must not shut out the others. */
const MAX_ARRIVING_FACTOR = 4;

function tooMany(count: number, doing: string): BridgeError {
  return new BridgeError('overloaded', `${count} requests are ${doing}, the limit`, {
    hint: 'Try again later; server.max_concurrent_requests is the limit.',
    retryAfterMs: 1000,
  });
}

export function createHandler(options: HandlerOptions): Handler {
  const { next, metrics, log, maxConcurrentRequests } = options;
  let arriving = 0;
  let active = 0;

  function refused(signal: Signal | undefined, transport: 'grpc' | 'http', error: BridgeError): void {
    metrics.requests.inc({ signal: signal?.name ?? 'none', transport, code: error.code });
    // The payload stays out of the log: it may hold personal data, and it is the sender's to look into.
    const level = STATUS[error.code].retryable ? 'warn' : 'info';
    log[level]({ signal: signal?.name, transport, code: error.code }, `request refused: ${error.message}`);
  }

  return {
    admit() {
      const reason = options.notReady();
      if (reason) throw new BridgeError('unavailable', reason, { retryAfterMs: 1000 });
      if (arriving >= MAX_ARRIVING_FACTOR * maxConcurrentRequests) throw tooMany(arriving, 'on their way in');
      const room = next.reserve(0);
      let state: 'arriving' | 'active' | 'released' = 'arriving';
      arriving++;
      const leave = () => {
        if (state === 'arriving') arriving--;
        if (state === 'active') active--;
      };
      return {
        grow: room.grow,
        begin() {
          if (active >= maxConcurrentRequests) throw tooMany(active, 'being handled');
          leave();
          state = 'active';
          active++;
        },
        get begun() {
          return state === 'active';
        },
        release() {
          leave();
          state = 'released';
          room.release();
        },
      };
    },
    async handle(received) {
      const { signal, transport, contentType, contentEncoding, parts } = received;
      const start = performance.now();
      metrics.requestBytes.inc({ signal: signal.name, transport }, partsBytes(parts));
      try {
        const taken = await next.accept({ signal: signal.name, contentType, contentEncoding, parts });
        const outcome = { ...taken, reason: taken.reason === undefined ? undefined : clip(taken.reason) };
        metrics.requests.inc({ signal: signal.name, transport, code: outcome.rejected > 0 ? 'partial' : 'ok' });
        if (outcome.rejected > 0) {
          log.info({ signal: signal.name, transport, rejected: outcome.rejected }, `rows refused: ${outcome.reason}`);
        }
        return outcome;
      } catch (thrown) {
        const error = answerable(thrown);
        refused(signal, transport, error);
        throw error;
      } finally {
        metrics.requestSeconds.observe({ transport }, (performance.now() - start) / 1000);
      }
    },
    refused,
  };
}

function partsBytes(parts: BodyParts): number {
  return parts.reduce((sum, part) => sum + part.byteLength, 0);
}
