/**
 * What grpc-js decides by itself in a call, put right for OTLP. It does both before any handler or interceptor sees the
 * message, so the call object it hands to interceptors is changed here:
 *
 * - It answers INTERNAL to a body that cannot be decompressed and to a malformed deadline. Senders drop data on INTERNAL
 *   and nobody learns why, so these become the codes the specification asks for.
 * - It decompresses gzip and deflate only, on the main thread. Its (undocumented) step for that is replaced by one that
 *   hands bodies on as they came, for the lane to decompress, which brings zstd and snappy and keeps the main thread free.
 *   Where a later grpc-js has no such step, its own way stays in force.
 * - It keeps the parts of a message without any bound over all calls, and waits for ever for a message that does not
 *   come. Its decoder of messages is replaced by one that asks the memory budget, and every call has its time.
 */
import type { ServerHttp2Stream } from 'node:http2';
import { Metadata, type ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import { BridgeError } from '../errors.ts';
import type { ContentEncoding } from '../model/signal.ts';
import { answerable } from './answers.ts';
import { createGrowingBody, type GrowingBody } from './body.ts';
import { ACCEPTED_ENCODINGS, encodingByName, unknownEncoding } from './encodings.ts';
import type { Admission } from './handler.ts';

/** A message of a request, still compressed as `contentEncoding` says. */
export interface EncodedMessage {
  readonly contentEncoding: ContentEncoding;
  readonly bytes: Uint8Array;
  /** Of the call, where its message was read by the guard. */
  readonly admission: Admission | undefined;
}

export interface CallGuardOptions {
  readonly maxRequestBytes: number;
  readonly requestTimeoutMs: number;
  readonly responseTimeoutMs: number;
  readonly admit: () => Admission;
  /** The status to send for an error of a call on this path. */
  readonly refuse: (path: string, error: BridgeError) => CallStatus;
}

export type CallStatus = Parameters<ServerInterceptingCall['sendStatus']>[0];

type Call = Parameters<ServerInterceptor>[1];

/** The part of grpc-js' call that its types call private. */
interface CallInternals {
  incomingEncoding?: unknown;
  decompressMessage?: unknown;
  decoder?: unknown;
  stream?: ServerHttp2Stream;
}

/** A compressed-flag and a length in front of each message. */
const MESSAGE_PREFIX_BYTES = 5;
const DETAILS = 'grpc-status-details-bin';

export function createCallGuard(options: CallGuardOptions): ServerInterceptor {
  const { maxRequestBytes, refuse } = options;
  return (method, call) => {
    const sendStatus = call.sendStatus.bind(call);
    const sendMetadata = call.sendMetadata.bind(call);
    const watched = watchCall(call, options, (error) => sendStatus(refuse(method.path, error)));
    call.sendStatus = (answer) => {
      const error = watched.refusal ?? libraryError(answer, maxRequestBytes);
      sendStatus(error === undefined ? answer : refuse(method.path, error));
      watched.answered();
    };
    call.sendMetadata = (metadata) => {
      metadata.set('grpc-accept-encoding', ACCEPTED_ENCODINGS.join(','));
      sendMetadata(metadata);
    };
    passOnAsReceived(call, watched.admission);
    return call as InstanceType<typeof ServerInterceptingCall>;
  };
}

interface WatchedCall {
  readonly admission: Admission | undefined;
  /** Why the bytes of the message could not be taken. */
  readonly refusal: BridgeError | undefined;
  answered(): void;
}

/** Admits a call, charges its message to the memory budget as it comes in, and ends it where it takes too long. */
function watchCall(call: Call, options: CallGuardOptions, refuse: (error: BridgeError) => void): WatchedCall {
  const internals = call as unknown as CallInternals;
  const { stream } = internals;
  let refusal: BridgeError | undefined;
  let admission: Admission | undefined;
  try {
    admission = options.admit();
  } catch (error) {
    refusal = BridgeError.from(error);
    // The library's call is not complete yet.
    process.nextTick(() => {
      refuse(refusal!);
      answered();
    });
  }
  let timer = setTimeout(() => {
    if (admission?.begun || refusal) return;
    refusal = tooSlow(options.requestTimeoutMs);
    refuse(refusal);
    answered();
  }, options.requestTimeoutMs);
  stream?.once('close', () => {
    clearTimeout(timer);
    if (admission && !admission.begun) admission.release();
  });

  function answered(): void {
    clearTimeout(timer);
    if (stream && !stream.closed) timer = setTimeout(() => stream.destroy(), options.responseTimeoutMs);
  }

  if (isDecoder(internals.decoder)) {
    internals.decoder = createMessageReader(options.maxRequestBytes, (bytes) => {
      try {
        if (refusal) throw refusal;
        admission!.grow(bytes);
      } catch (error) {
        refusal = BridgeError.from(error);
        throw refusal;
      }
    });
  }
  return {
    admission,
    get refusal() {
      return refusal;
    },
    answered,
  };
}

function isDecoder(value: unknown): boolean {
  return typeof (value as { write?: unknown } | undefined)?.write === 'function';
}

/**
 * In place of the library's decoder of messages, which keeps every frame's buffer until a message is whole, unbounded:
 * messages with their prefix, each in a buffer of its own that `grow` is asked for.
 */
function createMessageReader(maxBytes: number, grow: (bytes: number) => void): { write(data: Buffer): Buffer[] } {
  const prefix = Buffer.alloc(MESSAGE_PREFIX_BYTES);
  let prefixBytes = 0;
  let body: GrowingBody | undefined;
  let bodyBytes = 0;
  return {
    write(data) {
      const messages: Buffer[] = [];
      for (let at = 0; at < data.length; ) {
        if (body === undefined) {
          const taken = data.copy(prefix, prefixBytes, at);
          prefixBytes += taken;
          at += taken;
          if (prefixBytes < MESSAGE_PREFIX_BYTES) break;
          bodyBytes = MESSAGE_PREFIX_BYTES + prefix.readUInt32BE(1);
          if (bodyBytes - MESSAGE_PREFIX_BYTES > maxBytes) throw new Error('the message is too large');
          body = createGrowingBody(bodyBytes, bodyBytes, { grow });
          body.add(prefix);
        }
        const end = Math.min(data.length, at + bodyBytes - body.length);
        body.add(data.subarray(at, end));
        at = end;
        if (body.length < bodyBytes) break;
        messages.push(Buffer.from(body.finish().buffer));
        body = undefined;
        prefixBytes = 0;
      }
      return messages;
    },
  };
}

function tooSlow(timeoutMs: number): BridgeError {
  return new BridgeError('unavailable', `the request was not whole within ${timeoutMs / 1000} s`, {
    hint: 'server.request_timeout_seconds is the limit.',
    retryAfterMs: 1000,
  });
}

/** The deserializer that belongs to it: a plain buffer is what grpc-js decompressed itself. */
export function toEncodedMessage(message: Buffer | EncodedMessage): EncodedMessage {
  return Buffer.isBuffer(message) ? { contentEncoding: 'identity', bytes: message, admission: undefined } : message;
}

function passOnAsReceived(call: Call, admission: Admission | undefined): void {
  const internals = call as unknown as CallInternals;
  if (typeof internals.decompressMessage !== 'function' || typeof internals.incomingEncoding !== 'string') return;
  internals.decompressMessage = (message: Buffer, name: string): EncodedMessage => {
    const contentEncoding = encodingByName(name);
    if (contentEncoding === undefined) throw unsupported(name);
    return { contentEncoding, bytes: message.subarray(MESSAGE_PREFIX_BYTES), admission };
  };
}

/** UNIMPLEMENTED with the compressions there are, as gRPC's own rule for this asks (doc/compression.md). */
function unsupported(name: string): CallStatus {
  const metadata = new Metadata();
  metadata.set('grpc-accept-encoding', ACCEPTED_ENCODINGS.join(','));
  const { message, hint } = answerable(unknownEncoding('grpc-encoding', name));
  return { code: status.UNIMPLEMENTED, details: `${message}. ${hint}`, metadata };
}

/** The error behind a status that grpc-js made up; undefined for those of our own and those that may stand. */
function libraryError(answer: CallStatus, maxRequestBytes: number): BridgeError | undefined {
  const isOurs = (answer.metadata?.get(DETAILS).length ?? 0) > 0;
  if (isOurs) return undefined;
  if (answer.code === status.RESOURCE_EXHAUSTED) {
    return new BridgeError('too_large', `the request is larger than ${maxRequestBytes} bytes`, {
      hint: 'Send smaller batches, or raise server.max_request_bytes.',
    });
  }
  if (answer.code !== status.INTERNAL && answer.code !== status.UNKNOWN) return undefined;
  const isOfSender = /^(Invalid grpc-timeout|Failed to decompress|Error deserializing)/.test(answer.details ?? '');
  if (isOfSender) return new BridgeError('invalid_argument', answer.details ?? 'the call is malformed');
  return new BridgeError('unavailable', 'the call was cut off', { retryAfterMs: 1000 });
}
