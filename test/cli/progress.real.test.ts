/** Progress of the commands over files: bars on a real terminal, and nothing of them anywhere else. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { convert } from '../../src/tables/convert/convert.ts';
import { convertOptions } from '../../src/tables/convert/options.ts';
import { writeManifest } from '../../src/tables/manifest/write.ts';
import { runCli } from '../support/cli.ts';
import { MAIN } from '../support/daemon.ts';
import { tempFolder } from '../support/temp.ts';
import { runOnTerminal } from '../support/terminal.ts';
import { realCsv } from '../tables/real-csv.ts';

const BAR = /[█░]{24} \d+ % /;
const ESCAPE = '\u001b';

/** Behind the last bar its line is cleared, and the cursor is back. */
function assertCleared(terminal: string): void {
  const end = terminal.slice(Math.max(terminal.lastIndexOf('█'), terminal.lastIndexOf('░')));
  assert.ok(end.includes(`${ESCAPE}[2K`), end);
  assert.ok(end.includes(`${ESCAPE}[?25h`), end);
}

describe('progress', () => {
  const folder = tempFolder({ after: (run) => after(run as () => void) });
  const csv = join(folder, 'csv');
  const parquet = join(folder, 'parquet');
  const schema = join(folder, 'schema.toml');
  const at = (name: string) => join(folder, name);

  before(async () => {
    mkdirSync(csv);
    for (const name of ['stocks.csv', 'airports.csv']) copyFileSync(realCsv(name), join(csv, name));
    const names = ['symbol', 'date', 'price'].map((name) => `[[fields]]\nname = "${name}"\ntype = "string"\n`);
    writeFileSync(schema, names.join(''));
    mkdirSync(parquet);
    await convert(convertOptions({ sources: [`${csv}/`], to: at('made') }));
    for (const name of ['1', '2']) copyFileSync(at('made/stocks.parquet'), join(parquet, `${name}.parquet`));
    await writeManifest(`${parquet}/`, { to: at('manifest.json') });
  });

  const commands: Record<string, { readonly args: () => readonly string[]; readonly text: RegExp }> = {
    convert: {
      args: () => ['convert', `${csv}/`, '--to', at('converted'), '--force'],
      text: /file 2\/2, 3,936 rows, .* MB\/s, 0 S3 calls/,
    },
    import: {
      args: () => ['import', '--schema', schema, '--to', at('imported.parquet'), join(csv, 'stocks.csv')],
      text: /0 rows, 12\.0 KiB read/,
    },
    upload: { args: () => ['upload', csv, '--to', at('uploaded/')], text: /file 2\/2, [\d.]+ KiB/ },
    'manifest read': { args: () => ['manifest', 'read', at('manifest.json')], text: /file 2\/2, 1,120 rows, / },
    scan: { args: () => ['scan', parquet, '--select', 'symbol', '--limit', '3'], text: /opening file 2\/2/ },
  };

  for (const [name, { args, text }] of Object.entries(commands)) {
    test(`${name} draws a bar on standard error where that is a terminal, and nothing of it anywhere else`, async () => {
      const shown = await runOnTerminal([process.execPath, MAIN, ...args()], { pipesOutput: true });
      const { terminal } = shown;
      assert.equal(shown.code, 0, terminal);
      assert.match(terminal, BAR);
      assert.match(terminal, text);
      assertCleared(terminal);
      const piped = await runCli(args());
      assert.equal(piped.code, 0, piped.stderr);
      assert.ok(!`${piped.stdout}${piped.stderr}`.includes(ESCAPE));
      assert.doesNotMatch(`${piped.stdout}${piped.stderr}`, /[█░]|checking|opening/);
      const figures = /[\d.]+ (s|MB\/s|rows\/s|KiB)|[\d,]+ rows\/s|│ *[\d.]+ *│$/gm;
      assert.equal(shown.stdout.replace(figures, '#'), piped.stdout.replace(figures, '#'));
    });
  }

  test('where output and progress share a terminal the line of the bar is gone before the report', async () => {
    const { code, terminal } = await runOnTerminal([process.execPath, MAIN, 'manifest', 'read', at('manifest.json')]);
    assert.equal(code, 0, terminal);
    assert.match(terminal, BAR);
    assertCleared(terminal.slice(0, terminal.indexOf('column')));
    // At the end of the process the cursor is shown once more, whatever was before.
    const report = terminal.slice(terminal.indexOf('column')).replaceAll(`${ESCAPE}[?25h`, '');
    assert.ok(!report.includes(ESCAPE), report);
  });

  test('rows on a terminal have no bar between them', async () => {
    const args = ['scan', parquet, '--select', 'symbol', '--format', 'csv'];
    const { terminal } = await runOnTerminal([process.execPath, MAIN, ...args]);
    assert.doesNotMatch(terminal, /[█░]/);
    assert.equal(terminal.match(/MSFT/g)?.length, 2 * 123);
  });

  test('Ctrl-C typed into the terminal ends a command with its bar, and leaves nothing', async () => {
    const large = at('large.csv');
    writeFileSync(large, `a,b\n${'1,some text\n'.repeat(4_000_000)}`);
    const args = ['convert', large, '--to', at('broken/'), '--formats', 'parquet,avro'];
    const { code, terminal } = await runOnTerminal([process.execPath, MAIN, ...args], { interruptAt: '█' });
    assert.equal(code, 1, terminal);
    assert.ok(!readdirSync(folder).includes('broken'));
    assertCleared(terminal);
  });
});
