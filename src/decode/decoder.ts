/**
 * Export requests to rows, one function a signal behind one table. A request is taken with all rows that can be taken, or
 * it throws and leaves the builder as it was.
 */
import type { TableBuilder } from '../batch/builder.ts';
import { withGrowthGuard } from '../batch/bytes.ts';
import { BridgeError } from '../errors.ts';
import type { SignalName } from '../model/signal.ts';
import { Context } from './context.ts';
import { createLogReader } from './logs.ts';
import { createMetricReader } from './metrics.ts';
import { type CreateRowReader, type RowOptions, readRequest } from './request.ts';
import { type DecodeResult, Tally } from './tally.ts';
import { createSpanReader } from './traces.ts';
import { WireReader } from './wire.ts';

interface SignalDecoder {
  /** Name of the request message, for errors. */
  readonly request: string;
  readonly createRowReader: CreateRowReader;
}

const SIGNAL_DECODERS: Readonly<Record<SignalName, SignalDecoder>> = {
  traces: { request: 'ExportTraceServiceRequest', createRowReader: createSpanReader },
  logs: { request: 'ExportLogsServiceRequest', createRowReader: createLogReader },
  metrics: { request: 'ExportMetricsServiceRequest', createRowReader: createMetricReader },
};

export interface Decoder {
  /**
   * Appends the rows of one export request in protobuf to the builder. Throws `invalid_argument` for a body that is no
   * such request, `too_large` where the batch would grow over what its offsets can hold, and what `guard` throws when
   * it is asked for more memory (see `withGrowthGuard`); the builder is then as before. The body is not kept.
   * `receivedMs` is what the window of the limits is measured from; without it any time is taken.
   */
  decode(body: Uint8Array, receivedMs?: number, guard?: (bytes: number) => void): DecodeResult;
}

/** A decoder into `builder`, whose schema is the signal's table with the columns of `options.promote`. */
export function createDecoder(signal: SignalName, builder: TableBuilder, options: RowOptions): Decoder {
  const { request, createRowReader } = SIGNAL_DECODERS[signal];
  const tally = new Tally();
  const context = new Context(builder, options.limits);
  const rowReader = createRowReader(builder, context, tally, options);
  const lists = [...context.attributeLists, ...rowReader.attributeLists];

  return {
    decode(body, receivedMs = Number.NaN, guard = () => {}) {
      const mark = builder.mark();
      tally.begin(options.limits, receivedMs);
      for (const list of lists) list.duplicates = 0;
      try {
        rowReader.beginRequest();
        withGrowthGuard(guard, () => readRequest(new WireReader(body, request), context, rowReader.readItem));
      } catch (thrown) {
        builder.rollback(mark);
        throw inRequest(thrown, request);
      }
      return tally.result(lists.reduce((sum, list) => sum + list.duplicates, 0));
    },
  };
}

/** Errors of the interner know the byte but not the request. */
function inRequest(thrown: unknown, request: string): BridgeError {
  const error = BridgeError.from(thrown);
  if (error.code !== 'invalid_argument' || error.message.startsWith(request)) return error;
  return new BridgeError(error.code, `${request}: ${error.message}`, { hint: error.hint, cause: error });
}
