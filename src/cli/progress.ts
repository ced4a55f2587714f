/** How far a command is, on standard error where that is a terminal, and nowhere else: a bar, or a line that changes. */
import { Presets, SingleBar } from 'cli-progress';
import ora from 'ora';

export interface Progress {
  /** @param share of all that is to be done, 0 to 1: drawn as a bar. Absent where nobody knows it. */
  update(text: string, share?: number): void;
  /** Asks so often by itself, for work that does not tell how far it is. */
  follow(figures: () => { readonly text: string; readonly share?: number | undefined }): void;
  /** Clears the line. May be called twice. */
  done(): void;
}

const BAR_COLUMNS = 24;
/** A bar counts in whole steps. */
const STEPS = 10_000;
const FOLLOW_MS = 100;

const NOTHING: Progress = { update() {}, follow() {}, done() {} };

/** Nothing also on a terminal that does not know its width. */
export function startProgress(text: string): Progress {
  // On a terminal of 0 columns the spinner would take its line for infinitely many, and clear them all.
  if (process.stderr.isTTY !== true || !(process.stderr.columns > 0)) return NOTHING;
  // In raw mode, which discarding input needs, Ctrl-C would be a character.
  const spinner = ora({ text, stream: process.stderr, discardStdin: false }).start();
  let bar: SingleBar | undefined;
  let timer: NodeJS.Timeout | undefined;

  function update(next: string, share?: number): void {
    if (share === undefined || Number.isNaN(share)) {
      bar?.stop();
      bar = undefined;
      spinner.text = next;
      if (!spinner.isSpinning) spinner.start();
      return;
    }
    if (bar === undefined) {
      spinner.stop();
      bar = startBar(next);
    }
    bar.update(Math.round(Math.min(1, Math.max(0, share)) * STEPS), { text: next });
  }

  return {
    update,
    follow(figures) {
      clearInterval(timer);
      timer = setInterval(() => {
        const { text: next, share } = figures();
        update(next, share);
      }, FOLLOW_MS);
    },
    done() {
      clearInterval(timer);
      bar?.stop();
      bar = undefined;
      if (spinner.isSpinning) spinner.stop();
    },
  };
}

/** The same beside rows: nothing where they go to the terminal too, the two would stand in each other's way. */
export function startProgressBeside(text: string, out: string | undefined): Progress {
  return out === undefined && process.stdout.isTTY ? NOTHING : startProgress(text);
}

function startBar(text: string): SingleBar {
  const options = {
    stream: process.stderr,
    format: '{bar} {percentage} % {text}, {eta_formatted} left',
    barsize: BAR_COLUMNS,
    clearOnComplete: true,
    hideCursor: true,
    gracefulExit: false, // Ctrl-C is the command's own
  };
  const bar = new SingleBar(options, Presets.shades_classic);
  bar.start(STEPS, 0, { text });
  return bar;
}
