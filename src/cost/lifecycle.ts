/** What a lifecycle rule would do to the objects there are now. */
import type { CostConfig, LifecycleRule } from '../config/types.ts';
import type { ObjectInfo } from '../store/store.ts';
import { gib, retrievalPrice, storagePrice } from './prices.ts';
import { classOf, placeOf } from './stored.ts';
import type { Estimate } from './types.ts';

const DAY_MS = 86_400_000;
/** S3 moves no smaller object, unless a rule says so (https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html). */
const LEAST_MOVED_BYTES = 128 * 1024;

export type CostRule = Pick<LifecycleRule, 'id' | 'prefix' | 'transitions' | 'expirationDays'>;

export interface RuleSum {
  add(object: ObjectInfo): void;
  estimates(): Estimate[];
}

interface Moved {
  files: number;
  bytes: number;
  /** What these cost a month where they are. */
  before: number;
}

/** `isConfigured`: as `s3.lifecycle` has it; otherwise only what it would be, and bookkeeping stays where it is. */
export function sumRule(rule: CostRule, isConfigured: boolean, nowMs: number, cost: CostConfig): RuleSum {
  const moved = new Map<string, Moved>();
  const expired: Moved = { files: 0, bytes: 0, before: 0 };
  const coldestFirst = rule.transitions.toSorted((a, b) => b.days - a.days);
  const name = isConfigured ? `rule "${rule.id}"` : 'a rule';

  function count(sum: Moved, object: ObjectInfo): void {
    sum.files++;
    sum.bytes += object.size;
    sum.before += gib(object.size) * (storagePrice(cost, classOf(object)) ?? 0);
  }

  return {
    add(object) {
      if (!object.key.startsWith(rule.prefix)) return;
      if (!isConfigured && !isRows(object.key)) return;
      const ageDays = (nowMs - object.modifiedMs) / DAY_MS;
      if (rule.expirationDays !== undefined && ageDays >= rule.expirationDays) return count(expired, object);
      const target = coldestFirst.find(({ days }) => ageDays >= days)?.storageClass;
      if (target === undefined || target === classOf(object) || object.size < LEAST_MOVED_BYTES) return;
      // Rules only move down: what is in a colder class already stays.
      const price = storagePrice(cost, target);
      if (price === undefined || price >= (storagePrice(cost, classOf(object)) ?? 0)) return;
      const sum = moved.get(target) ?? { files: 0, bytes: 0, before: 0 };
      count(sum, object);
      moved.set(target, sum);
    },
    estimates() {
      const estimates = rule.transitions.map(({ days, storageClass }): Estimate => {
        const { files, bytes, before } = moved.get(storageClass) ?? { files: 0, bytes: 0, before: 0 };
        const after = gib(bytes) * (storagePrice(cost, storageClass) ?? 0);
        const reading = gib(bytes) * retrievalPrice(cost, storageClass);
        const once = (files / 1000) * cost.transitionPer1000;
        return {
          kind: 'transition',
          what: `${name} that moves files of ${days} days and more to ${storageClass}`,
          files,
          bytes,
          monthlySaving: before - after,
          once,
          arithmetic:
            `a month: ${show(before)} now - ${show(gib(bytes))} GiB x ${storagePrice(cost, storageClass) ?? 0}; ` +
            `once: ${files} files / 1000 x ${cost.transitionPer1000}; each read of all of it: ${show(reading)} more; ` +
            'files under 128 KiB are not moved',
        };
      });
      if (rule.expirationDays === undefined) return estimates;
      const expiration: Estimate = {
        kind: 'expiration',
        what: `${name} that deletes files of ${rule.expirationDays} days and more`,
        files: expired.files,
        bytes: expired.bytes,
        monthlySaving: expired.before,
        once: 0,
        arithmetic: `a month: ${show(expired.before)} now; deletions cost nothing`,
      };
      return [...estimates, expiration];
    },
  };
}

function isRows(key: string): boolean {
  const { table } = placeOf(key);
  return table !== '' && !table.startsWith('_');
}

export function show(amount: number): string {
  return amount.toFixed(4).replace(/\.?0+$/, '');
}
