/** Raw OTLP calls for tests. */
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { SIGNALS, type SignalName } from '../../src/model/signal.ts';

/** Path of the method Export of a signal's service. */
export function exportPath(signal: SignalName): string {
  return `/${SIGNALS[signal].grpcService}/Export`;
}

/** One gRPC export of raw bytes; rejects with the ServiceError. */
export function exportGrpc(address: string, body: Uint8Array, path = exportPath('traces')): Promise<Buffer> {
  const client = new Client(address, credentials.createInsecure());
  const identity = (value: Buffer) => value;
  return new Promise<Buffer>((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      identity,
      identity,
      Buffer.from(body),
      (error: ServiceError | null, answer?: Buffer) => {
        client.close();
        if (error) reject(error);
        else resolve(answer!);
      },
    );
  });
}

export const CONTENT_TYPES = { protobuf: 'application/x-protobuf', json: 'application/json' } as const;

export function exportHttp(
  otlp: string,
  body: Uint8Array<ArrayBuffer> | string,
  type: keyof typeof CONTENT_TYPES = 'protobuf',
  headers: Record<string, string> = {},
  signal: SignalName = 'traces',
): Promise<Response> {
  return fetch(`${otlp}/v1/${signal}`, {
    method: 'POST',
    body,
    headers: { 'content-type': CONTENT_TYPES[type], ...headers },
  });
}
