/** Options of commands that read CSV. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { OnInvalid, TextRules } from '../records/record-types.ts';
import type { CsvOptions } from '../tables/csv/open.ts';
import { collect } from './row-options.ts';

export interface CsvCommandOptions {
  readonly delimiter?: string;
  readonly quote?: string;
  readonly escape?: string;
  /** `--header` and `--no-header`; neither: it is told by the rows. */
  readonly header?: boolean;
  readonly encoding?: string;
  readonly sampleRows?: number;
  readonly schema?: string;
  readonly onInvalid: OnInvalid;
  readonly nullText: readonly string[];
  readonly truncate?: boolean;
}

export function withCsv(command: Command): Command {
  return command
    .option('--schema <file>', 'columns and their types, in TOML or JSON (default: told by the first rows)')
    .addOption(
      new Option(
        '--on-invalid <rule>',
        'rows that do not fit: fail, skip (leave out and keep beside) or null the value',
      )
        .choices(['fail', 'skip', 'null'])
        .default('fail'),
    )
    .option('--null-text <text>', 'cells that stand for null, may be repeated (default: the empty one)', collect, [])
    .option('--truncate', 'cut off digits of times beyond what the column holds, instead of refusing them')
    .option('--delimiter <character>', 'between cells, "tab" for a tab (default: told by the text)', delimiter)
    .option('--quote <character>', 'around cells (default: told by the text)', character)
    .option('--escape <character>', 'before quotes within quotes (default: the quote itself)', character)
    .option('--header', 'the first row holds the names (default: told by the rows)')
    .option('--no-header', 'the first row is a row like the others')
    .option('--encoding <name>', 'of the text: utf8, windows-1252, utf-16le … (default: told by the bytes)')
    .option('--sample-rows <rows>', 'rows that types are inferred from (default: 10000)', positive);
}

export function csvOptionsOf(options: CsvCommandOptions): CsvOptions {
  const { quote, encoding, sampleRows } = options;
  return {
    delimiter: options.delimiter,
    quote,
    escape: options.escape,
    hasHeader: options.header,
    encoding,
    sampleRows,
  };
}

export function textRulesOf({ nullText }: CsvCommandOptions): TextRules {
  return { nullTexts: nullText.length > 0 ? nullText : [''], trim: true };
}

export function positive(text: string): number {
  if (!/^[1-9]\d{0,11}$/.test(text)) throw new InvalidArgumentError('a whole number of at least 1 is expected.');
  return Number(text);
}

function character(text: string): string {
  if (text.length !== 1) throw new InvalidArgumentError('one character is expected.');
  return text;
}

function delimiter(text: string): string {
  return /^(tab|\\t)$/i.test(text) ? '\t' : character(text);
}
