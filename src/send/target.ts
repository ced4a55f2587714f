/** Where OTLP is sent to, from a URL as people write it. */
import { BridgeError } from '../errors.ts';

export type Protocol = 'http' | 'grpc';

export interface Target {
  readonly protocol: Protocol;
  readonly tls: boolean;
  /** "host:port" */
  readonly authority: string;
  /** In front of the signal's path over HTTP; without a slash at its end. */
  readonly basePath: string;
}

const SCHEMES: Readonly<Record<string, { readonly protocol: Protocol; readonly tls: boolean; readonly port: string }>> =
  {
    'http:': { protocol: 'http', tls: false, port: '80' },
    'https:': { protocol: 'http', tls: true, port: '443' },
    'grpc:': { protocol: 'grpc', tls: false, port: '4317' },
    'grpcs:': { protocol: 'grpc', tls: true, port: '4317' },
  };

/** `protocol` overrides what the scheme says: exporters are often given "http://host:4317" for gRPC. Throws `config`. */
export function parseTarget(text: string, protocol?: Protocol): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = SCHEMES[url?.protocol ?? ''];
  if (url === undefined || scheme === undefined || url.hostname === '') {
    throw new BridgeError('config', `"${text}" is no address OTLP can be sent to`, {
      hint: 'Expected http://host:4318, https://host, grpc://host:4317 or grpcs://host:4317.',
    });
  }
  if (url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new BridgeError(
      'config',
      'the address has a user, a query or a fragment; expected scheme, host, port, path',
      {
        hint: 'Credentials go into a header.',
      },
    );
  }
  const used = protocol ?? scheme.protocol;
  const port = url.port || (used === 'grpc' ? '4317' : scheme.port);
  return {
    protocol: used,
    tls: scheme.tls,
    authority: `${url.hostname}:${port}`,
    basePath: url.pathname.replace(/\/+$/, ''),
  };
}
