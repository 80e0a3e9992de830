import { CLOSE } from '../errors.ts';
import type { ConnectionDeps, Opening } from './connection.ts';

/** The code that ws closes with when a frame breaks the protocol; undefined where the connection just broke. */
export function closeCodeOf(error: Error): number | undefined {
  const name = 'code' in error ? String(error.code) : '';
  if (name === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 1009;
  if (name === 'WS_ERR_INVALID_UTF8') return 1007;
  if (name.startsWith('WS_ERR_TOO_MANY')) return CLOSE.policy;
  return name.startsWith('WS_ERR') ? 1002 : undefined;
}

/** Counts a connection in, and out when its socket has closed; resolves then. */
export function closing(
  { ws, identity, requestId }: Opening,
  { metrics, logger }: ConnectionDeps,
  connection: string,
  onClose: () => { given: number | undefined; framesIn: number; framesOut: number },
): Promise<void> {
  const startedAt = performance.now();
  metrics.connections.inc();
  return new Promise(resolve => {
    ws.once('close', (taken: number) => {
      const { given, ...counts } = onClose();
      const code = given ?? taken;
      metrics.connections.dec();
      metrics.closes.inc({ code });
      const ms = Math.round(performance.now() - startedAt);
      logger.info({ requestId, connection, user: identity.user, code, ms, ...counts }, 'connection ended');
      resolve();
    });
  });
}
