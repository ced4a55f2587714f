/** Small export requests of every signal, and raw ways to send them that share nothing with the receivers. */
import { connect as connectHttp2, constants } from 'node:http2';
import { connect } from 'node:net';
import { otlpJsonToProtobuf } from '../../src/decode/json.ts';
import { SERVICE_MESSAGES } from '../../src/decode/messages.ts';
import { decode, type PlainMessage } from '../../src/decode/protobuf-writer.ts';
import { type ContentType, SIGNALS, type Signal, type SignalName } from '../../src/model/signal.ts';
import { parseNdjson } from './daemon.ts';
import { CONTENT_TYPES } from './send.ts';

export const TRACE_ID = '5b8efff798038103d269b633813fc60c';
export const SPAN_ID = 'eee19b7ec3c1b174';
export const TIME = '1763715600000000123';

type Json = Record<string, unknown>;

interface Shape {
  readonly resources: string;
  readonly scopes: string;
  readonly items: string;
  /** Column with the item's name. */
  readonly nameColumn: string;
  /** One item that becomes one row; `changes` go to the span, the record or the data point. */
  item(name: string, changes: Json): Json;
}

const SHAPES: Readonly<Record<SignalName, Shape>> = {
  traces: {
    resources: 'resourceSpans',
    scopes: 'scopeSpans',
    items: 'spans',
    nameColumn: 'name',
    item: (name, changes) => ({
      traceId: TRACE_ID,
      spanId: SPAN_ID,
      name,
      kind: 2,
      startTimeUnixNano: TIME,
      endTimeUnixNano: TIME,
      ...changes,
    }),
  },
  logs: {
    resources: 'resourceLogs',
    scopes: 'scopeLogs',
    items: 'logRecords',
    nameColumn: 'event_name',
    item: (name, changes) => ({
      timeUnixNano: TIME,
      severityNumber: 9,
      eventName: name,
      traceId: TRACE_ID,
      ...changes,
    }),
  },
  metrics: {
    resources: 'resourceMetrics',
    scopes: 'scopeMetrics',
    items: 'metrics',
    nameColumn: 'metric_name',
    item: (name, changes) => ({ name, gauge: { dataPoints: [{ timeUnixNano: TIME, asDouble: 0.5, ...changes }] } }),
  },
};

export function nameColumn(signal: Signal): string {
  return SHAPES[signal.name].nameColumn;
}

/** Name of the only field of a request. */
export function listName(signal: Signal): string {
  return SHAPES[signal.name].resources;
}

export interface Item {
  readonly name: string;
  readonly changes?: Json;
}

/** A request in OTLP/JSON with one resource, whose service.name tells the rows of tests apart. */
export function requestJson(signal: Signal, service: string, items: readonly Item[]): string {
  const { resources, scopes, items: list, item } = SHAPES[signal.name];
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: service } }] };
  const rows = items.map(({ name, changes }) => item(name, changes ?? {}));
  return JSON.stringify({ [resources]: [{ resource, [scopes]: [{ [list]: rows }] }] });
}

export function toProtobufBytes(signal: Signal, json: string): Buffer<ArrayBuffer> {
  return Buffer.from(otlpJsonToProtobuf(signal.name, Buffer.from(json), { maxNesting: 512 }, 1 << 28));
}

/** The same in the type asked for. */
export function requestBody(signal: Signal, type: ContentType, service: string, items: readonly Item[]) {
  const json = requestJson(signal, service, items);
  return type === 'json' ? Buffer.from(json) : toProtobufBytes(signal, json);
}

export function post(
  otlp: string,
  signal: Signal,
  type: ContentType,
  body: Uint8Array<ArrayBuffer> | string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const url = `${otlp}${signal.httpPath}`;
  return fetch(url, { method: 'POST', body, headers: { 'content-type': CONTENT_TYPES[type], ...headers } });
}

export interface Answer {
  readonly rejected: number;
  readonly message: string | undefined;
}

