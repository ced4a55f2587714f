/** A proxy in front of an S3 server that lets a share of all calls fail, each in one of the ways of s3-faults.ts. */
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Random } from '../fuzz/random.ts';
import { callOf } from './s3-call.ts';
import { FAULTS, type Forwarded } from './s3-faults.ts';

export interface FaultProxy {
  /** `http://127.0.0.1:port` */
  readonly endpoint: string;
  /** Share of calls that fail, 0 to 1; may be changed at any time. */
  rate: number;
  /** While true no connection gets an answer: the server is away. */
  isAway: boolean;
  readonly calls: number;
  /** Calls that the client made before. */
  readonly retries: number;
  /** Multipart uploads that the server has completed. */
  readonly multipartObjects: number;
  /** How often each fault was met, by its name. */
  readonly faults: ReadonlyMap<string, number>;
  /** Requests by the call of the API: how many there were, and how many were under way at the same time at most. */
  readonly byCall: ReadonlyMap<string, CallCount>;
  close(): Promise<void>;
}

export interface CallCount {
  count: number;
  underWay: number;
  most: number;
}

export interface FaultProxyOptions {
  readonly seed: number;
  readonly rate: number;
  /** Names of the faults that may come; all where it is left out. */
  readonly only?: readonly string[];
  /** After so many no call fails any more. */
  readonly maxFaults?: number;
}

const [MIN_LATE_MS, MAX_LATE_MS] = [20, 300];

export async function startFaultProxy(upstream: string, options: FaultProxyOptions): Promise<FaultProxy> {
  const { hostname, port } = new URL(upstream);
  const agent = new Agent({ keepAlive: true });
  const { maxFaults = Number.POSITIVE_INFINITY } = options;
  const faults = new Map<string, number>();
  const byCall = new Map<string, CallCount>();
  let faultCount = 0;
  const state = { rate: options.rate, isAway: false, calls: 0, retries: 0, multipartObjects: 0 };

  const server = createServer((request, response) => {
    if (state.isAway) {
      request.socket.destroy();
      return;
    }
    const random = new Random(options.seed, ++state.calls);
    if (!/attempt=1\b/.test(String(request.headers['amz-sdk-request'] ?? 'attempt=1'))) state.retries++;
    // A client that gives up breaks both streams; that is not this proxy's trouble.
    for (const stream of [request, response]) stream.on('error', () => {});
    const call = callOf(request);
    countCall(call.call, response);
    const fails = faultCount < maxFaults && random.below(1_000_000) < state.rate * 1_000_000;
    const name = fails ? chooseFault(call.call, random) : undefined;
    if (name === undefined) {
      passOn(request, response);
      return;
    }
    faultCount++;
    faults.set(name, (faults.get(name) ?? 0) + 1);
    const forward = () => send(request);
    const forwardLate = async () => {
      const body = await collect(request);
      request.socket.destroy();
      const lateMs = MIN_LATE_MS + random.below(MAX_LATE_MS - MIN_LATE_MS);
      setTimeout(() => void send(request, body).catch(() => {}), lateMs);
    };
    const done = FAULTS[name]!.run({
      ...call,
      request,
      response,
      forward,
      forwardLate: () => void quiet(forwardLate()),
    });
    void quiet(Promise.resolve(done));
  });

  function countCall(call: string, response: ServerResponse): void {
    const counted = byCall.get(call) ?? { count: 0, underWay: 0, most: 0 };
    byCall.set(call, counted);
    counted.count++;
    counted.underWay++;
    counted.most = Math.max(counted.most, counted.underWay);
    response.once('close', () => counted.underWay--);
  }

  function chooseFault(call: string, random: Random): string | undefined {
    const known = Object.entries(FAULTS).filter(
      ([name, { calls }]) => (calls?.includes(call) ?? true) && (options.only?.includes(name) ?? true),
    );
    let at = random.below(known.reduce((sum, [, { weight }]) => sum + weight, 0));
    for (const [name, { weight }] of known) {
      at -= weight;
      if (at < 0) return name;
    }
    return undefined;
  }

  function open({ method, url, headers }: IncomingMessage, answered: (answer: IncomingMessage) => void) {
    return httpRequest({ hostname, port, agent, method, path: url, headers }, answered);
  }

  function count(request: IncomingMessage, status: number | undefined): void {
    if (status === 200 && callOf(request).call === 'CompleteMultipartUpload') state.multipartObjects++;
  }

  function passOn(request: IncomingMessage, response: ServerResponse): void {
    const passed = open(request, (answer) => {
      count(request, answer.statusCode);
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    request.pipe(passed);
    request.on('close', () => {
      if (!request.complete) passed.destroy();
    });
    passed.on('error', () => response.destroy());
  }

  /** The whole request, and the whole answer; the client sees nothing of it. */
  async function send(request: IncomingMessage, collected?: Buffer): Promise<Forwarded> {
    const body = collected ?? (await collect(request));
    return new Promise((resolve, reject) => {
      const passed = open(request, (answer) => {
        const { statusCode: status, headers } = answer;
        count(request, status);
        collect(answer).then((bytes) => resolve({ status: status!, headers, body: bytes }), reject);
      });
      passed.on('error', reject);
      passed.end(body);
    });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(state, {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    byCall,
    async close() {
      agent.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  });
}

/** A request that its client broke off, or that the server did not take: the fault is then another one, no more. */
async function quiet(work: Promise<unknown>): Promise<void> {
  await work.catch(() => {});
}

async function collect(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
