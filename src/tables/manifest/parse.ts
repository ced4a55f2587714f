/**
 * A manifest: which objects together are one table, as S3 Inventory writes it
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html):
 *
 *     { "sourceBucket": "…", "destinationBucket": "arn:aws:s3:::inventory", "version": "2016-11-30",
 *       "creationTimestamp": "1514944800000", "fileFormat": "Parquet", "fileSchema": "message s3.inventory { … }",
 *       "files": [{ "key": "data/a.parquet", "size": 56291, "MD5checksum": "825f24…" }] }
 *
 * `destinationBucket` holds the files: a bucket's name, its ARN, or `file:///folder/` for files on this machine.
 */
import { BridgeError } from '../../errors.ts';

export interface ManifestFile {
  /** In the destination bucket. */
  readonly key: string;
  readonly size: number;
  /** 32 hex digits; undefined where the manifest has none. */
  readonly md5: string | undefined;
}

export interface Manifest {
  readonly sourceBucket: string;
  readonly destinationBucket: string;
  readonly version: string;
  readonly creationTimestamp: string;
  readonly fileFormat: 'Parquet' | 'CSV';
  readonly fileSchema: string;
  readonly files: readonly ManifestFile[];
}

/** Bound on the text of a manifest: some 300 000 files. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;
/** Faults named in one error. */
const MAX_FAULTS = 10;
const MD5 = /^[0-9a-f]{32}$/i;
const FORMATS = ['Parquet', 'CSV', 'ORC'] as const;

/**
 * @param name of the manifest, for messages
 * @throws BridgeError, each with its own message: `unprocessable` for what is no JSON, has the wrong shape, is of another
 *   format, or names no files
 */
export function parseManifest(text: string, name: string): Manifest {
  const value = parseJson(text, name);
  if (!isObject(value)) throw wrongShape(name, [`it is ${kindOf(value)}, expected an object`]);
  const faults: string[] = [];
  const textOf = (key: string) => optionalText(value, key, faults);
  const destinationBucket = textOf('destinationBucket');
  if (!destinationBucket && value.destinationBucket === undefined) faults.push('destinationBucket is missing');
  const found = textOf('fileFormat');
  if (value.fileFormat === undefined) faults.push('fileFormat is missing');
  const files = filesOf(value.files, faults);
  const rest = {
    sourceBucket: textOf('sourceBucket'),
    version: textOf('version'),
    creationTimestamp: textOf('creationTimestamp'),
    fileSchema: textOf('fileSchema'),
  };
  if (faults.length > 0) throw wrongShape(name, faults);
  const fileFormat = formatOf(found, name);
  if (files.length === 0) {
    throw new BridgeError('unprocessable', `the manifest ${name} names no files: its list is empty`);
  }
  return { ...rest, destinationBucket, fileFormat, files };
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BridgeError('unprocessable', `the manifest ${name} is not JSON: ${reason.slice(0, 200)}`, {
      cause: error,
      hint: 'Name the manifest.json of an inventory, or what otel-lake manifest write has made.',
    });
  }
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'missing';
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'an object';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}

function optionalText(value: Json, key: string, faults: string[]): string {
  const found = value[key];
  if (found === undefined || typeof found === 'string') return found ?? '';
  faults.push(`${key} is ${kindOf(found)}, expected text`);
  return '';
}

function filesOf(value: unknown, faults: string[]): readonly ManifestFile[] {
  if (value === undefined) faults.push('files is missing');
  else if (!Array.isArray(value)) faults.push(`files is ${kindOf(value)}, expected a list`);
  return Array.isArray(value) ? value.flatMap((file, i) => fileOf(file, `files[${i}]`, faults) ?? []) : [];
}

function fileOf(value: unknown, at: string, faults: string[]): ManifestFile | undefined {
  if (!isObject(value)) {
    faults.push(`${at} is ${kindOf(value)}, expected an object`);
    return undefined;
  }
  const { key, size, MD5checksum: md5 } = value;
  if (typeof key !== 'string' || key === '') faults.push(`${at}.key is ${kindOf(key)}, expected the key of an object`);
  if (!Number.isSafeInteger(size) || (size as number) < 0) {
    faults.push(`${at}.size is ${JSON.stringify(size) ?? 'missing'}, expected a number of bytes`);
  }
  const isDigest = md5 === undefined || md5 === null || (typeof md5 === 'string' && MD5.test(md5));
  if (!isDigest) faults.push(`${at}.MD5checksum is ${JSON.stringify(md5).slice(0, 60)}, expected 32 hex digits`);
  return { key: key as string, size: size as number, md5: typeof md5 === 'string' ? md5.toLowerCase() : undefined };
}

function formatOf(text: string, name: string): Manifest['fileFormat'] {
  const format = FORMATS.find((known) => known.toLowerCase() === text.toLowerCase());
  if (format === 'Parquet' || format === 'CSV') return format;
  const found = format === 'ORC' ? 'ORC files' : `files of format "${text.slice(0, 60)}"`;
  throw new BridgeError('unprocessable', `the manifest ${name} is of ${found}, which cannot be read`, {
    hint: 'Parquet and CSV (gzip) can: let the inventory be written as Parquet.',
  });
}

function wrongShape(name: string, faults: readonly string[]): BridgeError {
  const more = faults.length > MAX_FAULTS ? `; and ${faults.length - MAX_FAULTS} more` : '';
  return new BridgeError('unprocessable', `${name} is no manifest: ${faults.slice(0, MAX_FAULTS).join('; ')}${more}`, {
    hint: 'A manifest has destinationBucket, fileFormat and files, each with key, size and MD5checksum.',
  });
}
