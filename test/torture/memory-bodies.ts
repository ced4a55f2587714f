/** Requests that are small on the wire and large in memory, each with the rows a bridge may count of it. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { ContentEncoding, ContentType, SignalName } from '../../src/model/signal.ts';

export interface Body {
  readonly name: string;
  readonly signal: SignalName;
  readonly type: ContentType;
  readonly encoding: ContentEncoding;
  readonly bytes: Buffer;
  /** Rows in it, where it is a request at all. */
  readonly rows: number;
}

const MIB = 1024 * 1024;
const text = (value: string) => Buffer.from(value);

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0));
    if (rest < 128) return Buffer.from(bytes);
  }
}

/** A field of wire type LEN. */
function field(number: number, ...parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([varint(number * 8 + 2), varint(length), ...parts]);
}

function fixed64(number: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(9, number * 8 + 1);
  bytes.writeBigUInt64LE(value, 1);
  return bytes;
}

const stringValue = (value: string) => field(1, text(value));
const attribute = (key: string, value: Buffer) => Buffer.concat([field(1, text(key)), field(2, value)]);

/** ExportLogsServiceRequest of one resource and scope. */
function logs(resource: Buffer, records: Buffer): Buffer {
  return field(1, field(1, resource), field(2, records));
}

function service(name: string): Buffer {
  return field(1, attribute('service.name', stringValue(name)));
}

/** `count` log records, all made of the same bytes. */
function sameRecords(count: number, record: Buffer): Buffer {
  return Buffer.alloc(count * record.length, record);
}

export function zeros(encoding: 'gzip' | 'zstd', megabytes: number): Body {
  return packed({ name: `${megabytes} MiB of zeros`, rows: 0 }, Buffer.alloc(megabytes * MIB), encoding);
}

/** Log records of two bytes each, which are columns of hundreds of bytes. */
export function emptyRecords(encoding: 'gzip' | 'zstd', count: number): Body {
  const body = logs(service('empty'), sameRecords(count, field(2)));
  return packed({ name: `${count} empty records`, rows: count }, body, encoding);
}

/** Every record carries the attributes of its resource: a few bytes a record become thousands. */
export function sharedAttributes(encoding: 'gzip' | 'zstd', attributes: number, count: number): Body {
  const list = Array.from({ length: attributes }, (_, i) => field(1, attribute(`shared.${i}`, stringValue(`v${i}`))));
  const body = logs(Buffer.concat(list), sameRecords(count, field(2)));
  return packed({ name: `${count} records under ${attributes} attributes`, rows: count }, body, encoding);
}

/** One large text that stands beside every record. */
export function sharedText(encoding: 'gzip' | 'zstd', textBytes: number, count: number): Body {
  const resource = field(1, attribute('shared.text', stringValue(randomText(textBytes))));
  const body = logs(resource, sameRecords(count, field(2)));
  return packed({ name: `${count} records under ${textBytes} bytes`, rows: count }, body, encoding);
}

/** One record whose attribute is an array in an array in an array. */
export function nestedProtobuf(levels: number): Body {
  let value = stringValue('deep');
  for (let i = 0; i < levels; i++) value = field(5, field(1, value));
  const body = logs(service('nested'), field(2, field(6, attribute('deep', value))));
  return { name: `${levels} levels`, signal: 'logs', type: 'protobuf', encoding: 'identity', bytes: body, rows: 1 };
}

export function nestedJson(levels: number): Body {
  const open = '{"arrayValue":{"values":['.repeat(levels);
  const close = ']}}'.repeat(levels);
  const record = `{"attributes":[{"key":"deep","value":${open}{"stringValue":"x"}${close}}]}`;
  const bytes = text(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`);
  return { name: `${levels} levels of JSON`, signal: 'logs', type: 'json', encoding: 'identity', bytes, rows: 1 };
}

/** `records` log records with `each` attributes whose keys and values are met nowhere else. */
export function distinctAttributes(records: number, each: number, salt: number): Body {
  const list: Buffer[] = [];
  for (let r = 0; r < records; r++) {
    const parts = [fixed64(1, now())];
    for (let a = 0; a < each; a++) {
      const id = `${salt}.${r}.${a}`;
      parts.push(field(6, attribute(`key.${id}`, stringValue(`value ${id}`))));
    }
    list.push(field(2, Buffer.concat(parts)));
  }
  const bytes = logs(service('distinct'), Buffer.concat(list));
  const name = `${records} x ${each} attributes`;
  return { name, signal: 'logs', type: 'protobuf', encoding: 'identity', bytes, rows: records };
}

/** A record for each of `hours` hours: each is a partition of its own. */
export function manyHours(hours: number, salt: number): Body {
  const hour = 3_600_000_000_000n;
  const records = Array.from({ length: hours }, (_, i) =>
    field(2, fixed64(1, now() - BigInt(i) * hour), field(5, stringValue(`record ${i} of ${salt}`))),
  );
  const bytes = logs(service('hours'), Buffer.concat(records));
  return { name: `${hours} hours`, signal: 'logs', type: 'protobuf', encoding: 'identity', bytes, rows: hours };
}

/** Records with bodies that do not compress. */
export function randomBodies(records: number, bodyBytes: number): Body {
  const list = Array.from({ length: records }, () =>
    field(2, fixed64(1, now()), field(5, stringValue(randomText(bodyBytes)))),
  );
  const bytes = logs(service('random'), Buffer.concat(list));
  const name = `${records} x ${bodyBytes} random bytes`;
  return { name, signal: 'logs', type: 'protobuf', encoding: 'identity', bytes, rows: records };
}

export function goodRequest(): Body {
  return { ...randomBodies(5, 40), name: 'good' };
}

function packed(about: { name: string; rows: number }, body: Buffer, encoding: 'gzip' | 'zstd'): Body {
  const bytes = encoding === 'gzip' ? gzipSync(body, { level: 1 }) : zstdCompressSync(body);
  return { ...about, name: `${about.name}, ${encoding}`, signal: 'logs', type: 'protobuf', encoding, bytes };
}

function randomText(bytes: number): string {
  const parts: string[] = [];
  for (let length = 0; length < bytes; length += 12)
    parts.push(Math.random().toString(36).slice(2, 14).padEnd(12, 'x'));
  return parts.join('').slice(0, bytes);
}

function now(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
