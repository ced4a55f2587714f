/**
 * A proxy in front of an S3 server that changes nothing and tells of each step of a commit: before a request is passed
 * on, and when its answer has come but was not passed back.
 */
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface S3Tap {
  /** `http://127.0.0.1:port` */
  readonly endpoint: string;
  close(): Promise<void>;
}

interface Step {
  readonly before: string;
  readonly after: string;
}

const STEPS = {
  put: { before: 'put', after: 'put-answered' },
  create: { before: 'create', after: 'create-answered' },
  part: { before: 'part', after: 'part-answered' },
  complete: { before: 'complete', after: 'complete-answered' },
  record: { before: 'record', after: 'record-answered' },
} satisfies Record<string, Step>;

/** Names told. */
export const S3_STEPS: readonly string[] = Object.values(STEPS).flatMap(({ before, after }) => [before, after]);

export async function startS3Tap(upstream: string, tell: (step: string) => void): Promise<S3Tap> {
  const { hostname, port } = new URL(upstream);
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    const step = stepOf(incoming);
    if (step) tell(step.before);
    const passedOn = request(
      { hostname, port, agent, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        if (step) tell(step.after);
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
        answer.on('error', () => outgoing.destroy());
      },
    );
    passBody(incoming, passedOn, outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      agent.destroy();
      await stop(server);
    },
  };
}

/** A sender that dies leaves the server with a request cut short, as it would without the proxy. */
function passBody(incoming: IncomingMessage, passedOn: ReturnType<typeof request>, outgoing: ServerResponse): void {
  incoming.pipe(passedOn);
  incoming.on('error', () => passedOn.destroy());
  outgoing.on('close', () => passedOn.destroy());
  passedOn.on('error', () => outgoing.destroy());
}

function stepOf({ method, url = '' }: IncomingMessage): Step | undefined {
  const { pathname, searchParams } = new URL(url, 'http://s3');
  if (method === 'PUT' && pathname.includes('/_lake/commits/')) return STEPS.record;
  if (!pathname.endsWith('.parquet')) return undefined;
  if (method === 'PUT') return searchParams.has('partNumber') ? STEPS.part : STEPS.put;
  if (method !== 'POST') return undefined;
  return searchParams.has('uploads') ? STEPS.create : STEPS.complete;
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
