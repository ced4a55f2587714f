/** OTLP/gRPC. Messages are handed on as raw bytes, still compressed where they came so: the lane decodes them. */

import { createServer, type Socket } from 'node:net';
import {
  type handleUnaryCall,
  logVerbosity,
  Metadata,
  Server,
  ServerCredentials,
  type ServerOptions,
  type ServerUnaryCall,
  type ServiceDefinition,
  type StatusObject,
  type sendUnaryData,
  setLogVerbosity,
} from '@grpc/grpc-js';
import type { ServerConfig } from '../config/types.ts';
import { type BridgeError, STATUS } from '../errors.ts';
import type { Signal } from '../model/signal.ts';
import { listen, readTlsFiles } from '../platform/listen.ts';
import { type AnswerCodec, answerable } from './answers.ts';
import { createCallGuard, type EncodedMessage, toEncodedMessage } from './grpc-call.ts';
import type { Receiver, ReceiverOptions } from './receiver.ts';

// Its complaints go to the console as they are; what matters comes back as an error and is said once, with its key.
setLogVerbosity(logVerbosity.NONE);

export async function startGrpcReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { server: config, signals, handler, codec } = options;
  const byPath = new Map(signals.map((signal) => [methodPath(signal), signal]));
  const guard = createCallGuard({
    maxRequestBytes: config.maxRequestBytes,
    requestTimeoutMs: config.connections.requestTimeoutMs,
    responseTimeoutMs: config.connections.responseTimeoutMs,
    admit: handler.admit,
    refuse(path, error) {
      handler.refused(byPath.get(path), 'grpc', error);
      return grpcStatus(error, codec);
    },
  });
  const server = new Server({ ...channelOptions(config), interceptors: [guard] });
  limitResets(server);
  for (const signal of signals) server.addService(exportService(signal), { Export: exportMethod(signal, options) });
  const injector = server.createConnectionInjector(credentials(config));
  const listener = createServer({ noDelay: true }, (socket) => {
    endIfSilent(socket, config.connections.headerTimeoutMs);
    injector.injectConnection(socket);
  });
  listener.maxConnections = config.connections.maxConnections;
  const address = await listen(listener, config.otlpGrpc, 'server.otlp_grpc');
  return {
    address,
    stop: (deadlineMs) =>
      new Promise((resolve) => {
        listener.close();
        const timer = setTimeout(() => server.forceShutdown(), deadlineMs);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

/** The preface of HTTP/2 and the frame of settings that follows it (RFC 9113, 3.4). */
const FIRST_BYTES = 24 + 9;

/** A connection that does not begin to speak is not seen by the library, which would keep it for ever. */
function endIfSilent(socket: Socket, timeoutMs: number): void {
  const timer = setTimeout(() => {
    if (socket.bytesRead < FIRST_BYTES) socket.destroy();
  }, timeoutMs);
  socket.once('close', () => clearTimeout(timer));
}

/** Calls of one connection that may be cancelled at once, and each second from then on. */
const RESET_BURST = 200;
const RESET_RATE = 33;

/**
 * A peer that opens calls and resets them at once costs us more than itself (CVE-2023-44487). nghttp2 ends such a
 * connection with GOAWAY, by default after 1000 calls, which are up to a second of work for this thread. grpc-js passes
 * its HTTP/2 options on from a field that its types do not show.
 */
function limitResets(server: Server): void {
  const { commonServerOptions } = server as unknown as { commonServerOptions?: object };
  if (commonServerOptions === undefined) return;
  Object.assign(commonServerOptions, { streamResetBurst: RESET_BURST, streamResetRate: RESET_RATE });
}

function channelOptions(config: ServerConfig): ServerOptions {
  const { grpcMaxConnectionAgeSeconds: age, grpcMaxConnectionAgeGraceSeconds: grace } = config;
  return {
    'grpc.enable_channelz': 0, // accounts of each call that nobody can ask for here
    'grpc.max_receive_message_length': config.maxRequestBytes,
    'grpc.max_concurrent_streams': config.maxConcurrentStreams,
    'grpc.keepalive_time_ms': config.grpcKeepaliveSeconds * 1000,
    'grpc.keepalive_timeout_ms': config.grpcKeepaliveTimeoutSeconds * 1000,
    ...(age === undefined ? {} : { 'grpc.max_connection_age_ms': age * 1000 }),
    ...(grace === undefined ? {} : { 'grpc.max_connection_age_grace_ms': grace * 1000 }),
  };
}

function methodPath(signal: Signal): string {
  return `/${signal.grpcService}/Export`;
}

function exportService(signal: Signal): ServiceDefinition {
  const identity = (value: Buffer) => value;
  return {
    Export: {
      path: methodPath(signal),
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: toEncodedMessage,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  };
}

function exportMethod(signal: Signal, options: ReceiverOptions): handleUnaryCall<EncodedMessage, Buffer> {
  const { handler, codec, checkToken } = options;

  async function respond(
    call: ServerUnaryCall<EncodedMessage, Buffer>,
    callback: sendUnaryData<Buffer>,
  ): Promise<void> {
    const { contentEncoding, bytes } = call.request;
    let { admission } = call.request;
    let handled = false;
    try {
      checkToken(call.metadata.get('authorization')[0]?.toString());
      if (admission === undefined) {
        admission = handler.admit();
        admission.grow(bytes.byteLength);
      }
      admission.begin();
      const parts = [ownedBytes(bytes)];
      handled = true;
      const outcome = await handler.handle({
        signal,
        transport: 'grpc',
        contentType: 'protobuf',
        contentEncoding,
        parts,
      });
      callback(null, Buffer.from(codec.success(signal, 'protobuf', outcome)));
    } catch (thrown) {
      const error = answerable(thrown);
      if (!handled) handler.refused(signal, 'grpc', error);
      callback(grpcStatus(error, codec));
    } finally {
      admission?.release();
    }
  }

  return (call, callback) => void respond(call, callback);
}

/** The details are a google.rpc.Status in `grpc-status-details-bin`, where clients look for RetryInfo. */
function grpcStatus(error: BridgeError, codec: AnswerCodec): StatusObject {
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(codec.status('protobuf', error)));
  const details = error.hint ? `${error.message}. ${error.hint}` : error.message;
  return { code: STATUS[error.code].grpc, details, metadata };
}

/** In front of each message: a compressed-flag and a length. */
const MESSAGE_PREFIX_BYTES = 5;

/**
 * What is moved to a lane's thread must own its memory. A message of some size has its buffer to itself, but for its
 * prefix; a small one stands in a pool of many and is copied.
 */
function ownedBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes;
  const isAlone = buffer.byteLength - byteLength <= MESSAGE_PREFIX_BYTES && buffer instanceof ArrayBuffer;
  return isAlone ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array(bytes);
}

function credentials(config: ServerConfig): ServerCredentials {
  if (!config.tls) return ServerCredentials.createInsecure();
  const { cert, key, ca } = readTlsFiles(config.tls);
  return ServerCredentials.createSsl(ca ?? null, [{ cert_chain: cert, private_key: key }], ca !== undefined);
}
