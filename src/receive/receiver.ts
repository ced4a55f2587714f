/** What both transports are given, and what they give back. */
import type { ServerConfig } from '../config/types.ts';
import type { Signal } from '../model/signal.ts';
import type { Address } from '../platform/listen.ts';
import type { TokenCheck } from '../platform/tokens.ts';
import type { AnswerCodec } from './answers.ts';
import type { Handler } from './handler.ts';

export interface Receiver {
  readonly address: Address;
  /** Takes no new connections, lets requests end within the deadline, then cuts them. */
  stop(deadlineMs: number): Promise<void>;
}

export interface ReceiverOptions {
  readonly server: ServerConfig;
  readonly signals: readonly Signal[];
  readonly handler: Handler;
  readonly codec: AnswerCodec;
  readonly checkToken: TokenCheck;
}
