/** The keys of `[server]`. */
import { GIB, type Key, MIB } from './key.ts';

/** Node's timers take 2^31 - 1 milliseconds. */
const MAX_TIMER_SECONDS = 2_000_000;

export const SERVER_KEYS: readonly Key[] = [
  {
    path: 'server.otlp_grpc',
    type: 'address',
    default: '127.0.0.1:4317',
    doc: 'Where OTLP/gRPC is received; port 0 takes a free one, `unix:/path` a socket in the file system.',
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
    path: 'server.max_concurrent_streams',
    type: 'integer',
    min: 1,
    max: 65536,
    derived: {
      text: '`server.max_concurrent_requests`',
      value: ({ get }) => Number(get('server.max_concurrent_requests')),
    },
    example: 1024,
    doc: 'Calls at the same time on one gRPC connection; the sender keeps further ones back.',
  },
  {
    path: 'server.grpc_keepalive_seconds',
    type: 'integer',
    default: 7200,
    min: 1,
    max: MAX_TIMER_SECONDS,
    doc: 'Silence after which a gRPC connection is pinged.',
  },
  {
    path: 'server.grpc_keepalive_timeout_seconds',
    type: 'integer',
    default: 20,
    min: 1,
    max: MAX_TIMER_SECONDS,
    doc: 'Time for the answer to a ping, after which the connection is closed.',
  },
  {
    path: 'server.grpc_max_connection_age_seconds',
    type: 'integer',
    min: 1,
    max: MAX_TIMER_SECONDS,
    example: 600,
    doc: 'Age (give or take a tenth) at which senders are asked to connect again, so that load balancers spread them anew; absent: never.',
  },
  {
    path: 'server.grpc_max_connection_age_grace_seconds',
    type: 'integer',
    min: 1,
    max: MAX_TIMER_SECONDS,
    example: 60,
    doc: 'Time for calls under way after that; absent: until they are done.',
  },
  {
    path: 'server.traces_path',
    type: 'string',
    default: '/v1/traces',
    doc: 'Path of traces over OTLP/HTTP.',
  },
  { path: 'server.logs_path', type: 'string', default: '/v1/logs', doc: 'Path of logs over OTLP/HTTP.' },
  { path: 'server.metrics_path', type: 'string', default: '/v1/metrics', doc: 'Path of metrics over OTLP/HTTP.' },
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
    doc: 'Origins whose pages may send over OTLP/HTTP: "*", or origins, in which "*" stands for any text ("https://*.example.com").',
  },
  {
    path: 'server.cors.allowed_headers',
    type: 'strings',
    default: [],
    doc: 'Request headers such pages may send beside Authorization, Content-Encoding and Content-Type; "*" for all.',
  },
  {
    path: 'server.cors.max_age_seconds',
    type: 'integer',
    default: 7200,
    min: 0,
    max: 86400,
    doc: 'How long browsers may keep the answer to their preflight request.',
  },
];
