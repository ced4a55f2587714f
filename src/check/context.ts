/** What every part of a check is handed. */
import type { Commits } from '../catalog/commits.ts';
import type { LifecycleRule } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files } from '../platform/files.ts';
import type { ObjectStore } from '../store/store.ts';
import { createExpiry, type Expiry } from './expiry.ts';
import type { Ledger } from './ledger.ts';
import { type Examined, examine } from './object.ts';
import type { CheckHooks, CheckOptions, Finding, FindingKind } from './types.ts';

export interface CheckDeps {
  readonly store: ObjectStore;
  readonly commits: Commits;
  readonly files: Files;
  readonly clock: Clock;
  readonly journalPath: string;
  /** Rules by which files of the lake go away without a receipt. */
  readonly lifecycle?: readonly LifecycleRule[];
}

export interface CheckContext extends CheckDeps {
  readonly options: CheckOptions;
  readonly hooks: CheckHooks;
  readonly ledger: Ledger;
  readonly expiry: Expiry;
  report(finding: Finding): void;
  problem(kind: FindingKind, at: string, message: string, repaired?: string): void;
  note(kind: FindingKind, at: string, message: string): void;
  /** Looks into an object. Damage is reported. */
  examine(object: { readonly key: string; readonly size: number }): Promise<Examined | 'damaged' | 'gone'>;
  isYoung(modifiedMs: number): boolean;
}

export function createContext(deps: CheckDeps, options: CheckOptions, hooks: CheckHooks, ledger: Ledger): CheckContext {
  const { store, clock } = deps;
  const context: CheckContext = {
    ...deps,
    options,
    hooks,
    ledger,
    expiry: createExpiry(deps.lifecycle ?? []),
    report: (finding) => hooks.onFinding(finding),
    problem(kind, at, message, repaired) {
      const done = repaired === undefined ? {} : { repaired };
      hooks.onFinding({ kind, severity: 'problem', at, message, ...done });
    },
    note: (kind, at, message) => hooks.onFinding({ kind, severity: 'note', at, message }),
    async examine(object) {
      ledger.objects++;
      ledger.bytes += object.size;
      hooks.onProgress(ledger.objects, ledger.commits);
      try {
        return await examine(store, object, options.deep, hooks.signal);
      } catch (thrown) {
        const error = BridgeError.from(thrown);
        if (error.code === 'not_found') return 'gone';
        if (error.code !== 'corrupt') throw error;
        context.problem('content', object.key, error.message);
        return 'damaged';
      }
    },
    isYoung: (modifiedMs) => clock.nowMs() - modifiedMs < options.minAgeMs,
  };
  return context;
}
