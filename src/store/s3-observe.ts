/** Tells of every request to S3, also of those made again and those of `lib-storage`: it is what S3 is paid for. */
import type { S3Client } from '@aws-sdk/client-s3';

/** Of bodies. An answer in chunks tells no length and counts as 0: those are the small ones of XML. */
export interface RequestBytes {
  readonly sent: number;
  readonly received: number;
}

/**
 * @param operation name in the API: `PutObject`
 * @param ms until the answer's head, or the failure
 * @param error of this try; another one may follow
 */
export type ObserveRequest = (operation: string, ms: number, error: unknown, bytes: RequestBytes) => void;

export function observeRequests(client: S3Client, observe: ObserveRequest): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const operation = (context.commandName ?? 'Unknown').replace(/Command$/, '');
      const start = performance.now();
      const sent = lengthOf(args.request);
      try {
        const answer = await next(args);
        // The answer to HEAD tells the object's length, and has no body.
        const received = operation === 'HeadObject' ? 0 : lengthOf(answer.response);
        observe(operation, performance.now() - start, undefined, { sent, received });
        return answer;
      } catch (error) {
        observe(operation, performance.now() - start, error, { sent, received: 0 });
        throw error;
      }
    },
    // Behind the SDK's own retries, so that each try passes here.
    { step: 'finalizeRequest', priority: 'low', name: 'observeRequests' },
  );
}

function lengthOf(message: unknown): number {
  const { headers = {} } = message as { readonly headers?: Readonly<Record<string, string>> };
  return Number(headers['content-length'] ?? 0);
}
