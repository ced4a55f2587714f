/**
 * A sender in a process of its own: sends patched copies of the payloads over some connections for some seconds and
 * prints what came back as one JSON line. `node bench/sender.ts '{"url":…}'`
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { Client, credentials } from '@grpc/grpc-js';
import { SIGNALS, type SignalName } from '../src/model/signal.ts';
import { createPatchable } from './patch.ts';
import { quantile } from './support.ts';

export interface SenderOptions {
  readonly transport: 'http' | 'grpc';
  /** `http://127.0.0.1:4318` or `127.0.0.1:4317`. */
  readonly target: string;
  readonly signal: SignalName;
  readonly connections: number;
  readonly seconds: number;
  readonly gzip: boolean;
}

export interface SenderResult {
  readonly rows: number;
  readonly bytes: number;
  readonly requests: number;
  /** Requests refused, by status. */
  readonly refused: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly seconds: number;
}

const options = JSON.parse(process.argv[2]!) as SenderOptions;
const folder = new URL('./payloads/', import.meta.url);
const payloads = readdirSync(folder)
  .filter((name) => name.startsWith(options.signal))
  .map((name) => createPatchable(readFileSync(new URL(name, folder)), options.signal));

type Send = (body: Uint8Array) => Promise<string>;

function grpcSend(): Send {
  const client = new Client(options.target, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const identity = (value: Buffer) => value;
  const method = `/${SIGNALS[options.signal].grpcService}/Export`;
  return (body) =>
    new Promise((resolve) => {
      client.makeUnaryRequest(method, identity, identity, Buffer.from(body.buffer), (error) => {
        resolve(error ? String(error.code) : 'ok');
      });
    });
}

function httpSend(): Send {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const encoding: Record<string, string> = options.gzip ? { 'content-encoding': 'gzip' } : {};
  return (body) =>
    new Promise((resolve) => {
      const sent = options.gzip ? gzipSync(body, { level: 1 }) : body;
      const headers = { 'content-type': 'application/x-protobuf', 'content-length': sent.length, ...encoding };
      const call = request(`${options.target}/v1/${options.signal}`, { method: 'POST', agent, headers }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode === 200 ? 'ok' : String(response.statusCode)));
      });
      call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
      call.end(sent);
    });
}

const latencies: number[] = [];
const refused: Record<string, number> = {};
let rows = 0;
let bytes = 0;
const start = performance.now();
const endMs = start + options.seconds * 1000;

async function connection(index: number): Promise<void> {
  const send = options.transport === 'grpc' ? grpcSend() : httpSend();
  for (let i = index; performance.now() < endMs; i++) {
    const payload = payloads[i % payloads.length]!;
    const body = payload.next();
    const sentAt = performance.now();
    const status = await send(body);
    if (status === 'ok') {
      latencies.push(performance.now() - sentAt);
      rows += payload.rows;
      bytes += payload.bytes;
    } else {
      refused[status] = (refused[status] ?? 0) + 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

await Promise.all(Array.from({ length: options.connections }, (_, i) => connection(i)));
const result: SenderResult = {
  rows,
  bytes,
  requests: latencies.length,
  refused,
  p50Ms: quantile(latencies, 0.5),
  p99Ms: quantile(latencies, 0.99),
  seconds: (performance.now() - start) / 1000,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
