/**
 * Names that Avro takes: `[A-Za-z_][A-Za-z0-9_]*` (https://avro.apache.org/docs/1.12.0/specification/#names). Accents are
 * dropped, anything else becomes `_`; what is the same then gets a number.
 */
const MAX_NAME_CHARS = 200;

export function legalName(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '');
  const legal = plain.replace(/[^A-Za-z0-9_]+/g, '_').slice(0, MAX_NAME_CHARS);
  if (legal === '') return '_';
  return /^\d/.test(legal) ? `_${legal}` : legal;
}

/** Legal names for names that stand beside each other; those that are legal already stay as they are. */
export function legalNames(names: readonly string[]): string[] {
  const taken = new Set(names.filter((name) => legalName(name) === name));
  return names.map((name) => {
    const legal = legalName(name);
    if (legal === name) return name;
    let unique = legal;
    for (let n = 2; taken.has(unique); n++) unique = `${legal}_${n}`;
    taken.add(unique);
    return unique;
  });
}
