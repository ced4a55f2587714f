/**
 * Credentials, and what is done when they have run out. The SDK renews those whose end it knows, five minutes before.
 * It never looks again at a session token in a profile or file that somebody else renews, nor after a key was rotated:
 * so when S3 says that they have expired, they are asked for once more, files are read again, and the call is made
 * again if they are others now. Otherwise the error goes on, and the commit that met it is tried again later.
 */
import type { KMSClient } from '@aws-sdk/client-kms';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { fromIni, fromNodeProviderChain } from '@aws-sdk/credential-providers';
import type { S3Config } from '../config/types.ts';
import { s3Code, s3Status } from './s3-errors.ts';

const EXPIRED_CODES = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidToken',
  'InvalidTokenId',
  'TokenRefreshRequired',
  'InvalidAccessKeyId',
  'UnrecognizedClientException', // of KMS
]);
/** Not asked for again sooner: many calls fail at the same time, and providers bound their own load. */
const REFRESH_PAUSE_MS = 5_000;

/** Type "env" is the SDK's default chain: environment, shared files, container and instance roles. */
export function credentialsOf({ credentials, region }: S3Config): NonNullable<S3ClientConfig['credentials']> {
  switch (credentials.type) {
    case 'env':
      return fromNodeProviderChain({ clientConfig: { region }, ignoreCache: true });
    case 'profile':
      return fromIni({ profile: credentials.profile, ignoreCache: true });
    case 'explicit': {
      const { accessKeyId, secretAccessKey, sessionToken } = credentials;
      return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
    }
  }
}

interface Identity {
  readonly accessKeyId: string;
  readonly sessionToken?: string | undefined;
}

/** Makes every call of a client of AWS once more, with other credentials, where it refused the ones it had as expired. */
export function renewExpired(client: S3Client | KMSClient): void {
  // Both stacks take a step that changes nothing of what goes through it.
  const { middlewareStack } = client as S3Client;
  const identity = client.config.credentials as (options?: { forceRefresh: boolean }) => Promise<Identity>;
  let renewedMs = Number.NEGATIVE_INFINITY;
  let renewal: Promise<Identity> | undefined;

  async function renew(): Promise<Identity> {
    if (performance.now() - renewedMs < REFRESH_PAUSE_MS) return identity();
    renewal ??= identity({ forceRefresh: true }).finally(() => {
      renewedMs = performance.now();
      renewal = undefined;
    });
    return renewal;
  }

  middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        // Asked before the call, which asks the same: it is kept in memory.
        const used = await identity().catch(() => undefined);
        try {
          return await next(args);
        } catch (error) {
          if (!used || !isExpired(error, commandName)) throw error;
          const now = await renew().catch(() => used); // the provider's own failure would hide what S3 said
          if (now.accessKeyId === used.accessKeyId && now.sessionToken === used.sessionToken) throw error;
          return next(args);
        }
      },
    { step: 'initialize', name: 'renewExpiredCredentials' },
  );
}

/** Answers to HEAD have no body and so no code: 400 may mean that. */
function isExpired(error: unknown, commandName: string): boolean {
  return EXPIRED_CODES.has(s3Code(error)) || (commandName === 'HeadObjectCommand' && s3Status(error) === 400);
}
