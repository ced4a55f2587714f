/**
 * A lane: the order of accept, journal, acknowledge and seal. It knows no threads; `app/lane-thread.ts` feeds it.
 *
 * A group of requests that waited together is decoded, written with one write and one fdatasync, and answered together
 * (group commit). A request that cannot be decoded is refused alone and leaves no row. When the journal fails, the whole
 * group is refused as `unavailable`, its rows are taken back, and the segment is sealed as far as it was durable.
 */
import { transferables } from '../batch/arrow.ts';
import { batchBytes } from '../batch/batch-bytes.ts';
import { createTableBuilder, type TableBuilder } from '../batch/builder.ts';
import type { Config } from '../config/types.ts';
import { toProtobuf } from '../decode/body.ts';
import { createDecoder, type Decoder } from '../decode/decoder.ts';
import type { DecodeResult } from '../decode/tally.ts';
import { BridgeError, type ErrorData, errorToData } from '../errors.ts';
import { type JournalRecord, MARK_BYTES } from '../journal/format.ts';
import { probeJournal } from '../journal/journal.ts';
import { createSegmentWriter, type SegmentWriter } from '../journal/segment-writer.ts';
import type { Batch } from '../model/batch.ts';
import { commitId } from '../model/commit.ts';
import type { Layout } from '../model/layout.ts';
import { withPromotions } from '../model/promote.ts';
import { createRowTally, type DecodedRows, type RowTally } from '../model/row-counts.ts';
import { SIGNAL_LIST, type SignalName } from '../model/signal.ts';
import { TABLES } from '../model/tables.ts';
import type { Clock, Randomness } from '../platform/clock.ts';
import type { Files } from '../platform/files.ts';
import { releaseBuffers, releaseMade } from '../platform/memory.ts';
import { fittingUnpackedBytes, memoryPlan } from './memory-plan.ts';
import type { ExportRequest, LaneAnswer, LaneRequest, SealedSegment, SealReason } from './messages.ts';

export interface LaneOptions {
  readonly config: Config;
  readonly layout: Layout;
  readonly files: Files;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Eight hex digits, new for each lane and start: part of its commit ids. */
  readonly node: string;
  readonly onSealed: (segment: SealedSegment, reason: SealReason) => void;
  /** Throws where the journal is another bridge's by now, see journal/lock.ts. */
  readonly checkOwner: () => void;
  /** What the process takes at the moment: a body is not unpacked to more than is left. */
  readonly residentBytes: () => number;
}

export interface Lane {
  /**
   * Handles a group; its answers are in order, and true only after the disk has the requests. Throws where the journal is
   * another's by now: nothing is answered then, and the lane must end with its rows, which the other one has read or not.
   */
  handle(group: readonly LaneRequest[]): LaneAnswer[];
  /** Closes the open segment and hands its rows on; returns its commit id, or undefined where nothing was open. */
  seal(reason: SealReason): string | undefined;
  /**
   * To be called now and then: seals by age, syncs where `journal.sync` is "interval", and tries a journal that failed:
   * a bridge that says it is not ready gets no requests to find out by.
   */
  tick(): void;
  readonly memoryBytes: number;
  readonly journalBytes: number;
  /** Why the journal cannot be written, from a write that failed to the next that does not. */
  readonly journalFailure: string | undefined;
  /** Repeated attribute keys left out since the start. */
  readonly duplicateKeys: number;
}

interface TableState {
  readonly builder: TableBuilder;
  readonly decoder: Decoder;
}

interface OpenSegment {
  readonly writer: SegmentWriter;
  readonly openedMs: number;
  /** Of answered requests. */
  readonly tally: RowTally;
  requests: number;
  /** Bytes of OTLP after decompression. */
  rawBytes: number;
}

/**
 * Text of a request's rows, with every value written out in each of its rows, for each byte a request may have. A long
 * text beside each of many rows is little on the wire and in a dictionary; its writer and readers go through all of it.
 */
const MAX_TEXT_TIMES = 64;

