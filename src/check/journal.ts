/** The journal's side of the ledger: segments left or open, and what was set aside. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Commits } from '../catalog/commits.ts';
import { BridgeError } from '../errors.ts';
import { createRecordDecoder } from '../ingest/replay.ts';
import { listSegments, quarantineFolder, segmentCommitId } from '../journal/journal.ts';
import { openSegment, type SegmentReader } from '../journal/segment-reader.ts';
import type { TableName } from '../model/signal.ts';
import type { Files } from '../platform/files.ts';
import type { Ledger } from './ledger.ts';
import type { Finding } from './types.ts';

/** Rows decoded before they are let go. */
const BATCH_ROWS = 10_000;
/** A lane has written a header, once begun, long before this. */
const HEADER_WRITE_MS = 500;

export function segmentIds(files: Files, journalPath: string): Set<string> {
  return new Set(listSegments(files, journalPath).map(segmentCommitId));
}

/**
 * Counts the rows of all segments that have no record. A running bridge writes, commits and removes segments meanwhile:
 * one that is gone is no finding, and one without a header is looked at again. Returns how many there are.
 */
export async function checkSegments(
  files: Files,
  journalPath: string,
  commits: Commits,
  ledger: Ledger,
  onFinding: (finding: Finding) => void,
): Promise<number> {
  const paths = listSegments(files, journalPath);
  for (const path of paths) {
    if (await isCommitted(commits, segmentCommitId(path))) {
      const message = 'its commit is complete: it is removed by the bridge, or by the next start';
      onFinding({ kind: 'segment', severity: 'note', at: path, message });
      continue;
    }
    let opened = tryToOpen(files, path);
    if (opened instanceof BridgeError) {
      await sleep(HEADER_WRITE_MS);
      opened = tryToOpen(files, path);
    }
    if (opened instanceof BridgeError) {
      const message = `${opened.message}; its rows are in no object`;
      onFinding({ kind: 'segment', severity: 'problem', at: path, message });
    } else if (opened) {
      const finding = readSegment(opened, ledger);
      opened.close();
      if (finding) onFinding(finding);
    }
  }
  return paths.length;
}

async function isCommitted(commits: Commits, commitId: string): Promise<boolean> {
  try {
    const record = await commits.read(commitId);
    return record !== undefined && !record.recovered;
  } catch (error) {
    if (BridgeError.from(error).code === 'corrupt') return false; // told where records are read
    throw error;
  }
}

/** Undefined where it is gone. */
function tryToOpen(files: Files, path: string): SegmentReader | BridgeError | undefined {
  try {
    return openSegment(files, path);
  } catch (error) {
    return BridgeError.from(error);
  }
}

function readSegment(reader: SegmentReader, ledger: Ledger): Finding | undefined {
  const decoder = createRecordDecoder(reader.header.layout);
  let undecodable = 0;
  for (const record of reader.records()) {
    if (!decoder.decode(record)) undecodable++;
    if (decoder.rows >= BATCH_ROWS) decoder.finish();
  }
  for (const [table, rows] of Object.entries(decoder.finish().counts)) {
    ledger.addRows(table as TableName, 'inJournal', rows.journalled);
  }
  const lost = reader.lostRecords + undecodable;
  const bytes = reader.damage.reduce((sum, { start, end }) => sum + end - start, 0);
  if (lost === 0 && bytes === 0) return undefined;
  // Bytes alone may be a request under way, or one that a crash has cut and nobody was told was stored.
  const what = `${bytes} bytes are no requests, ${lost} requests are known to be lost`;
  const message = `${what}; its commit keeps the others and sets those bytes aside`;
  return { kind: 'segment', severity: lost > 0 ? 'problem' : 'note', at: reader.path, message };
}

/** What earlier commits have set aside, for people: a whole segment means that none of its rows is in the lake. */
export function checkQuarantine(files: Files, journalPath: string, onFinding: (finding: Finding) => void): void {
  const folder = quarantineFolder(journalPath);
  for (const name of files.list(folder)) {
    const isWhole = name.endsWith('.segment');
    const message = isWhole
      ? 'a segment that could not be read was set aside here: its rows are in no object'
      : 'bytes of a segment that were no requests were set aside here';
    const severity = isWhole ? 'problem' : 'note';
    onFinding({ kind: 'quarantine', severity, at: join(folder, name), message });
  }
}
