/** The captured export requests of real SDKs, and the canonical items expected from them. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const FOLDER = new URL('../fixtures/otlp-samples/', import.meta.url);

export interface Sample {
  readonly file: string;
  readonly signal: 'traces' | 'logs' | 'metrics';
  readonly encoding: 'protobuf' | 'json';
  readonly items: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

export function readSamples(signal: Sample['signal']): Sample[] {
  return readLines(readFileSync(new URL('manifest.jsonl', FOLDER), 'utf8'))
    .map((entry) => entry as unknown as Sample)
    .filter((entry) => entry.signal === signal)
    .map((entry) => ({ ...entry, body: new Uint8Array(readFileSync(new URL(entry.file, FOLDER))) }));
}

/** Canonical items of all files (README.md of the fixtures), 64-bit numbers as text, by file. */
export function readExpected(signal: Sample['signal']): Map<string, Record<string, unknown>[]> {
  const lines = readLines(gunzipSync(readFileSync(new URL('expected.jsonl.gz', FOLDER))).toString());
  return Map.groupBy(
    lines.filter((line) => line.signal === signal),
    (line) => line.file as string,
  );
}

function readLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
