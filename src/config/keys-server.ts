/** The keys of `[server]`. */
import { GIB, type Key, MIB } from './key.ts';

export const SERVER_KEYS: readonly Key[] = [
  {
    path: 'server.otlp_grpc',
    type: 'address',
    default: '127.0.0.1:4317',
    doc: 'Where OTLP/gRPC is received; port 0 takes a free one.',
  },
  { path: 'server.otlp_http', type: 'address', default: '127.0.0.1:4318', doc: 'Where OTLP/HTTP is received.' },
  {
    path: 'server.api',
    type: 'address',
    default: '127.0.0.1:4319',
    doc: 'Where reads, health and metrics are served.',
  },
  {
    path: 'server.admin',
    type: 'address',
    example: '127.0.0.1:4320',
    doc: 'Where admin routes are served; absent: on `server.api`.',
  },
  {
    path: 'server.max_request_bytes',
    type: 'integer',
    min: 1024,
    max: GIB,
    derived: {
      text: '67108864, or what a quarter of `limits.memory_bytes` and `journal.max_bytes` allow',
      value: ({ get }) =>
        Math.min(64 * MIB, Math.floor(Number(get('limits.memory_bytes')) / 4), Number(get('journal.max_bytes'))),
    },
    example: 64 * MIB,
    doc: 'Largest request taken, in bytes after decompression.',
  },
  {
    path: 'server.max_concurrent_requests',
    type: 'integer',
    default: 1024,
    min: 1,
    max: 65536,
    doc: 'Requests worked on at the same time; more are answered 503 / UNAVAILABLE.',
  },
  {
    path: 'server.tls.cert_file',
    type: 'path',
    example: 'tls/server.pem',
    doc: 'Certificate chain (PEM) of all listeners; absent: no TLS.',
  },
  {
    path: 'server.tls.key_file',
    type: 'path',
    example: 'tls/server.key',
    doc: 'Private key (PEM) of the certificate.',
  },
  {
    path: 'server.tls.client_ca_file',
    type: 'path',
    example: 'tls/clients.pem',
    doc: 'Senders must show a certificate signed by this CA.',
  },
  {
    path: 'server.auth.ingest_token_file',
    type: 'path',
    example: 'tokens/ingest',
    doc: 'File with one bearer token a line, asked of senders; absent: none is asked.',
  },
  { path: 'server.auth.read_token_file', type: 'path', example: 'tokens/read', doc: 'The same for reads.' },
  { path: 'server.auth.admin_token_file', type: 'path', example: 'tokens/admin', doc: 'The same for admin routes.' },
  {
    path: 'server.cors.allowed_origins',
    type: 'strings',
    default: [],
    doc: 'Origins whose pages may call the OTLP/HTTP and api routes, or "*".',
  },
];
