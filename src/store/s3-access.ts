/** Access to buckets outside the lake, as it is at one moment: what a command resolves once and then keeps. */
import { S3Client } from '@aws-sdk/client-s3';
import { loadConfig } from '@smithy/core/config';
import type { S3Config } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import { credentialsOf } from './s3-credentials.ts';

/** What the configured source gives now, as explicit credentials that no renewal changes. */
export async function frozenCredentials(config: S3Config): Promise<S3Config['credentials']> {
  const source = credentialsOf(config);
  try {
    const { accessKeyId, secretAccessKey, sessionToken } = typeof source === 'function' ? await source() : source;
    return { type: 'explicit', accessKeyId, secretAccessKey, sessionToken };
  } catch (error) {
    const { credentials, bucket } = config;
    const from = credentials.type === 'profile' ? `profile "${credentials.profile}"` : 'the surroundings';
    // The SDK's error may quote files with secrets: only its first line goes on.
    const reason = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!.slice(0, 300);
    throw new BridgeError('unauthenticated', `no credentials for bucket ${bucket} in ${from}: ${reason}`, {
      hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or use the bucket of [s3].',
    });
  }
}

/** The region of a profile (undefined: the default one) or of AWS_REGION; undefined where neither names one. */
export async function regionOf(profile: string | undefined): Promise<string | undefined> {
  const client = new S3Client(profile === undefined ? {} : { profile });
  try {
    return await client.config.region();
  } catch {
    return undefined; // the SDK's way to say that there is none
  } finally {
    client.destroy();
  }
}

/**
 * The `endpoint_url` of a profile (undefined: the default one) in AWS's shared files, that of its services section first
 * (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html). The SDK asks the default profile alone.
 */
export async function endpointOf(profile: string | undefined): Promise<string | undefined> {
  const selectors = {
    environmentVariableSelector: () => undefined,
    configFileSelector: (section: Section, sections?: Readonly<Record<string, Section>>) =>
      sections?.[`services.${section.services}`]?.['s3.endpoint_url'] ?? section.endpoint_url,
    default: undefined,
  };
  try {
    return await loadConfig<string | undefined>(selectors, profile === undefined ? {} : { profile })();
  } catch {
    return undefined; // files that cannot be read are named when credentials are asked for
  }
}

type Section = Readonly<Record<string, string | undefined>>;
