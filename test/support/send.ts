/** Raw OTLP calls for tests. */
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';

const SERVICE = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

/** One gRPC export of raw bytes; rejects with the ServiceError. */
export function exportGrpc(address: string, body: Uint8Array, path = SERVICE): Promise<Buffer> {
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
): Promise<Response> {
  return fetch(`${otlp}/v1/traces`, {
    method: 'POST',
    body,
    headers: { 'content-type': CONTENT_TYPES[type], ...headers },
  });
}
