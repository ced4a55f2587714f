/** Time zones by name or offset, and what their clocks show. */
const OFFSET = /^([+-])([01]\d|2[0-3]):?([0-5]\d)$/;
const MINUTE_MS = 60_000;

/** Whether this is "UTC", an offset such as "+02:00", or a name of the IANA database that this Node knows. */
export function isTimezone(name: string): boolean {
  if (name === 'UTC' || OFFSET.test(name)) return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The instants (milliseconds since the epoch) at which the clocks of a zone show a date and time; from the earliest. */
export type InstantsOf = (localMs: number) => number[];

/**
 * @param name one for which `isTimezone` is true
 * @returns one instant as a rule, none for a time that a change of the clocks leaves out, two for one that it repeats
 */
export function createInstantsOf(name: string): InstantsOf {
  const fixed = name === 'UTC' ? 0 : fixedOffset(name);
  if (fixed !== undefined) return (localMs) => [localMs - fixed];
  const offsetAt = createOffsetAt(name);
  return (localMs) => {
    // Offsets are less than a day, and change at most once a day: those a day before and after are all that can apply.
    const day = 86_400_000;
    const offsets = new Set([offsetAt(localMs - day), offsetAt(localMs), offsetAt(localMs + day)]);
    const instants = [...offsets].map((offset) => localMs - offset);
    return instants.filter((instant) => offsetAt(instant) === localMs - instant).sort((a, b) => a - b);
  };
}

function fixedOffset(name: string): number | undefined {
  const match = OFFSET.exec(name);
  if (!match) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return (match[1] === '-' ? -minutes : minutes) * MINUTE_MS;
}

/** The offset of a zone at an instant, in milliseconds. Intl takes microseconds for it: the last hours are remembered. */
function createOffsetAt(name: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en', { timeZone: name, timeZoneName: 'longOffset' });
  const remembered = new Map<number, number>();
  const QUARTER_MS = 15 * MINUTE_MS; // no zone has changed its clocks at other minutes since 1972
  return (ms) => {
    const quarter = Math.floor(ms / QUARTER_MS);
    const known = remembered.get(quarter);
    if (known !== undefined) return known;
    const part = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName');
    const offset = parseLongOffset(part?.value ?? 'GMT');
    if (remembered.size >= 10_000) remembered.clear();
    remembered.set(quarter, offset);
    return offset;
  };
}

/** "GMT", "GMT+05:30", in old times also with seconds. */
function parseLongOffset(text: string): number {
  const match = /^GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text);
  if (!match) return 0;
  const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0);
  return (match[1] === '-' ? -seconds : seconds) * 1000;
}
