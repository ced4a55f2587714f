/** The captured requests as seeds: each cut down to a few rows, in protobuf and in JSON, and whole. */
import { otlpJsonToProtobuf } from '../../src/decode/json.ts';
import { toOtlpJson } from '../../src/decode/json-writer.ts';
import { MESSAGES, type MessageDescriptor, SERVICE_MESSAGES } from '../../src/decode/messages.ts';
import { decode, encode, type PlainMessage, type PlainValue } from '../../src/decode/protobuf-writer.ts';
import type { SignalName } from '../../src/model/signal.ts';
import { sampleBody, sampleList } from '../decode/canonical.ts';
import { jsonSpans } from './json-spans.ts';
import type { JsonText } from './mutate.ts';
import { type WireTree, wireTree } from './wire-tree.ts';

export interface Seed {
  readonly file: string;
  readonly signal: SignalName;
  readonly protobuf: WireTree;
  readonly json: JsonText;
}

export interface Corpus {
  readonly small: readonly Seed[];
  /** As they were captured; for one in some thousand cases. */
  readonly whole: readonly Seed[];
}

/** Small requests are many times faster to try, and what they lack in size the whole ones have. */
const KEPT_PER_LIST: Readonly<Record<string, number>> = { KeyValue: 6, AnyValue: 4 };
const KEPT_OTHERS = 2;
const KEPT_CHARACTERS = 120;
const MAX_WHOLE_BYTES = 200_000;

export function loadCorpus(signals: readonly SignalName[]): Corpus {
  const samples = sampleList().filter(({ signal }) => signals.includes(signal));
  const small: Seed[] = [];
  const whole: Seed[] = [];
  const known = new Set<string>();
  for (const { file, signal, encoding } of samples) {
    const body = sampleBody(file);
    const request = SERVICE_MESSAGES[signal].request;
    const bytes = encoding === 'json' ? otlpJsonToProtobuf(signal, body, { maxNesting: 32 }) : body;
    const message = decode(request, bytes);
    const cut = cutDown(MESSAGES[request], message);
    const cutBytes = encode(request, cut);
    const key = Buffer.from(cutBytes).toString('latin1');
    if (!known.has(key)) small.push(seed(file, signal, cutBytes, toOtlpJson(request, cut)));
    known.add(key);
    if (body.length <= MAX_WHOLE_BYTES) {
      const text = encoding === 'json' ? Buffer.from(body).toString() : toOtlpJson(request, message);
      whole.push(seed(file, signal, bytes, text));
    }
  }
  return { small, whole };
}

function seed(file: string, signal: SignalName, bytes: Uint8Array, text: string): Seed {
  return {
    file,
    signal,
    protobuf: wireTree(SERVICE_MESSAGES[signal].request, bytes),
    json: { text, spans: jsonSpans(text) },
  };
}

function cutDown(descriptor: MessageDescriptor, message: PlainMessage): PlainMessage {
  const result: PlainMessage = {};
  for (const field of descriptor.fields) {
    const value = message[field.jsonName];
    if (value === undefined) continue;
    const inside = (item: PlainValue): PlainValue => {
      if (field.message) return cutDown(field.message, item as PlainMessage);
      return typeof item === 'string' ? item.slice(0, KEPT_CHARACTERS).toWellFormed() : item;
    };
    if (field.repeated) {
      const kept = field.message ? (KEPT_PER_LIST[field.message.name] ?? KEPT_OTHERS) : 8;
      result[field.jsonName] = (value as PlainValue[]).slice(0, kept).map(inside);
    } else result[field.jsonName] = inside(value);
  }
  return result;
}
