/**
 * OTLP/gRPC. Messages are handed on as raw bytes (identity deserializer): the lane decodes them. grpc-js undoes gzip
 * and deflate itself, so the journal has these bodies uncompressed.
 */
import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type StatusObject,
  type sendUnaryData,
} from '@grpc/grpc-js';
import type { ServerConfig } from '../config/types.ts';
import { BridgeError, STATUS } from '../errors.ts';
import type { Signal } from '../model/signal.ts';
import { type Address, listenError, parseAddress, readTlsFiles } from '../platform/listen.ts';
import type { TokenCheck } from '../platform/tokens.ts';
import type { AnswerCodec } from './answers.ts';
import type { Handler } from './handler.ts';

export interface GrpcReceiver {
  readonly address: Address;
  stop(deadlineMs: number): Promise<void>;
}

export interface GrpcReceiverOptions {
  readonly server: ServerConfig;
  readonly signals: readonly Signal[];
  readonly handler: Handler;
  readonly codec: AnswerCodec;
  readonly checkToken: TokenCheck;
}

export async function startGrpcReceiver(options: GrpcReceiverOptions): Promise<GrpcReceiver> {
  const { server: config } = options;
  const server = new Server({
    'grpc.max_receive_message_length': config.maxRequestBytes,
    'grpc.max_concurrent_streams': config.maxConcurrentRequests,
  });
  for (const signal of options.signals) {
    server.addService(exportService(signal), { Export: exportMethod(signal, options) });
  }
  const { host, port } = parseAddress(config.otlpGrpc);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(config.otlpGrpc, credentials(config), (error, actual) => {
      if (error) reject(listenError(error, config.otlpGrpc, 'server.otlp_grpc'));
      else resolve(actual);
    });
  });
  return {
    address: { host, port: bound || port },
    stop: (deadlineMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.forceShutdown(), deadlineMs);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

function exportService(signal: Signal): ServiceDefinition {
  const identity = (value: Buffer) => value;
  return {
    Export: {
      path: `/${signal.grpcService}/Export`,
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  };
}

function exportMethod(signal: Signal, options: GrpcReceiverOptions): handleUnaryCall<Buffer, Buffer> {
  const { handler, codec, checkToken } = options;

  async function respond(call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): Promise<void> {
    let release: (() => void) | undefined;
    let handled = false;
    try {
      checkToken(call.metadata.get('authorization')[0]?.toString());
      release = handler.admit(call.request.byteLength);
      const body = ownedBytes(call.request);
      handled = true;
      const outcome = await handler.handle({
        signal,
        transport: 'grpc',
        contentType: 'protobuf',
        contentEncoding: 'identity',
        body,
      });
      callback(null, Buffer.from(codec.success(signal, 'protobuf', outcome)));
    } catch (thrown) {
      const error = BridgeError.from(thrown);
      if (!handled) handler.refused(signal, 'grpc', error);
      callback(grpcStatus(error, codec));
    } finally {
      release?.();
    }
  }

  return (call, callback) => void respond(call, callback);
}

/** The details are a google.rpc.Status in `grpc-status-details-bin`, where clients look for RetryInfo. */
function grpcStatus(error: BridgeError, codec: AnswerCodec): Partial<StatusObject> {
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(codec.status('protobuf', error)));
  const details = error.hint ? `${error.message}. ${error.hint}` : error.message;
  return { code: STATUS[error.code].grpc, details, metadata };
}

/** grpc-js may hand out a slice of a larger buffer; what is moved to a lane's thread must own its memory. */
function ownedBytes(buffer: Buffer): Uint8Array<ArrayBuffer> {
  if (buffer.byteLength === buffer.buffer.byteLength && buffer.buffer instanceof ArrayBuffer) {
    return new Uint8Array(buffer.buffer);
  }
  return new Uint8Array(buffer);
}

function credentials(config: ServerConfig): ServerCredentials {
  if (!config.tls) return ServerCredentials.createInsecure();
  const { cert, key, ca } = readTlsFiles(config.tls);
  return ServerCredentials.createSsl(ca ?? null, [{ cert_chain: cert, private_key: key }], ca !== undefined);
}
