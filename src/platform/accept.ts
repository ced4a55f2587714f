/** What a client accepts, from its `Accept` or `Accept-Encoding` header (RFC 9110, 12.5). */

/** Names in lower case, without parameters, with their weights from 0 (refused) to 1; absent header: nothing. */
export function acceptWeights(header: string | undefined): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const part of (header ?? '').toLowerCase().split(',')) {
    const [name, ...parameters] = part.split(';').map((text) => text.trim());
    if (!name) continue;
    const q = parameters.find((text) => text.startsWith('q='));
    const weight = q === undefined ? 1 : Number(q.slice(2));
    weights.set(name, Number.isFinite(weight) ? weight : 0);
  }
  return weights;
}

/** The first of the names with the highest weight above 0, `*` standing for those that are not named. */
export function preferred<N extends string>(header: string | undefined, names: readonly N[]): N | undefined {
  const weights = acceptWeights(header);
  const others = weights.get('*') ?? 0;
  let best: { readonly name: N; readonly weight: number } | undefined;
  for (const name of names) {
    const weight = weights.get(name) ?? others;
    if (weight > (best?.weight ?? 0)) best = { name, weight };
  }
  return best?.name;
}
