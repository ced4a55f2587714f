/** What lifecycle rules of the configuration may have deleted: those files are gone as they should be. */
import type { LifecycleRule } from '../config/types.ts';

const DAY_MS = 86_400_000;

export interface Expiry {
  /** Whether a rule in force deletes the object of this key after this time; S3 itself may take some days more. */
  isExpired(key: string, ageMs: number): boolean;
  /** Objects that were found gone and expired. */
  objects: number;
  rows: number;
}

export function createExpiry(rules: readonly LifecycleRule[]): Expiry {
  const inForce = rules.filter(({ enabled, expirationDays }) => enabled && expirationDays !== undefined);
  return {
    objects: 0,
    rows: 0,
    isExpired: (key, ageMs) =>
      inForce.some(({ prefix, expirationDays }) => key.startsWith(prefix) && ageMs >= expirationDays! * DAY_MS),
  };
}
