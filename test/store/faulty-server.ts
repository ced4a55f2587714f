/** A server for tests that answers what the test wants, and an S3 store with the real client in front of it. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { OperationsConfig, S3Config } from '../../src/config/types.ts';
import { createS3Store } from '../../src/store/s3.ts';
import type { ObserveRequest } from '../../src/store/s3-observe.ts';
import { callOf } from '../support/s3-call.ts';
import { OPERATIONS, s3Config } from './s3-config.ts';

export const MIB = 1024 * 1024;

export interface Seen {
  /** The call of the API. */
  readonly call: string;
  /** Path and query. */
  readonly url: string;
  readonly part: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** How often this call was made before. */
  readonly earlier: number;
}

export type Answer = (seen: Seen, response: ServerResponse) => unknown;

export const xmlError = (code: string, extra = '') =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message>${extra}</Error>`;

export function fail(response: ServerResponse, status: number, code: string, extra = '', headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/xml', ...headers }).end(xmlError(code, extra));
}

/** What a server does that has no fault: parts and objects are taken, and forgotten. */
export function succeed({ call, body }: Seen, response: ServerResponse): void {
  if (call === 'ListParts') {
    fail(response, 404, 'NoSuchUpload'); // asked after an abort
    return;
  }
  const etag = `"${createHash('md5').update(body).digest('hex')}"`;
  const bodies: Record<string, string> = {
    CreateMultipartUpload:
      '<InitiateMultipartUploadResult><UploadId>the-upload</UploadId></InitiateMultipartUploadResult>',
    CompleteMultipartUpload: `<CompleteMultipartUploadResult><ETag>"whole-2"</ETag></CompleteMultipartUploadResult>`,
    ListObjectsV2: '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>',
    DeleteObjects: '<DeleteResult></DeleteResult>',
  };
  response.writeHead(200, { 'content-type': 'application/xml', etag }).end(bodies[call] ?? '');
}

/** Closed with the test. */
export async function faultyServer(
  t: TestContext,
  answer: Answer,
): Promise<{ readonly url: string; readonly seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return; // the client gave up
    }
    const { call, part } = callOf(request);
    const earlier = seen.filter((one) => one.call === call && one.part === part).length;
    const { headers, url = '' } = request;
    const one = { call, url, part, earlier, headers, body: Buffer.concat(chunks) };
    seen.push(one);
    answer(one, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, seen };
}

export async function faultyStore(
  t: TestContext,
  answer: Answer,
  config: Partial<S3Config> = {},
  operations: Partial<OperationsConfig> = {},
  observe?: ObserveRequest,
) {
  const { url, seen } = await faultyServer(t, answer);
  const warnings: string[] = [];
  const store = createS3Store(
    s3Config(url, config),
    { ...OPERATIONS, retryAttempts: 1, ...operations },
    { warn: (message) => warnings.push(message), observe },
  );
  t.after(() => store.close());
  const count = (call: string) => seen.filter((one) => one.call === call).length;
  return { store, seen, warnings, count };
}

export async function* bigStream(mebibytes: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < mebibytes; i++) yield new Uint8Array(MIB);
}
