/** HTTP servers: made with or without TLS, listening on "host:port", stopped within a deadline. */
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { TlsConfig } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import { isErrno } from './files.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Splits "host:port"; a host with colons stands in brackets ("[::1]:4317"). */
export function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(text.slice(colon + 1)) };
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Resolves with the address in use (port 0 takes a free one). */
export function listen(server: Server, address: string, key: string): Promise<Address> {
  const { host, port } = parseAddress(address);
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, address, key)));
    server.listen({ host, port, backlog: 511 }, () => {
      const bound = server.address();
      resolve({ host, port: bound !== null && typeof bound === 'object' ? bound.port : port });
    });
  });
}

export function listenError(error: unknown, address: string, key: string): BridgeError {
  const taken = isErrno(error, 'EADDRINUSE') || (error instanceof Error && error.message.includes('EADDRINUSE'));
  const what = taken ? 'the port is taken by another process' : (error as Error).message;
  return new BridgeError('config', `${key} = "${address}" cannot be listened on: ${what}`, {
    hint: taken ? 'Stop the other process, or choose another port (port 0 takes a free one).' : `Change ${key}.`,
    cause: error,
  });
}

/** Certificate, key and client CA as Node's TLS and grpc-js take them. */
export function readTlsFiles(tls: TlsConfig): { cert: Buffer; key: Buffer; ca: Buffer | undefined } {
  return {
    cert: readTlsFile(tls.certFile, 'server.tls.cert_file'),
    key: readTlsFile(tls.keyFile, 'server.tls.key_file'),
    ca: tls.clientCaFile === undefined ? undefined : readTlsFile(tls.clientCaFile, 'server.tls.client_ca_file'),
  };
}

function readTlsFile(path: string, key: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new BridgeError('config', `${key} = "${path}" cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

export function createHttpServer(tls: TlsConfig | undefined, listener: RequestListener): Server {
  if (!tls) return createServer(listener);
  const { cert, key, ca } = readTlsFiles(tls);
  return createTlsServer(ca ? { cert, key, ca, requestCert: true } : { cert, key }, listener);
}

/** Ends a server: idle connections at once, busy ones when they are done or the deadline is over. */
export function stopServer(server: Server, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), deadlineMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
