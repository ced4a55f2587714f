/** What rules ask about a request in protobuf. */
import { MESSAGES, type MessageDescriptor, SERVICE_MESSAGES } from '../../src/decode/messages.ts';
import type { SignalName } from '../../src/model/signal.ts';

/** Whether a group begins anywhere before the first byte that is no protobuf. */
export function hasGroup(signal: SignalName, bytes: Uint8Array): boolean {
  return beginsGroup(MESSAGES[SERVICE_MESSAGES[signal].request], bytes);
}

function beginsGroup(message: MessageDescriptor, bytes: Uint8Array): boolean {
  let at = 0;
  /** Without the bits over 64. */
  function varint(): number {
    let value = 0;
    for (let count = 1; ; count++) {
      const byte = bytes[at++] ?? 0;
      value += (byte & (count === 10 ? 1 : 127)) * 2 ** (7 * (count - 1));
      if (byte < 128) return value;
    }
  }
  while (at < bytes.length) {
    const tag = varint();
    const wireType = tag % 8;
    if (wireType === 3) return true;
    if (wireType > 5) return false;
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = varint();
      const inner = message.byNumber.get(Math.floor(tag / 8))?.message;
      if (inner && beginsGroup(inner, bytes.subarray(at, at + length))) return true;
      at += length;
    }
  }
  return false;
}
