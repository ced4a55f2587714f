/** Case number N of a seed: always the same request, whoever makes it and whatever was made before. */
import type { ContentEncoding, ContentType, SignalName } from '../../src/model/signal.ts';
import type { Corpus } from './corpus.ts';
import { compress, mutateJson, mutateProtobuf } from './mutate.ts';
import { Random } from './random.ts';

export interface FuzzCase {
  readonly number: number;
  readonly signal: SignalName;
  readonly contentType: ContentType;
  readonly contentEncoding: ContentEncoding;
  readonly body: Uint8Array;
  /** What decompression must give, where that is known. */
  readonly plain: Uint8Array | undefined;
  /** It must be refused, whatever else is in it. */
  readonly isBad: boolean;
  readonly origin: string;
  readonly steps: readonly string[];
}

const WHOLE_ONE_IN = 4000;
const COMPRESSED_ONE_IN = 16;

export function makeCase(corpus: Corpus, seed: number, number: number): FuzzCase {
  const random = new Random(seed, number);
  const { file, signal, protobuf, json } = random.pick(random.oneIn(WHOLE_ONE_IN) ? corpus.whole : corpus.small);
  const contentType = random.oneIn(2) ? 'json' : 'protobuf';
  const compressed = random.oneIn(COMPRESSED_ONE_IN);
  const mutated = contentType === 'json' ? mutateJson(random, json) : mutateProtobuf(random, protobuf);
  const common = { number, signal, contentType, origin: file, isBad: false } as const;
  if (!compressed)
    return { ...common, contentEncoding: 'identity', body: mutated.body, plain: mutated.body, steps: mutated.steps };
  const { encoding, body, plain, isBad, steps } = compress(random, mutated.body);
  return { ...common, contentEncoding: encoding, body, plain, isBad, steps: [...mutated.steps, ...steps] };
}
