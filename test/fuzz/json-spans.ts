/** The parts of a JSON text that can be written in another way: values, keys, and members or elements as a whole. */

export interface JsonSpan {
  readonly kind: 'object' | 'list' | 'string' | 'number' | 'literal' | 'key' | 'member' | 'element';
  readonly start: number;
  readonly end: number;
  /** The key under which a value, member or element stands; of an element that of its list. */
  readonly key: string;
}

/** The spans of a valid JSON text, by where they end. */
export function jsonSpans(text: string): JsonSpan[] {
  const spans: JsonSpan[] = [];
  let at = 0;

  function space(): void {
    while (/\s/.test(text[at] ?? '')) at++;
  }

  function string(): string {
    const start = at++;
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    at++;
    return JSON.parse(text.slice(start, at)) as string;
  }

  function value(key: string): void {
    space();
    const start = at;
    let kind: JsonSpan['kind'] = 'number';
    if (text[at] === '{') {
      kind = 'object';
      items('}', () => {
        const keyStart = at;
        const name = string();
        spans.push({ kind: 'key', start: keyStart, end: at, key: name });
        space();
        at++;
        value(name);
        spans.push({ kind: 'member', start: keyStart, end: at, key: name });
      });
    } else if (text[at] === '[') {
      kind = 'list';
      items(']', () => {
        const elementStart = at;
        value(key);
        spans.push({ kind: 'element', start: elementStart, end: at, key });
      });
    } else if (text[at] === '"') {
      kind = 'string';
      string();
    } else {
      const word = /^(?:[-+.\deE]+|[a-z]+)/.exec(text.slice(at, at + 400))![0];
      kind = /^[a-z]/.test(word) ? 'literal' : 'number';
      at += word.length;
    }
    spans.push({ kind, start, end: at, key });
  }

  function items(close: string, item: () => void): void {
    at++;
    space();
    while (text[at] !== close) {
      item();
      space();
      if (text[at] === ',') at++;
      space();
    }
    at++;
  }

  value('');
  return spans;
}
