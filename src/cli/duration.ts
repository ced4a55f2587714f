import { InvalidArgumentError } from 'commander';

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** "90s", "30m", "24h" or "7d" as seconds. */
export function durationSeconds(text: string): number {
  const [, digits, unit] = /^(\d{1,7})([smhd])$/.exec(text) ?? [];
  if (digits === undefined) throw new InvalidArgumentError('a number with a unit is expected: 90s, 30m, 24h, 7d.');
  return Number(digits) * UNIT_SECONDS[unit!]!;
}
