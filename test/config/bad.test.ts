import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseConfig } from '../../src/config/load.ts';
import { BridgeError } from '../../src/errors.ts';

const FOLDER = new URL('bad/', import.meta.url);
const ENV = { TEST_TEXT: 'a-value-of-the-environment' };

// Each file says what its message must hold, in lines `# expect: text`.
for (const file of readdirSync(FOLDER)) {
  test(`bad/${file} is refused with the place and what was expected`, () => {
    const text = readFileSync(new URL(file, FOLDER), 'utf8');
    const expected = [...text.matchAll(/^# expect: (.*)$/gm)].map((match) => match[1]!);
    assert.ok(expected.length > 0);
    const error = refusal(text, file);
    assert.equal(error.code, 'config');
    for (const part of expected) assert.ok(error.message.includes(part), `${part}\nnot in\n${error.message}`);
    assert.ok(!error.message.includes(ENV.TEST_TEXT));
    assert.equal(error.cause, undefined);
  });
}

function refusal(text: string, file: string): BridgeError {
  try {
    parseConfig(text, file, ENV);
  } catch (thrown) {
    if (thrown instanceof BridgeError) return thrown;
    throw thrown;
  }
  throw new Error(`${file} was accepted`);
}
