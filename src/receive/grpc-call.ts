/**
 * What grpc-js decides by itself in a call, put right for OTLP. It does both before any handler or interceptor sees the
 * message, so the call object it hands to interceptors is changed here:
 *
 * - It answers INTERNAL to a body that cannot be decompressed and to a malformed deadline. Senders drop data on INTERNAL
 *   and nobody learns why, so these become the codes the specification asks for.
 * - It decompresses gzip and deflate only, on the main thread. Its (undocumented) step for that is replaced by one that
 *   hands bodies on as they came, for the lane to decompress, which brings zstd and snappy and keeps the main thread free.
 *   Where a later grpc-js has no such step, its own way stays in force.
 */
import { Metadata, type ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import { BridgeError } from '../errors.ts';
import type { ContentEncoding } from '../model/signal.ts';
import { answerable } from './answers.ts';
import { ACCEPTED_ENCODINGS, encodingByName, unknownEncoding } from './encodings.ts';

/** A message of a request, still compressed as `contentEncoding` says. */
export interface EncodedMessage {
  readonly contentEncoding: ContentEncoding;
  readonly bytes: Uint8Array;
}

export interface CallGuardOptions {
  readonly maxRequestBytes: number;
  /** The status to send for an error of a call on this path. */
  readonly refuse: (path: string, error: BridgeError) => CallStatus;
}

export type CallStatus = Parameters<ServerInterceptingCall['sendStatus']>[0];

type Call = Parameters<ServerInterceptor>[1];

/** The part of grpc-js' call that its types call private. */
interface CallInternals {
  incomingEncoding?: unknown;
  decompressMessage?: unknown;
}

/** A compressed-flag and a length in front of each message. */
const MESSAGE_PREFIX_BYTES = 5;
const DETAILS = 'grpc-status-details-bin';

export function createCallGuard({ maxRequestBytes, refuse }: CallGuardOptions): ServerInterceptor {
  return (method, call) => {
    const sendStatus = call.sendStatus.bind(call);
    const sendMetadata = call.sendMetadata.bind(call);
    call.sendStatus = (answer) => {
      const error = libraryError(answer, maxRequestBytes);
      sendStatus(error === undefined ? answer : refuse(method.path, error));
    };
    call.sendMetadata = (metadata) => {
      metadata.set('grpc-accept-encoding', ACCEPTED_ENCODINGS.join(','));
      sendMetadata(metadata);
    };
    passOnAsReceived(call);
    return call as InstanceType<typeof ServerInterceptingCall>;
  };
}

/** The deserializer that belongs to it: a plain buffer is what grpc-js decompressed itself. */
export function toEncodedMessage(message: Buffer | EncodedMessage): EncodedMessage {
  return Buffer.isBuffer(message) ? { contentEncoding: 'identity', bytes: message } : message;
}

function passOnAsReceived(call: Call): void {
  const internals = call as unknown as CallInternals;
  if (typeof internals.decompressMessage !== 'function' || typeof internals.incomingEncoding !== 'string') return;
  internals.decompressMessage = (message: Buffer, name: string): EncodedMessage => {
    const contentEncoding = encodingByName(name);
    if (contentEncoding === undefined) throw unsupported(name);
    return { contentEncoding, bytes: message.subarray(MESSAGE_PREFIX_BYTES) };
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
