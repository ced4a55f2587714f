import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { tagOf, VARINT, WireReader } from '../../src/decode/wire.ts';
import { concat, double, fixed32, fixed64, int, len, varint } from './wire-bytes.ts';

const reader = (...bytes: number[]) => new WireReader(Uint8Array.from(bytes), 'Request');

function rejects(message: RegExp, read: () => unknown): void {
  assert.throws(read, { code: 'invalid_argument', message });
}

test('varints of all 64 bits read as protobufjs writes them', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
      const wire = new WireReader(protobuf.Writer.create().uint64(String(value)).finish(), 'Request');
      wire.varint64();
      assert.equal((BigInt(wire.hi >>> 0) << 32n) | BigInt(wire.lo >>> 0), value);
      wire.pos = 0;
      assert.equal(wire.varint(), Number(value));
      wire.pos = 0;
      assert.equal(wire.int32(), Number(BigInt.asIntN(32, value)));
    }),
  );
});

test('fixed-width values keep their bits', () => {
  const wire = new WireReader(concat(fixed32(1, 0xfffffffe), fixed64(2, 2n ** 63n + 5n), double(3, -0)), 'Request');
  wire.tag();
  assert.equal(wire.fixed32(), -2);
  wire.tag();
  wire.fixed64();
  assert.deepEqual([wire.hi, wire.lo], [-(2 ** 31), 5]);
  wire.tag();
  assert.equal(wire.double(), -0);
});

test('a padded varint of ten bytes is read, one of eleven is refused with its place', () => {
  assert.equal(reader(0x81, ...Array(8).fill(0x80), 0).varint(), 1);
  const wire = reader(0, ...Array(10).fill(0x80), 1);
  wire.pos = 1;
  rejects(/^Request: varint longer than 10 bytes at byte 1$/, () => wire.varint());
});

test('values cut off by the end are refused', () => {
  rejects(/varint cut off by the end of the request at byte 0/, () => reader(0x80).varint());
  rejects(/varint cut off/, () => reader().tag());
  rejects(/a 8-byte value is cut off at byte 0/, () => reader(1, 2, 3).fixed64());
  rejects(/a 4-byte value is cut off at byte 0/, () => reader(1, 2, 3).fixed32());
});

test('a length past the end of the message is refused with what is left', () => {
  rejects(/length 5 runs past the end of its message, 2 bytes are left at byte 0/, () => reader(5, 1, 2, 3).length(3));
  rejects(/runs past the end/, () => reader(...varint(2n ** 64n - 1n)).length(10));
});

test('field number 0 and tags over 32 bits are refused', () => {
  rejects(/field number 0 at byte 0/, () => reader(2).tag());
  rejects(/field number 0/, () => reader(0x80, 0).tag());
  rejects(/field number over 2\^29 - 1/, () => reader(...varint(2n ** 32n + 8n)).tag());
});

test('unknown fields of every wire type are skipped, groups within groups too', () => {
  const group = concat(
    varint(3 * 8 + 3),
    int(1, 5),
    varint(4 * 8 + 3),
    len(9, 'x'),
    varint(4 * 8 + 4),
    varint(3 * 8 + 4),
  );
  const body = concat(int(100, 2n ** 64n - 1n), fixed64(101, 1n), len(102, 'text'), fixed32(103, 1), group, int(1, 7));
  const wire = new WireReader(body, 'Request');
  let tag = wire.tag();
  for (; tag !== tagOf(1, VARINT); tag = wire.tag()) wire.skip(tag, body.length);
  assert.equal(wire.int32(), 7);
  wire.endMessage(body.length, 'Request');
});

test('groups that are not closed, wrongly closed or too deep are refused', () => {
  const skip =
    (...bytes: number[]) =>
    () => {
      const wire = reader(...bytes);
      wire.skip(wire.tag(), bytes.length);
    };
  rejects(/a group that is not closed/, skip(0x0b, 8, 1));
  rejects(/the end of a group that was not begun/, skip(0x0b, 0x14));
  rejects(/groups nested deeper than 100/, skip(...Array(200).fill(0x0b)));
  rejects(/wire type 4 where a field begins/, skip(0x0c));
  rejects(/wire type 7 where a field begins/, skip(0x0f));
});

test('a field that ends behind its message is found at the end of the message', () => {
  const wire = reader(8, 0x80, 1);
  wire.tag();
  wire.varint();
  rejects(/a field runs past the end of Span at byte 2/, () => wire.endMessage(2, 'Span'));
});
