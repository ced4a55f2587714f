/** Options of a conversion, completed by defaults. */
import { availableParallelism } from 'node:os';
import { parseConfig } from '../../config/load.ts';
import type { Config } from '../../config/types.ts';
import { packageVersion } from '../../platform/version.ts';
import { DEFAULT_TEXT_RULES } from '../../records/text-rules.ts';
import type { ConvertOptions } from './types.ts';

export type ConvertInput = Pick<ConvertOptions, 'sources' | 'to'> & {
  readonly [K in keyof ConvertOptions]?: ConvertOptions[K] | undefined;
};

/**
 * Outputs of less than this go to S3 in one request, others in parts of half of it. It is what each output may hold in
 * memory, so it is less than what the lake's own writers take.
 */
export const MULTIPART = { thresholdMb: 32, partSizeMb: 16 };

/** @param config its [parquet] and connection are taken where nothing else is said */
export function convertOptions(input: ConvertInput, config?: Config): ConvertOptions {
  const known = config ?? parseConfig('', 'the defaults', {});
  return {
    sources: input.sources,
    manifest: input.manifest,
    to: input.to,
    formats: input.formats ?? ['parquet'],
    connection: { config, multipart: MULTIPART, ...input.connection },
    maxWorkers: input.maxWorkers ?? availableParallelism(),
    force: input.force ?? false,
    csv: input.csv ?? {},
    schema: input.schema,
    onInvalid: input.onInvalid ?? 'fail',
    text: input.text ?? DEFAULT_TEXT_RULES,
    truncate: input.truncate ?? false,
    parquet: input.parquet ?? known.parquet,
    avro: input.avro ?? { codec: 'deflate' },
    version: input.version ?? packageVersion(),
  };
}
