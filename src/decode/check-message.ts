/**
 * Reading without keeping: for parts of a request that no row keeps anything of, such as the value of a repeated key or
 * data that other data replaces. They must be as well-formed as the rest, so that whether a request is taken depends on
 * its bytes alone and never on what the bridge happens to keep.
 */
import { isUtf8 } from 'node:buffer';
import { MESSAGES, type MessageDescriptor, type MessageName } from './messages.ts';
import { LEN, type WireReader } from './wire.ts';

/** As deep as protobuf in Go follows messages; what is kept ends long before, at `limits.max_nesting`. */
const MAX_OPEN_MESSAGES = 10_000;

interface OpenMessage {
  readonly message: MessageDescriptor;
  readonly end: number;
}

/**
 * Checks the message from `reader.pos` to `end` and moves there. Throws `invalid_argument` where it is no such message;
 * unknown fields are skipped. A list of the open messages instead of recursion: no input can exhaust the stack.
 */
export function checkMessage(reader: WireReader, name: MessageName, end: number): void {
  const open: OpenMessage[] = [{ message: MESSAGES[name], end }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (reader.pos < top.end) checkField(reader, top, open);
    else {
      reader.endMessage(top.end, top.message.name);
      open.pop();
    }
  }
}

/** Checks the text of a string field. */
export function checkText(reader: WireReader, start: number, end: number): void {
  if (!isUtf8(reader.bytes.subarray(start, end))) reader.fail('a string that is not UTF-8', start);
}

/** Checks the field at `reader.pos`; of a message only the head, and the message is opened. */
function checkField(reader: WireReader, { message, end }: OpenMessage, open: OpenMessage[]): void {
  const at = reader.pos;
  const tag = reader.tag();
  const field = message.byNumber.get(tag >>> 3);
  if (field === undefined || (tag & 7) !== LEN) {
    reader.skip(tag, end); // also the known: where a number ends is all that can be wrong with it
    return;
  }
  const valueEnd = reader.length(end);
  if (field.message !== undefined) {
    open.push({ message: field.message, end: valueEnd });
    if (open.length > MAX_OPEN_MESSAGES) reader.fail(`messages nested deeper than ${MAX_OPEN_MESSAGES}`, at);
    return;
  }
  if (field.type === 'string') checkText(reader, reader.pos, valueEnd);
  if (field.repeated && field.wireType !== LEN) {
    while (reader.pos < valueEnd) reader.skip(field.wireType, valueEnd);
    reader.endMessage(valueEnd, 'packed numbers');
  }
  reader.pos = valueEnd;
}
