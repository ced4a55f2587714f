/**
 * Rows whose every field follows from their id, so that a lost, doubled, cut or mangled row shows without a copy of what
 * was sent: `{sender}-{request}-{attempt}-{rows}-{pad bytes}-{index}`. All but the index names one try of one request.
 */
import { createHash } from 'node:crypto';
import { SIGNALS, type SignalName, type TableName } from '../../src/model/signal.ts';
import { type Item, requestJson, toProtobufBytes } from '../support/requests.ts';

/** One try to send a request; a further try of the same rows is another one, because both may be stored. */
export interface SendKey {
  readonly sender: string;
  readonly request: number;
  readonly attempt: number;
  readonly rows: number;
  /** Text beside the other fields in each row. */
  readonly padBytes: number;
}

/** What a row must look like in the lake. Numbers are text: nanoseconds do not fit into a double. */
export interface LakeRow {
  readonly name: string;
  readonly service: string;
  readonly check: string;
  /** SHA-256 of the pad. */
  readonly pad: string;
  readonly nanos: string;
  readonly value: string;
}

/** Rows fall into this hour and the next, so that a commit has several partitions. */
export const FIRST_MS = Date.UTC(2025, 10, 21, 9);
const SPAN_OF_NANOS = 7_200_000_000_000;
/** A request with this much text falls into one of few minutes, so that an object of one minute is large too. */
const BULK = { minPadBytes: 32 * 1024, minutes: 4 };
const NANOS_OF_MINUTE = 60_000_000_000;
/** Rows found of a request are kept as the bits of a number. */
const MAX_ROWS = 30;
const ID = /^([a-z0-9]+)-(\d+)-(\d+)-(\d+)-(\d+)-(\d+)$/;

export function sendId({ sender, request, attempt, rows, padBytes }: SendKey): string {
  return `${sender}-${request}-${attempt}-${rows}-${padBytes}`;
}

export function rowId(send: string, index: number): string {
  return `${send}-${index}`;
}

/** Undefined where the text is no row's id. */
export function parseRowId(text: string): { readonly send: string; readonly index: number } | undefined {
  const found = ID.exec(text);
  if (!found || Number(found[4]) > MAX_ROWS || Number(found[6]) >= Number(found[4])) return undefined;
  return { send: text.slice(0, text.lastIndexOf('-')), index: Number(found[6]) };
}

/** The row an id stands for. */
export function expectedRow(table: TableName, id: string): LakeRow {
  const fields = fieldsOf(id);
  const value = table === 'logs' ? `body of ${id}` : fields.value;
  const pad = createHash('sha256').update(fields.pad).digest('hex');
  return { name: id, service: fields.service, check: fields.check, pad, nanos: fields.nanos, value };
}

function fieldsOf(id: string) {
  const hash = createHash('sha256').update(id).digest('hex');
  const [sender = '', request = '0', , , padBytes = '0'] = id.split('-');
  const isBulk = Number(padBytes) >= BULK.minPadBytes;
  const offset = Number.parseInt(hash.slice(16, 28), 16) % (isBulk ? NANOS_OF_MINUTE : SPAN_OF_NANOS);
  const minute = isBulk ? Number(request) % BULK.minutes : 0;
  return {
    service: `torture-${sender}`,
    check: hash.slice(0, 16),
    pad: createHash('shake256', { outputLength: Math.ceil(Number(padBytes) / 2) })
      .update(id)
      .digest('hex'),
    nanos: String(BigInt(FIRST_MS) * 1_000_000n + BigInt(minute * NANOS_OF_MINUTE + offset)),
    value: String(Number.parseInt(hash.slice(28, 38), 16)),
  };
}

/** The request as OTLP/JSON or protobuf. A trace that is `flawed` has one more span, without ids, to be rejected alone. */
export function requestOf(signal: SignalName, send: SendKey, type: 'json' | 'protobuf', flawed: boolean) {
  const id = sendId(send);
  const items = Array.from({ length: send.rows }, (_, index) => itemOf(signal, rowId(id, index)));
  if (flawed) items.push({ name: rowId(id, send.rows), changes: { traceId: '', spanId: '' } });
  const json = requestJson(SIGNALS[signal], `torture-${send.sender}`, items);
  return type === 'json' ? Buffer.from(json) : toProtobufBytes(SIGNALS[signal], json);
}

function itemOf(signal: SignalName, id: string): Item {
  const { check, pad, nanos, value } = fieldsOf(id);
  const attributes = [
    { key: 'torture.check', value: { stringValue: check } },
    { key: 'torture.pad', value: { stringValue: pad } },
  ];
  if (signal === 'traces') {
    const endTimeUnixNano = String(BigInt(nanos) + BigInt(value));
    return { name: id, changes: { attributes, startTimeUnixNano: nanos, endTimeUnixNano } };
  }
  if (signal === 'logs') {
    return { name: id, changes: { attributes, timeUnixNano: nanos, body: { stringValue: `body of ${id}` } } };
  }
  return { name: id, changes: { attributes, timeUnixNano: nanos, asDouble: undefined, asInt: value } };
}