/** What an Export…ServiceResponse says of refused rows. */
export function readAnswer(signal: Signal, type: ContentType, bytes: Uint8Array): Answer {
  const text = Buffer.from(bytes).toString();
  const name = SERVICE_MESSAGES[signal.name].response;
  const answer = (type === 'json' ? JSON.parse(text) : decode(name, bytes)) as { partialSuccess?: Json };
  const partial = answer.partialSuccess ?? {};
  const message = partial.errorMessage === undefined ? undefined : String(partial.errorMessage);
  return { rejected: Number(partial[signal.rejectedField] ?? 0), message };
}

export interface GrpcAnswer {
  readonly code: number;
  readonly message: string;
  /** Decoded google.rpc.Status of the trailers. */
  readonly status: PlainMessage | undefined;
  readonly hasRetryInfo: boolean;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array;
}

export interface GrpcCall {
  readonly encoding?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Bytes on the stream in place of one message with its prefix. */
  readonly raw?: Uint8Array;
  /** The stream is left open after these bytes. */
  readonly open?: boolean;
  /** Bytes are sent in frames of this size. */
  readonly chunkBytes?: number;
}

/** One call over HTTP/2 as it stands on the wire; `address` is host:port or unix:/path. */
export function callGrpc(address: string, path: string, body: Uint8Array, call: GrpcCall = {}): Promise<GrpcAnswer> {
  const session = connectHttp2(`http://${address.startsWith('unix:') ? 'localhost' : address}`, {
    ...(address.startsWith('unix:') ? { createConnection: () => connect(address.slice(5)) } : {}),
  });
  return new Promise<GrpcAnswer>((resolve, reject) => {
    session.on('error', reject);
    const { encoding, metadata, raw, open, chunkBytes } = call;
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(encoding === undefined ? {} : { 'grpc-encoding': encoding }),
      ...metadata,
    });
    const parts: Buffer[] = [];
    let headers: Record<string, unknown> = {};
    let trailers: Record<string, unknown> = {};
    stream.on('response', (received) => {
      headers = received;
    });
    stream.on('trailers', (received) => {
      trailers = received;
    });
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('error', reject);
    stream.on('close', () => resolve(readGrpcAnswer(headers, { ...headers, ...trailers }, Buffer.concat(parts))));
    const sent = raw ?? frame(body, encoding !== undefined);
    const step = chunkBytes ?? Math.max(1, sent.length);
    for (let at = 0; at < sent.length; at += step) stream.write(sent.subarray(at, at + step));
    if (!open) stream.end();
  }).finally(() => session.destroy());
}

export function exportPath(signal: Signal): string {
  return `/${signal.grpcService}/Export`;
}

/** A message with its prefix. */
export function frame(body: Uint8Array, isCompressed = false): Buffer<ArrayBuffer> {
  const prefix = Buffer.alloc(5);
  prefix[0] = isCompressed ? 1 : 0;
  prefix.writeUInt32BE(body.length, 1);
  return Buffer.concat([prefix, body]);
}

function readGrpcAnswer(headers: Json, end: Json, body: Buffer): GrpcAnswer {
  const details = end['grpc-status-details-bin'];
  const status =
    details === undefined ? undefined : decode('google.rpc.Status', Buffer.from(String(details), 'base64'));
  const infos = (status?.details ?? []) as readonly { typeUrl: string }[];
  return {
    code: Number(end['grpc-status']),
    message: decodeURIComponent(String(end['grpc-message'] ?? '')),
    status,
    hasRetryInfo: infos.some(({ typeUrl }) => typeUrl.endsWith('google.rpc.RetryInfo')),
    headers,
    body: body.subarray(5),
  };
}

/** Rows of one service in a table. */
export async function rowsOf(api: string, table: SignalName, service: string): Promise<Json[]> {
  const query = new URLSearchParams({ filter: `service_name = '${service}'` });
  const response = await fetch(`${api}/api/v1/tables/${table}/rows?${query}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`rows: ${response.status} ${text}`);
  return parseNdjson(text);
}

/** Names of a service's rows, sorted. */
export async function namesOf(api: string, signal: Signal, service: string): Promise<unknown[]> {
  const rows = await rowsOf(api, signal.name, service);
  return rows.map((row) => row[nameColumn(signal)]).sort();
}

export const TRACES = SIGNALS.traces;
