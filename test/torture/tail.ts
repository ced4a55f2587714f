/**
 * `npm run torture tail`: a journal segment cut at every byte of its records, with zeros, garbage and old bytes behind
 * them, every bit of it flipped in turn, every sector zeroed and filled with garbage. Exits 1 where a record that was not
 * touched does not come back, another one does, or the damage is not named to the byte.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runTail } from './tail-run.ts';

const HELP = `npm run torture tail -- [options]
  --requests N    requests in the segment, captured ones from the shortest on (24)
  --max-body N    longest body, bytes (4000)
  --bit-step N    flip one bit in so many (1)
  --seed N        seed of the garbage (random)`;

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '24' },
    'max-body': { type: 'string', default: '4000' },
    'bit-step': { type: 'string', default: '1' },
    seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(HELP);
} else {
  const start = performance.now();
  const { segmentBytes, checks, problems } = runTail({
    requests: Number(values.requests),
    maxBodyBytes: Number(values['max-body']),
    bitStep: Number(values['bit-step']),
    seed: Number(values.seed),
  });
  for (const [kind, count] of Object.entries(checks)) console.log(`${String(count).padStart(9)}  ${kind}`);
  for (const problem of problems) console.log(`BROKEN ${problem}`);
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(`a segment of ${segmentBytes} bytes, seed ${values.seed}, ${seconds} s: ${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
