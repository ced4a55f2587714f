/** Names of compressions, as senders write them in `Content-Encoding` and `grpc-encoding`. */
import { BridgeError } from '../errors.ts';
import type { ContentEncoding } from '../model/signal.ts';
import { acceptWeights } from '../platform/accept.ts';

/** The Collector says "zlib" for what HTTP calls "deflate", and has two names for Snappy; x-gzip is RFC 9110's alias. */
const NAMES: Readonly<Record<string, ContentEncoding>> = {
  identity: 'identity',
  gzip: 'gzip',
  'x-gzip': 'gzip',
  zstd: 'zstd',
  deflate: 'deflate',
  zlib: 'deflate',
  snappy: 'snappy',
  'x-snappy-framed': 'snappy',
};

/** What is told to senders as taken. */
export const ACCEPTED_ENCODINGS = ['gzip', 'zstd', 'deflate', 'snappy', 'identity'] as const;

/** Undefined where the name is not known; no name means "identity". */
export function encodingByName(name: string | undefined): ContentEncoding | undefined {
  const key = (name ?? '').trim().toLowerCase() || 'identity';
  return Object.hasOwn(NAMES, key) ? NAMES[key] : undefined;
}

export function unknownEncoding(header: string, name: string | undefined): BridgeError {
  return new BridgeError('unsupported_media_type', `${header} "${name}" is not supported`, {
    hint: `Use one of ${ACCEPTED_ENCODINGS.join(', ')}.`,
  });
}

/** Whether an Accept-Encoding header asks for gzip (RFC 9110, 12.5.3). */
export function asksForGzip(acceptEncoding: string | undefined): boolean {
  const weights = acceptWeights(acceptEncoding);
  return (weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0) > 0;
}
