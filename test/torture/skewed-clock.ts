/**
 * Loaded before everything else (`node --import`), in each thread: gives `Date` the offset in milliseconds that stands in
 * the file named by OTEL_LAKE_TEST_CLOCK, so that a test can set a bridge's clock while it runs. The clock that only goes
 * forward (`performance.now`, timers) is left alone, as it is when the clock of a machine is set.
 */
import { readFileSync } from 'node:fs';

const file = process.env.OTEL_LAKE_TEST_CLOCK!;
/** The file is read again after so long. */
const STALE_MS = 20;
const RealDate = Date;
let readAtMs = Number.NEGATIVE_INFINITY;
let offsetMs = 0;

function now(): number {
  const monotonicMs = performance.now();
  if (monotonicMs - readAtMs > STALE_MS) {
    readAtMs = monotonicMs;
    offsetMs = Number(readFileSync(file, 'utf8'));
  }
  return RealDate.now() + offsetMs;
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});
