/**
 * Where keys and values stand in a TOML text, by dotted path (`partitioning.by[0].ranges[1]`), for messages: the parser
 * gives values without places. The text must have been parsed before; nothing is checked here.
 */

/** Offsets into the text, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Place {
  readonly key: Span;
  readonly value: Span;
}

export type Places = ReadonlyMap<string, Place>;

/** A path's next step; a name that is no bare key is quoted, so that paths stay unambiguous. */
export function joinPath(parent: string, name: string): string {
  const step = /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
  return parent === '' ? step : `${parent}.${step}`;
}

interface KeyPart {
  readonly name: string;
  readonly span: Span;
}

export function locate(text: string): Places {
  const places = new Map<string, Place>();
  /** Entries so far of each array of tables. */
  const arrays = new Map<string, number>();
  let at = 0;
  let table = '';
  for (skipBlank(); at < text.length; skipBlank()) {
    if (text[at] === '[') header();
    else pair(table);
  }
  return places;

  function header(): void {
    const start = at;
    const isArray = text.startsWith('[[', at);
    at += isArray ? 2 : 1;
    const parts = dottedKey();
    at = text.indexOf(']', at) + (isArray ? 2 : 1);
    const span = { start, end: at };
    table = '';
    for (const [i, { name }] of parts.entries()) {
      table = joinPath(table, name);
      note(table, span, span);
      const isLast = i === parts.length - 1;
      if (isArray && isLast) arrays.set(table, (arrays.get(table) ?? 0) + 1);
      const count = arrays.get(table);
      if (count !== undefined) table += `[${count - 1}]`;
    }
    note(table, span, span);
  }

  function pair(parent: string): void {
    const parts = dottedKey();
    at = text.indexOf('=', at) + 1;
    skipSpaces();
    let path = parent;
    const open: { readonly path: string; readonly key: Span }[] = [];
    for (const { name, span } of parts) {
      path = joinPath(path, name);
      open.push({ path, key: span });
    }
    const value = readValue(path);
    for (const { path, key } of open) note(path, key, value);
  }

  function note(path: string, key: Span, value: Span): void {
    if (!places.has(path)) places.set(path, { key, value });
  }

  function dottedKey(): KeyPart[] {
    const parts: KeyPart[] = [];
    for (;;) {
      skipSpaces();
      const start = at;
      const quote = text[at]!;
      if (quote === '"' || quote === "'") skipString();
      else while (/[A-Za-z0-9_-]/.test(text[at] ?? '')) at++;
      const raw = text.slice(start, at);
      parts.push({ name: keyName(raw), span: { start, end: at } });
      skipSpaces();
      if (text[at] !== '.') return parts;
      at++;
    }
  }

  function readValue(path: string): Span {
    const start = at;
    const first = text[at];
    if (first === '"' || first === "'") skipString();
    else if (first === '[') readArray(path);
    else if (first === '{') readInlineTable(path);
    else {
      while (at < text.length && !/[,\]}\n#]/.test(text[at]!)) at++;
      return { start, end: start + text.slice(start, at).trimEnd().length };
    }
    return { start, end: at };
  }

  function readArray(path: string): void {
    at++;
    let index = 0;
    for (skipBlank(); at < text.length && text[at] !== ']'; skipBlank()) {
      if (text[at] === ',') {
        at++;
        continue;
      }
      const element = `${path}[${index++}]`;
      const span = readValue(element);
      note(element, span, span);
    }
    at++;
  }

  function readInlineTable(path: string): void {
    at++;
    for (skipBlank(); at < text.length && text[at] !== '}'; skipBlank()) {
      if (text[at] === ',') at++;
      else pair(path);
    }
    at++;
  }

  function skipString(): void {
    const quote = text[at]!;
    const isLong = text.startsWith(quote.repeat(3), at);
    const end = isLong ? quote.repeat(3) : quote;
    at += end.length;
    while (at < text.length && !text.startsWith(end, at)) at += quote === '"' && text[at] === '\\' ? 2 : 1;
    at += end.length;
    // A long string may end in up to two quotes of its own.
    while (isLong && text[at] === quote) at++;
  }

  function skipSpaces(): void {
    while (text[at] === ' ' || text[at] === '\t') at++;
  }

  function skipBlank(): void {
    for (;;) {
      while (/\s/.test(text[at] ?? '')) at++;
      if (text[at] !== '#') return;
      while (at < text.length && text[at] !== '\n') at++;
    }
  }
}

function keyName(raw: string): string {
  if (raw.startsWith("'")) return raw.slice(1, -1);
  if (!raw.startsWith('"')) return raw;
  try {
    return JSON.parse(raw) as string;
  } catch {
    return raw.slice(1, -1);
  }
}
