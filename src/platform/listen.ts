/** HTTP servers: made with or without TLS, listening on "host:port" or a Unix socket, stopped within a deadline. */
import { lstatSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type Server as NetServer } from 'node:net';
import type { ConnectionLimits, TlsConfig } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import { isErrno } from './files.ts';

export type Address = TcpAddress | { readonly path: string };

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

const UNIX = 'unix:';

/** Splits "host:port"; a host with colons stands in brackets ("[::1]:4317"). "unix:/run/lake.sock" names a socket. */
export function parseAddress(text: string): Address {
  if (text.startsWith(UNIX)) return { path: text.slice(UNIX.length) };
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(text.slice(colon + 1)) };
}

export function formatAddress(address: Address): string {
  if ('path' in address) return `${UNIX}${address.path}`;
  const { host, port } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An address as people and HTTP clients write it: "http://127.0.0.1:4318", or the socket's own form. */
export function addressUrl(address: string, isTls: boolean): string {
  return address.startsWith(UNIX) ? address : `${isTls ? 'https' : 'http'}://${address}`;
}

/** Resolves with the address in use (port 0 takes a free one). */
export async function listen(server: NetServer, text: string, key: string): Promise<Address> {
  const address = parseAddress(text);
  if ('path' in address) await removeStaleSocket(address.path);
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, text, key)));
    server.listen({ ...address, backlog: 511 }, () => {
      const bound = server.address();
      resolve(
        'host' in address && bound !== null && typeof bound === 'object' ? { ...address, port: bound.port } : address,
      );
    });
  });
}

/**
 * Removes the socket a process that was killed left behind: listening would fail on it for ever. A socket that somebody
 * answers on, and anything that is no socket, is left alone, and listening then says that the address is taken.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return;
  const isStale = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error) => resolve(isErrno(error, 'ECONNREFUSED')));
  });
  if (isStale) rmSync(path, { force: true });
}

export function listenError(error: unknown, address: string, key: string): BridgeError {
  const isTaken = isErrno(error, 'EADDRINUSE') || (error instanceof Error && error.message.includes('EADDRINUSE'));
  const isSocket = address.startsWith(UNIX);
  const taken = isSocket ? 'there is a socket or file of another process' : 'the port is taken by another process';
  const what = isTaken ? taken : (error as Error).message;
  const choose = isSocket ? 'choose another path' : 'choose another port (port 0 takes a free one)';
  return new BridgeError('config', `${key} = "${address}" cannot be listened on: ${what}`, {
    hint: isTaken ? `Stop the other process, or ${choose}.` : `Change ${key}.`,
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

/** How often late senders are looked for; the default, 30 s, would be added to their time. */
const CHECK_MS = 1000;

/** An HTTP server with all its limits on peers that are many, or take their time. */
export function createHttpServer(
  tls: TlsConfig | undefined,
  limits: ConnectionLimits,
  listener: RequestListener,
  options: Pick<ServerOptions, 'requireHostHeader' | 'maxHeaderSize'> = {},
): Server {
  const { maxConnections, headerTimeoutMs, requestTimeoutMs, responseTimeoutMs } = limits;
  const all: ServerOptions = {
    ...options,
    headersTimeout: Math.min(headerTimeoutMs, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, headerTimeoutMs / 2),
  };
  const bounded: RequestListener = (request, response) => {
    // Silence of a socket is no fault while an answer is still being worked on, only while there is something to take.
    const { socket } = request;
    response.setTimeout(responseTimeoutMs, () => {
      if (socket.writableLength > 0) socket.destroy();
    });
    listener(request, response);
  };
  const server = tls ? createTlsServer({ ...all, ...tlsOptions(tls) }, bounded) : createServer(all, bounded);
  server.maxConnections = maxConnections;
  return server;
}

function tlsOptions(tls: TlsConfig) {
  const { cert, key, ca } = readTlsFiles(tls);
  return { cert, key, ...(ca ? { ca, requestCert: true } : {}) };
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
