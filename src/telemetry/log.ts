/** Structured logs on standard error, by pino: JSON lines for machines, or readable text. */
import pino from 'pino';
import pretty from 'pino-pretty';
import type { TelemetryConfig } from '../config/types.ts';

export type Logger = pino.Logger;

/** Writes synchronously: a worker thread or a stopping process must not lose its last lines. */
export function createLogger(config: TelemetryConfig, bindings: Record<string, unknown> = {}): Logger {
  const options: pino.LoggerOptions = { level: config.logLevel, base: bindings };
  if (config.logFormat === 'text') {
    const stream = pretty({
      destination: 2,
      sync: true,
      colorize: process.stderr.isTTY === true,
      translateTime: 'SYS:HH:MM:ss.l',
      ignore: 'pid,hostname',
      singleLine: true,
    });
    return pino(options, stream);
  }
  const formatters = { level: (label: string) => ({ level: label }) };
  const json = { ...options, formatters, timestamp: pino.stdTimeFunctions.isoTime };
  return pino(json, pino.destination({ dest: 2, sync: true }));
}
