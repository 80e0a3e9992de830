import { pino } from 'pino';
import { noted } from './noted.ts';

/** Structured logs, one JSON line each. Never given tokens, cookies or message text. */
export type Logger = Pick<pino.Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error'> & {
  child(bindings: Record<string, unknown>): Logger;
};

/** Writes to standard output; `part` names the process (gateway, worker). */
export function createLogger(options: { level: string; part: string }): Logger {
  return pino({
    level: options.level,
    base: { part: options.part, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { error: noted },
  });
}
