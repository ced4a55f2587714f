/** The client of the oracle (main.go): builds it once where it is missing, then asks it over its pipes in batches. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ContentType, SignalName } from '../../src/model/signal.ts';

const SOURCES = ['go.mod', 'go.sum', 'main.go', 'signals.go', 'content.go', 'highbits.go'];
const SIGNAL_BYTES: Readonly<Record<SignalName, number>> = { traces: 0, logs: 1, metrics: 2 };
const CASE_HEAD_BYTES = 6;
const ANSWER_HEAD_BYTES = 25;

export interface OracleCase {
  readonly signal: SignalName;
  readonly contentType: ContentType;
  /** Without Content-Encoding. */
  readonly body: Uint8Array;
}

/** What one parser says. */
export interface Verdict {
  readonly accepted: boolean;
  /** Empty where it accepts. */
  readonly error: string;
  /** Spans, log records or data points; 0 where it refuses. */
  readonly rows: number;
}

export interface OracleAnswer {
  /** The Collector's parser. */
  readonly pdata: Verdict;
  /** protobuf-go; for JSON it reads what pdata made of it, so that it says nothing where pdata refuses. */
  readonly reference: Verdict;
  /** Hash of the request as pdata writes it again. */
  readonly canonical: bigint;
  /** Sum of a hash for each row with its resource and scope, by the reference: without order and grouping. */
  readonly content: bigint;
  /** Fields that only the profiles signal needs. */
  readonly usesProfiles: boolean;
  /** The reference has read a body in which bits were cleared, so that `content` may be that of another request. */
  readonly mended: boolean;
}

export interface Oracle {
  ask(cases: readonly OracleCase[]): Promise<OracleAnswer[]>;
  close(): Promise<void>;
}

/**
 * Path of the oracle for tests, which are skipped where it is undefined: there is no Go to build it. With CI=true in the
 * environment that is an error: a CI that silently tests less is worse than a red one.
 */
export function oracleForTests(): string | undefined {
  try {
    return buildOracle();
  } catch (thrown) {
    if (process.env.CI === 'true') throw thrown;
    console.error(`\n*** SKIPPED: tests before the oracle do not run: ${(thrown as Error).message} ***\n`);
    return undefined;
  }
}

/**
 * Path of the oracle's binary, which is built into the user's cache under a name made from its sources. Throws where it
 * is not there and cannot be built.
 */
export function buildOracle(): string {
  const source = fileURLToPath(new URL('.', import.meta.url));
  const hash = createHash('sha256');
  for (const file of SOURCES) hash.update(readFileSync(join(source, file)));
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'otel-lake-bridge');
  const binary = join(folder, `oracle-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${binary}.${process.pid}`;
  try {
    execFileSync('go', ['build', '-o', unfinished, '.'], { cwd: source, stdio: ['ignore', 'inherit', 'inherit'] });
  } catch (cause) {
    throw new Error('the oracle cannot be built, which takes Go (https://go.dev/dl/) and a module proxy', { cause });
  }
  renameSync(unfinished, binary);
  return binary;
}

export function startOracle(binary: string): Oracle {
  const child = spawn(binary, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const answers = createAnswerReader(child);
  return {
    async ask(cases) {
      if (cases.length === 0) return [];
      const pending = answers.next(cases.length);
      child.stdin.write(encodeCases(cases));
      return pending;
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

function encodeCases(cases: readonly OracleCase[]): Buffer {
  const bytes = cases.reduce((sum, { body }) => sum + CASE_HEAD_BYTES + body.length, 0);
  const out = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const { signal, contentType, body } of cases) {
    out[at] = SIGNAL_BYTES[signal];
    out[at + 1] = contentType === 'json' ? 1 : 0;
    out.writeUInt32LE(body.length, at + 2);
    out.set(body, at + CASE_HEAD_BYTES);
    at += CASE_HEAD_BYTES + body.length;
  }
  return out;
}

interface Waiting {
  readonly count: number;
  readonly answers: OracleAnswer[];
  readonly resolve: (answers: OracleAnswer[]) => void;
  readonly reject: (error: Error) => void;
}

/** Hands out the answers on stdout in the order they are asked for. */
function createAnswerReader(child: ChildProcess) {
  const queue: Waiting[] = [];
  let left: Buffer = Buffer.alloc(0);
  let failure: Error | undefined;

  function fail(error: Error): void {
    failure ??= error;
    for (const { reject } of queue.splice(0)) reject(failure);
  }

  child.once('error', fail);
  child.once('close', (code) => fail(new Error(`the oracle ended with ${code}`)));
  child.stdin!.once('error', fail);
  child.stdout!.on('data', (chunk: Buffer) => {
    left = left.length === 0 ? chunk : Buffer.concat([left, chunk]);
    let at = 0;
    for (let size = answerSize(left, at); size > 0; size = answerSize(left, at)) {
      const first = queue[0]!;
      first.answers.push(decodeAnswer(left, at));
      at += size;
      if (first.answers.length === first.count) queue.shift()!.resolve(first.answers);
    }
    left = left.subarray(at);
  });

  return {
    next(count: number): Promise<OracleAnswer[]> {
      return new Promise((resolve, reject) => {
        if (failure) reject(failure);
        else queue.push({ count, answers: [], resolve, reject });
      });
    },
  };
}

/** Bytes of the answer at `at`, or 0 where it is not complete. */
function answerSize(bytes: Buffer, at: number): number {
  let end = at + ANSWER_HEAD_BYTES;
  for (let texts = 0; texts < 2; texts++) {
    if (end + 2 > bytes.length) return 0;
    end += 2 + bytes.readUInt16LE(end);
  }
  return end <= bytes.length ? end - at : 0;
}

function decodeAnswer(bytes: Buffer, at: number): OracleAnswer {
  const bits = bytes[at]!;
  const pdataEnd = at + ANSWER_HEAD_BYTES + 2 + bytes.readUInt16LE(at + ANSWER_HEAD_BYTES);
  const referenceEnd = pdataEnd + 2 + bytes.readUInt16LE(pdataEnd);
  return {
    pdata: {
      accepted: (bits & 1) !== 0,
      error: bytes.toString('utf8', at + ANSWER_HEAD_BYTES + 2, pdataEnd),
      rows: bytes.readUInt32LE(at + 1),
    },
    reference: {
      accepted: (bits & 2) !== 0,
      error: bytes.toString('utf8', pdataEnd + 2, referenceEnd),
      rows: bytes.readUInt32LE(at + 5),
    },
    canonical: bytes.readBigUInt64LE(at + 9),
    content: bytes.readBigUInt64LE(at + 17),
    usesProfiles: (bits & 4) !== 0,
    mended: (bits & 8) !== 0,
  };
}
