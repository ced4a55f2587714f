/** The SDK's client, with every limit set: sockets, connections, requests, tries. */
import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { OperationsConfig, S3Config } from '../config/types.ts';
import { addContentMd5 } from './s3-content-md5.ts';
import { credentialsOf, renewExpired } from './s3-credentials.ts';
import { createRetryStrategy } from './s3-retry.ts';

/**
 * Time limits hold for one try; a call is over after `retryAttempts + 1` of them (s3-retry.ts). A clock that is wrong by
 * more than S3 takes (15 minutes) is put right by the SDK for this client, from the time in S3's answers.
 */
export function createS3Client(config: S3Config, operations: OperationsConfig): S3Client {
  const timeoutMs = operations.timeoutSeconds * 1000;
  const agent = { keepAlive: true, maxSockets: config.maxConnections };
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: Math.min(config.connectTimeoutSeconds * 1000, timeoutMs),
    requestTimeout: timeoutMs, // until the answer's head; without the next line it only warns
    throwOnRequestTimeout: true,
    socketTimeout: timeoutMs, // silence in the middle of an answer's body
    httpAgent: agent,
    httpsAgent: agent,
  });
  const client = new S3Client({
    region: config.region,
    forcePathStyle: config.forcePathStyle,
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    credentials: credentialsOf(config),
    maxAttempts: operations.retryAttempts + 1,
    retryStrategy: createRetryStrategy(operations.retryAttempts, config.retryMaxDelaySeconds * 1000),
    requestHandler,
    // With `Expect: 100-continue` the SDK opens a new connection for every body over 2 MiB, outside `maxSockets`.
    expectContinueHeader: false,
    // Since 2025 the SDK sends CRC32 trailers in an encoding of AWS's own (aws-chunked), which many other servers do not
    // know: they refuse the request or store the framing as content.
    requestChecksumCalculation: config.checksums,
    responseChecksumValidation: config.checksums,
  });
  renewExpired(client);
  if (config.expectedBucketOwner !== undefined) expectOwner(client, config.expectedBucketOwner);
  if (config.endpoint !== undefined) addContentMd5(client);
  return client;
}

/** Every call but the one that makes a bucket says whose it must be; S3 answers 403 where it is another's. */
function expectOwner(client: S3Client, account: string): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) =>
        commandName === 'CreateBucketCommand'
          ? next(args)
          : next({ ...args, input: { ...args.input, ExpectedBucketOwner: account } as typeof args.input }),
    { step: 'initialize', name: 'expectBucketOwner' },
  );
}
