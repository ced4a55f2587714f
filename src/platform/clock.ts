/** Time and randomness come in through here, so that tests can hold them still and replay a seed. */
import { randomBytes } from 'node:crypto';

export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Milliseconds of a clock that never steps back. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

export interface Randomness {
  hex(bytes: number): string;
}

export const systemRandomness: Randomness = {
  hex: (bytes) => randomBytes(bytes).toString('hex'),
};
