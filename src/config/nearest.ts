/** The known name nearest to a mistyped one. */
import { distance } from 'fastest-levenshtein';

/**
 * The known dotted path nearest to `path`: by its spelling, or by its last name where the section is wrong. Undefined
 * where nothing is near.
 */
export function nearestPath(path: string, known: readonly string[]): string | undefined {
  const { parent, last } = split(path);
  let best: string | undefined;
  let bestSteps = Math.max(2, Math.floor(last.length / 3)) + 0.5;
  for (const candidate of known) {
    const other = split(candidate);
    // Within the section only the name counts; another section counts as one more step.
    const steps = other.parent === parent ? distance(last, other.last) : distanceAcross(path, candidate);
    if (steps < bestSteps) {
      best = candidate;
      bestSteps = steps;
    }
  }
  return best;
}

function distanceAcross(path: string, candidate: string): number {
  const byName = distance(split(path).last, split(candidate).last) * 2 + 1;
  return Math.min(byName, distance(path, candidate) + 0.1);
}

function split(path: string): { readonly parent: string; readonly last: string } {
  const dot = path.lastIndexOf('.');
  return { parent: path.slice(0, Math.max(dot, 0)), last: path.slice(dot + 1) };
}