export function createLane(options: LaneOptions): Lane {
  const { config, layout, files, clock, randomness, node } = options;
  const tables = new Map(SIGNAL_LIST.map((signal) => [signal.name, createTableState(signal.name, layout)]));
  const plan = memoryPlan(config);
  const maxMemoryBytes = plan.laneBytes;
  const maxTextBytes = MAX_TEXT_TIMES * config.server.maxRequestBytes;
  let open: OpenSegment | undefined;
  let sequence = 0;
  let lastIdMs = 0;
  let duplicateKeys = 0;
  let journalFailure: string | undefined;

  function openSegment(): OpenSegment {
    lastIdMs = Math.max(lastIdMs, clock.nowMs()); // commit ids of a lane stay in order when the clock steps back
    const header = { commitId: commitId(lastIdMs, node, sequence++), mark: randomness.hex(MARK_BYTES), layout };
    const writer = createSegmentWriter(files, config.journal.path, header);
    return { writer, openedMs: clock.monotonicMs(), tally: createRowTally(), requests: 0, rawBytes: 0 };
  }

  function totalRows(): number {
    let rows = 0;
    for (const { builder } of tables.values()) rows += builder.rows;
    return rows;
  }

  function memoryBytes(): number {
    let bytes = 0;
    for (const { builder } of tables.values()) bytes += builder.memoryBytes;
    return bytes;
  }

  /** Each part ends where the lane is full: a group's requests can become far more than they were on the wire. */
  function handle(group: readonly LaneRequest[]): LaneAnswer[] {
    const answers: LaneAnswer[] = [];
    // The second look is the one that matters, the first one keeps requests that are refused out of the other's journal.
    options.checkOwner();
    while (answers.length < group.length) answers.push(...handlePart(group.slice(answers.length)));
    options.checkOwner();
    return answers;
  }

  /** Answers at least the first request, unless that has to wait for the rows before it to be sealed. */
  function handlePart(group: readonly LaneRequest[]): LaneAnswer[] {
    const answers: LaneAnswer[] = [];
    const records: JournalRecord[] = [];
    const decoded: { readonly signal: SignalName; readonly rows: DecodedRows }[] = [];
    const marks = [...tables.values()].map(({ builder }) => ({ builder, mark: builder.mark() }));
    let rawBytes = 0;
    let isFull = false;
    const receivedMs = clock.nowMs();
    for (const request of group) {
      try {
        const { signal } = request;
        const result = decode(request, receivedMs);
        if (result === 'full') {
          isFull = true;
          break;
        }
        duplicateKeys += result.duplicateKeys;
        const { accepted, rejected, reason, rejectedByKind } = result;
        const outcome = { accepted, rejected, reason, rejectedByKind };
        answers.push({ id: request.id, ok: true, outcome, commitId: undefined });
        if (accepted + rejected === 0) continue; // nothing to keep
        decoded.push({ signal, rows: result });
        records.push({ ...request, maxBytes: config.server.maxRequestBytes, receivedMs });
        rawBytes += result.rawBytes;
      } catch (error) {
        answers.push({ id: request.id, ok: false, error: errorToData(error) });
      }
      if (memoryBytes() >= maxMemoryBytes) break;
    }
    if (records.length > 0) open ??= openSegment();
    const segment = records.length > 0 ? open : undefined;
    if (segment) {
      try {
        segment.writer.append(records, config.journal.sync === 'always');
        journalFailure = undefined;
      } catch (error) {
        const refusal = journalError(error);
        journalFailure = refusal.message;
        for (const { builder, mark } of marks) builder.rollback(mark);
        if (segment.requests > 0) seal('journal_error');
        else abandon();
        return answers.map((answer) => (answer.ok ? { id: answer.id, ok: false, error: refusal } : answer));
      }
      segment.rawBytes += rawBytes;
      segment.requests += records.length;
      for (const { signal, rows } of decoded) segment.tally.add(signal, rows);
    }
    if (isFull) seal('memory');
    else sealIfFull();
    if (!segment) return answers;
    const { commitId } = segment.writer;
    return answers.map((answer) => (answer.ok ? { ...answer, commitId } : answer));
  }

  /**
   * The rows of a request; "full" where they find no room beside those that are held, and must come again after these
   * were sealed. Throws `too_large` where they find none alone, or are too much text.
   */
  function decode(request: ExportRequest, receivedMs: number): (DecodeResult & { rawBytes: number }) | 'full' {
    const { builder, decoder } = tables.get(request.signal)!;
    const protobuf = unpack(request);
    const rawBytes = protobuf.length;
    const heldRows = totalRows();
    const mark = builder.mark();
    let result: DecodeResult;
    try {
      result = decoder.decode(protobuf, receivedMs, askForRoom);
    } catch (error) {
      if (BridgeError.from(error).code !== 'too_large') throw error;
      if (heldRows > 0) return 'full';
      // What it filled is not counted any more, but would stay for the next rows.
      releaseBuffers(transferables(builder.finish()));
      throw error;
    } finally {
      releaseMade(protobuf, request.body);
    }
    if (builder.textBytes(mark) > maxTextBytes) {
      builder.rollback(mark);
      throw tooMuchText(maxTextBytes);
    }
    return { ...result, rawBytes };
  }

  /** Throws `overloaded` where the body may become more than the process has left, but no more than a body may. */
  function unpack({ signal, contentType, contentEncoding, body }: ExportRequest): Uint8Array {
    const { limits, server, operations } = config;
    const to = (maxBytes: number) => toProtobuf(body, { signal, contentType, contentEncoding, maxBytes, limits });
    if (contentEncoding === 'identity') return to(server.maxRequestBytes);
    const maxBytes = Math.min(server.maxRequestBytes, Math.floor(plan.unpackedBytes));
    const fittingBytes = Math.floor(fittingUnpackedBytes(plan, operations.lanes, options.residentBytes()));
    const isPassing = fittingBytes < maxBytes;
    if (!isPassing && maxBytes === server.maxRequestBytes) return to(maxBytes);
    try {
      return to(Math.min(fittingBytes, maxBytes));
    } catch (error) {
      if (BridgeError.from(error).code !== 'too_large') throw error;
      throw isPassing ? noRoomToUnpack(fittingBytes) : neverRoomToUnpack(maxBytes);
    }
  }

  function askForRoom(bytes: number): void {
    const neededBytes = memoryBytes() + bytes;
    if (neededBytes > maxMemoryBytes) throw tooLargeInMemory(neededBytes, maxMemoryBytes);
  }

  function sealIfFull(): void {
    if (!open) return;
    if (totalRows() >= config.flush.maxRows) seal('rows');
    else if (open.rawBytes >= config.flush.maxBytes) seal('bytes');
    else if (memoryBytes() >= maxMemoryBytes) seal('memory');
  }

  /** With "interval" the rows are acknowledged already: after a failed sync the batch in memory is what is left of them. */
  function syncOrSeal(writer: SegmentWriter): void {
    try {
      writer.sync();
    } catch (error) {
      journalFailure = journalError(error).message;
      seal('journal_error');
    }
  }

  function tryJournal(): void {
    try {
      probeJournal(files, config.journal.path);
      journalFailure = undefined;
    } catch (error) {
      journalFailure = journalError(error).message;
    }
  }

  /** Drops a segment that never held an acknowledged request. */
  function abandon(): void {
    if (!open) return;
    const { writer } = open;
    open = undefined;
    try {
      writer.close();
      files.remove(writer.path);
    } catch {
      // A disk that fails so may not let the file go; it holds no acknowledged request, and a replay finds that out.
    }
  }

  function seal(reason: SealReason): string | undefined {
    if (!open) return undefined;
    const { writer, tally } = open;
    const batches: Batch[] = [];
    for (const { builder } of tables.values()) if (builder.rows > 0) batches.push(builder.finish());
    if (config.journal.sync === 'interval' && reason !== 'journal_error') syncQuietly(writer);
    const { commitId, path, durableBytes: journalBytes, needsCopy } = writer;
    writer.close();
    open = undefined;
    const memoryBytes = batches.reduce((sum, batch) => sum + batchBytes(batch), 0);
    const counts = tally.counts();
    options.onSealed({ commitId, path, batches, counts, memoryBytes, journalBytes, needsCopy }, reason);
    return commitId;
  }

  return {
    handle,
    seal,
    tick() {
      if (journalFailure !== undefined) tryJournal();
      if (!open) return;
      if (clock.monotonicMs() - open.openedMs >= config.flush.maxAgeSeconds * 1000) seal('age');
      else if (config.journal.sync === 'interval') syncOrSeal(open.writer);
    },
    get memoryBytes() {
      return memoryBytes();
    },
    get journalBytes() {
      return open?.writer.durableBytes ?? 0;
    },
    get journalFailure() {
      return journalFailure;
    },
    get duplicateKeys() {
      return duplicateKeys;
    },
  };
}

