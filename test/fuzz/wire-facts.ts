/** What rules ask about a request in protobuf. */
import { MESSAGES, type MessageDescriptor, SERVICE_MESSAGES } from '../../src/decode/messages.ts';
import type { SignalName } from '../../src/model/signal.ts';

/** Whether a group begins anywhere before the first byte that is no protobuf. */
export function hasGroup(signal: SignalName, bytes: Uint8Array): boolean {
  return visit(MESSAGES[SERVICE_MESSAGES[signal].request], bytes, { field: (_, __, wireType) => wireType === 3 });
}

/** Whether a metric has two members of its oneof, of which the first is replaced by the second. */
export function hasReplacedData(signal: SignalName, bytes: Uint8Array): boolean {
  let last = 0;
  return visit(MESSAGES[SERVICE_MESSAGES[signal].request], bytes, {
    field(message, number) {
      const isData = message.name === 'Metric' && message.byNumber.get(number)?.oneof === 'data';
      const replaces = isData && last !== 0 && last !== number;
      if (isData) last = number;
      return replaces;
    },
    message(message) {
      if (message.name === 'Metric') last = 0;
    },
  });
}

/** Whether a varint has bits over 64, which protobuf-go refuses and other parsers drop. */
export function hasLargeVarint(signal: SignalName, bytes: Uint8Array): boolean {
  let found = false;
  visit(MESSAGES[SERVICE_MESSAGES[signal].request], bytes, {
    largeVarint() {
      found = true;
    },
  });
  return found;
}

interface Visitor {
  /** True ends the visit. */
  field?(message: MessageDescriptor, number: number, wireType: number): boolean;
  largeVarint?(): void;
  message?(message: MessageDescriptor): void;
}

/** Visits fields in the order of their bytes, as far as they are protobuf; whether a field ended the visit. */
function visit(message: MessageDescriptor, bytes: Uint8Array, visitor: Visitor): boolean {
  let at = 0;
  /** Without the bits over 64. */
  function varint(): number {
    let value = 0;
    for (let count = 1; ; count++) {
      const byte = bytes[at++] ?? 0;
      value += (byte & (count === 10 ? 1 : 127)) * 2 ** (7 * (count - 1));
      if (count === 10 && byte > 1 && byte < 128) visitor.largeVarint?.();
      if (byte < 128) return value;
    }
  }
  visitor.message?.(message);
  while (at < bytes.length) {
    const tag = varint();
    const wireType = tag % 8;
    const number = Math.floor(tag / 8);
    if (visitor.field?.(message, number, wireType)) return true;
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = varint();
      const inner = message.byNumber.get(number)?.message;
      if (inner && visit(inner, bytes.subarray(at, at + length), visitor)) return true;
      at += length;
    } else if (wireType > 4) return false;
  }
  return false;
}
