/** What a command says of a read when it is over, on standard error: rows go to standard output alone. */
import type { ReadSummary } from '../model/read-summary.ts';
import { countOf, showBytes, showCount } from './output.ts';

/** One JSON line with `json`; else a sentence where somebody sits at the terminal. Files left out are always named. */
export function reportSummary(summary: ReadSummary | undefined, json: boolean): void {
  if (summary === undefined) return;
  if (json) {
    write(JSON.stringify(summary));
    return;
  }
  for (const { message } of summary.skipped) write(`otel-lake: left out: ${message}`);
  const unnamed = summary.skippedFiles - summary.skipped.length;
  if (unnamed > 0) write(`otel-lake: left out: ${showCount(unnamed)} more files`);
  if (process.stderr.isTTY) write(sentence(summary));
}

function sentence({ rows, files, filesPruned, bytesRead, elapsedMs }: ReadSummary): string {
  const read = `${showCount(files)} of ${countOf(files + filesPruned, 'file')}`;
  return `${countOf(rows, 'row')} from ${read}, ${showBytes(bytesRead)} read, in ${(elapsedMs / 1000).toFixed(1)} s`;
}

function write(line: string): void {
  process.stderr.write(`${line}\n`);
}