/** The rows are on their way to the lake from memory; a failure here costs nothing unless the bridge ends before that. */
function syncQuietly(writer: SegmentWriter): void {
  try {
    writer.sync();
  } catch {
    // The next segment's first write says what is wrong.
  }
}

export function createTableState(signal: SignalName, layout: Layout): TableState {
  const promote = layout.promote[signal];
  const builder = createTableBuilder(withPromotions(TABLES[signal], promote));
  return { builder, decoder: createDecoder(signal, builder, { limits: layout.limits, promote }) };
}

function noRoomToUnpack(fittingBytes: number): BridgeError {
  const most = toMib(fittingBytes);
  return new BridgeError('overloaded', `the request becomes more than the ${most} MiB there is memory for just now`, {
    hint: 'Try again later, or send smaller batches; raise limits.memory_bytes where this goes on.',
    retryAfterMs: 1000,
  });
}

function neverRoomToUnpack(maxBytes: number): BridgeError {
  return new BridgeError('too_large', `the request becomes more than the ${toMib(maxBytes)} MiB there is memory for`, {
    hint: 'Send smaller batches, or raise limits.memory_bytes.',
  });
}

function tooMuchText(maxBytes: number): BridgeError {
  return new BridgeError('too_large', `the text of the request's rows, written out, is over ${toMib(maxBytes)} MiB`, {
    hint: 'Send fewer rows under a resource or metric with such long values, or raise server.max_request_bytes.',
  });
}

function toMib(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024);
}

function tooLargeInMemory(neededBytes: number, maxBytes: number): BridgeError {
  return new BridgeError(
    'too_large',
    `the request's rows take over ${toMib(neededBytes)} MiB; ${toMib(maxBytes)} are left for them`,
    {
      hint: 'Send smaller batches, or raise limits.memory_bytes.',
    },
  );
}

function journalError(cause: unknown): ErrorData {
  const text = cause instanceof Error ? cause.message : String(cause);
  return errorToData(
    new BridgeError('unavailable', `the journal cannot be written: ${text}`, {
      cause,
      hint: 'See that the disk of journal.path has room and is writable.',
      retryAfterMs: 5000,
    }),
  );
}
