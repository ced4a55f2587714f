/** Tells of every request to S3, also of those made again and those of `lib-storage`: it is what S3 is paid for. */
import type { S3Client } from '@aws-sdk/client-s3';

/**
 * @param operation name in the API: `PutObject`
 * @param ms until the answer's head, or the failure
 * @param error of this try; another one may follow
 */
export type ObserveRequest = (operation: string, ms: number, error?: unknown) => void;

export function observeRequests(client: S3Client, observe: ObserveRequest): void {
  client.middlewareStack.add(
    (next, context) => async (request) => {
      const operation = (context.commandName ?? 'Unknown').replace(/Command$/, '');
      const start = performance.now();
      try {
        const answer = await next(request);
        observe(operation, performance.now() - start);
        return answer;
      } catch (error) {
        observe(operation, performance.now() - start, error);
        throw error;
      }
    },
    // Behind the SDK's own retries, so that each try passes here.
    { step: 'finalizeRequest', priority: 'low', name: 'observeRequests' },
  );
}
