/** What a lake costs, as plain data. Money is in the currency of the price table, sizes in bytes as stored. */
import type { StoreRequests } from '../telemetry/store-tally.ts';

/** Objects of one partition in one storage class. */
export interface StoredRow {
  /** A table, "_lake" for bookkeeping, "" for what is neither. */
  readonly table: string;
  readonly partition: string;
  readonly storageClass: string;
  readonly files: number;
  readonly bytes: number;
  /** For a month as it is; null where the class has no price. */
  readonly monthly: number | null;
}

export interface RequestRow extends StoreRequests {
  readonly soFar: number;
  /** At the rate so far. */
  readonly monthly: number;
}

export interface Transfer {
  readonly receivedBytes: number;
  readonly soFar: number;
  readonly monthly: number;
}

export interface Traffic {
  /** Of the bridge that counted: since its start. */
  readonly sinceSeconds: number;
  readonly requests: readonly RequestRow[];
  readonly transfer: Transfer;
}

export interface Estimate {
  readonly kind: 'transition' | 'expiration' | 'compaction';
  /** What would be done, as a sentence. */
  readonly what: string;
  readonly files: number;
  readonly bytes: number;
  /** Saved a month; negative where it would cost more. */
  readonly monthlySaving: number;
  /** Paid once. */
  readonly once: number;
  /** How the two come about. */
  readonly arithmetic: string;
}

export interface CostReport {
  readonly location: string;
  readonly currency: string;
  readonly stored: readonly StoredRow[];
  /** Undefined where no bridge of this lake runs. */
  readonly traffic: Traffic | undefined;
  readonly estimates: readonly Estimate[];
  readonly monthly: { readonly storage: number; readonly requests: number; readonly transfer: number };
}

export interface CostOptions {
  /** For a lifecycle rule that is not configured: days, and the class objects go to then. */
  readonly coldAfterDays: number;
  readonly coldClass: string;
  /** Size of a compacted file. */
  readonly targetBytes: number;
  /** How often a month all files are read. */
  readonly readsPerMonth: number;
}
