/** Bearer tokens from a file, one a line; compared in constant time. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { BridgeError } from '../errors.ts';

/** Throws `unauthenticated` where the header does not show a known token. */
export type TokenCheck = (authorization: string | undefined) => void;

export function createTokenCheck(tokenFile: string | undefined, key: string): TokenCheck {
  if (tokenFile === undefined) return () => {};
  const tokens = readTokens(tokenFile, key).map(digest);
  return (authorization) => {
    const shown = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    const shownDigest = digest(shown ?? '');
    let known = false;
    for (const token of tokens) if (timingSafeEqual(token, shownDigest)) known = true;
    if (shown === undefined || !known) {
      const found = shown === undefined ? 'no bearer token was shown' : 'the bearer token shown is not known';
      throw new BridgeError('unauthenticated', found, { hint: 'Send "Authorization: Bearer <token>".' });
    }
  };
}

function readTokens(path: string, key: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new BridgeError('config', `${key} = "${path}" cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const tokens = text.split('\n').map((line) => line.trim());
  const kept = tokens.filter((line) => line !== '' && !line.startsWith('#'));
  if (kept.length > 0) return kept;
  throw new BridgeError('config', `${key} = "${path}" holds no token`, { hint: 'Write one token a line.' });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
