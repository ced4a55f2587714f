/**
 * What senders know of their requests. A try that is `open` was begun and not answered yet; `unknown` is one whose
 * connection broke: its rows may be stored, once and whole. Every change is also a line of a file, to look at later.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { SignalName } from '../../src/model/signal.ts';
import { type SendKey, sendId } from './sent-rows.ts';

export type Outcome = 'open' | 'acknowledged' | 'refused' | 'unknown';

export interface Entry {
  readonly signal: SignalName;
  readonly rows: number;
  /** Rows sent to be rejected beside the others. */
  readonly flawed: number;
  outcome: Outcome;
}

export interface Ledger {
  begin(signal: SignalName, send: SendKey, flawed: number): string;
  end(send: string, outcome: Exclude<Outcome, 'open'>, why?: string): void;
  readonly entries: ReadonlyMap<string, Readonly<Entry>>;
  /** Tries with this outcome so far. */
  count(outcome: Outcome): number;
  /** All tries acknowledged so far, as a copy. */
  acknowledged(): string[];
  close(): void;
}

export function createLedger(file: string): Ledger {
  const fd = openSync(file, 'ax');
  const entries = new Map<string, Entry>();
  const counts: Record<Outcome, number> = { open: 0, acknowledged: 0, refused: 0, unknown: 0 };

  return {
    begin(signal, key, flawed) {
      const send = sendId(key);
      if (entries.has(send)) throw new Error(`${send} was sent before`);
      entries.set(send, { signal, rows: key.rows, flawed, outcome: 'open' });
      counts.open++;
      writeSync(fd, `${new Date().toISOString()} ${signal} ${send} open\n`);
      return send;
    },
    end(send, outcome, why = '') {
      entries.get(send)!.outcome = outcome;
      counts.open--;
      counts[outcome]++;
      writeSync(fd, `${new Date().toISOString()} ${send} ${outcome} ${why}\n`);
    },
    entries,
    count: (outcome) => counts[outcome],
    acknowledged: () => [...entries].flatMap(([send, { outcome }]) => (outcome === 'acknowledged' ? [send] : [])),
    close: () => closeSync(fd),
  };
}
