import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse, stringify } from 'smol-toml';
import { joinPath, locate, type Span } from '../../src/config/locate.ts';

const TEXT = `
# [not.a.table]
top = 1 # not = 2
"quoted key" = 'a # b'
a.b.c = "x]\\"y"
long = """
[x]
key = 1 \\""" """ # end
lit = '''it's'''''
[server] # comment
list = [ 1, # one
  "two,]", [3, 4],
]
inline = { x = 1, y.z = [ { w = 'q' } ] }
[[partitioning.by]]
type = "value"
[[partitioning.by]]
type = "time"
[partitioning.by.more]
when = 1979-05-27 07:32:00
`;

test('keys and values are found in every form of TOML', () => {
  const places = locate(TEXT);
  const text = ({ start, end }: Span) => TEXT.slice(start, end);
  const values = {
    top: '1',
    '"quoted key"': "'a # b'",
    'a.b.c': '"x]\\"y"',
    lit: "'''it's'''''",
    server: '[server]',
    'server.list[0]': '1',
    'server.list[1]': '"two,]"',
    'server.list[2][1]': '4',
    'server.inline.x': '1',
    'server.inline.y.z[0].w': "'q'",
    'partitioning.by[0].type': '"value"',
    'partitioning.by[1].type': '"time"',
    'partitioning.by[1]': '[[partitioning.by]]',
    'partitioning.by[1].more.when': '1979-05-27 07:32:00',
  };
  for (const [path, expected] of Object.entries(values)) assert.equal(text(places.get(path)!.value), expected, path);
  assert.equal(text(places.get('a.b')!.key), 'b');
  assert.equal(text(places.get('server.inline.y.z')!.key), 'z');
  assert.equal(places.has('x'), false);
});

const scalar = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 10 }),
  fc.constantFrom('"', "'", '\\', '#', ']]', '}', '"""', '\n[x]\n'),
  fc.integer(),
  fc.boolean(),
);
const { tree } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(scalar, { maxLength: 3 }),
    tie('tree'),
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
  ),
  tree: fc.dictionary(fc.oneof(fc.constantFrom('a', 'b', 'c.d', ''), fc.string({ maxLength: 5 })), tie('value'), {
    maxKeys: 4,
    noNullPrototype: true,
  }),
}));

test('each scalar of a written file is found where it stands', () => {
  fc.assert(
    fc.property(tree, (value) => {
      const table = value as Record<string, unknown>;
      fc.pre(!JSON.stringify(table).includes('__proto__'));
      const text = stringify(table);
      const places = locate(text);
      for (const [path, found] of leaves(parse(text), '')) {
        const place = places.get(path);
        assert.ok(place, `${path} of\n${text}`);
        const own = text.slice(place.value.start, place.value.end);
        assert.deepEqual(parse(`v = ${own}`).v, found, `${path} of\n${text}`);
      }
    }),
  );
});

function leaves(value: unknown, path: string): [string, unknown][] {
  if (Array.isArray(value)) return value.flatMap((element, i) => leaves(element, `${path}[${i}]`));
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, joinPath(path, key)));
}
