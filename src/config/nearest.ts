/** The known name nearest to a mistyped one. */

/** Steps (insert, delete, replace) from one text to the other. */
export function levenshtein(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replace, above[j]! + 1, row[j - 1]! + 1));
    }
    above = row;
  }
  return above[b.length]!;
}

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
    const steps = other.parent === parent ? levenshtein(last, other.last) : levenshteinAcross(path, candidate);
    if (steps < bestSteps) {
      best = candidate;
      bestSteps = steps;
    }
  }
  return best;
}

function levenshteinAcross(path: string, candidate: string): number {
  const byName = levenshtein(split(path).last, split(candidate).last) * 2 + 1;
  return Math.min(byName, levenshtein(path, candidate) + 0.1);
}

function split(path: string): { readonly parent: string; readonly last: string } {
  const dot = path.lastIndexOf('.');
  return { parent: path.slice(0, Math.max(dot, 0)), last: path.slice(dot + 1) };
}
