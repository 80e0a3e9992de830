/**
 * Settles everything about a socket before its 101. The order: the path (404), method and headers (by ws), room
 * for another upgrade, the limits of the address, a token in the query, the Origin, the credentials, the limits of
 * the user. A refusal is an HTTP answer with the error body, never a 101.
 */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { VerifyClientCallbackAsync } from 'ws';
import { isRefusal, type Refusal, refuse, Unavailable } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Auth } from './auth.ts';
import type { Identity } from './identity.ts';
import type { UpgradeLimits } from './limits-upgrades.ts';
import { refusalAnswer, requestIdOf } from './respond.ts';

export const SOCKET_PATH = '/v1/ws';
/** Upgrades being settled at once; beyond them `overloaded`. */
const MAX_PENDING = 1_000;
const RETRY_AFTER_MS = 1_000;

type Deps = {
  auth: Auth;
  limits: Pick<UpgradeLimits, 'refusal' | 'admit'>;
  logger: Logger;
  metrics: GatewayMetrics;
  draining(): boolean;
};
export type Upgrades = ReturnType<typeof createUpgrades>;

export function createUpgrades({ auth, limits, logger, metrics, draining }: Deps) {
  const settled = new WeakMap<IncomingMessage, Identity>();
  let pending = 0;

  async function settle(request: IncomingMessage): Promise<Identity | Refusal> {
    if (pathOf(request) !== SOCKET_PATH) return refuse('not_found');
    if (draining() || pending >= MAX_PENDING) return refuse('overloaded', { retryAfterMs: RETRY_AFTER_MS });
    const refused = limits.refusal(request);
    if (refused !== undefined) return refused;
    pending += 1;
    try {
      const caller = await auth.ofUpgrade(request);
      if (isRefusal(caller)) return caller;
      return limits.admit(request, caller.identity.user) ?? caller.identity;
    } catch (error) {
      if (error instanceof Unavailable) return refuse('unavailable');
      logger.error({ requestId: requestIdOf(request), error }, 'an upgrade could not be settled');
      return refuse('internal');
    } finally {
      pending -= 1;
    }
  }

  function note(request: IncomingMessage, { refused }: Refusal) {
    metrics.upgradesRefused.inc({ code: refused });
    logger.debug({ requestId: requestIdOf(request), refused }, 'an upgrade was refused');
  }

  const verifyClient: VerifyClientCallbackAsync = ({ req: request }, done) => {
    void settle(request).then(answer => {
      if (!isRefusal(answer)) {
        settled.set(request, answer);
        return done(true);
      }
      note(request, answer);
      const { status, headers, body } = refusalAnswer(answer, requestIdOf(request));
      done(false, status, body, headers);
    });
  };

  return {
    verifyClient,

    /** Who was let in with this request; undefined for one that never passed `verifyClient`. */
    identityOf: (request: IncomingMessage): Identity | undefined => settled.get(request),

    /** Answers a handshake that ws finds malformed. */
    onMalformed(error: Error, socket: Duplex, request: IncomingMessage): void {
      const unknown = pathOf(request) !== SOCKET_PATH || request.method !== 'GET';
      const refusal = unknown
        ? refuse('not_found')
        : refuse('invalid_field', {
            path: faultyHeader(error.message),
            message: 'This is no WebSocket handshake.',
          });
      note(request, refusal);
      const { status, headers, body } = refusalAnswer(refusal, requestIdOf(request));
      const lines = Object.entries({
        ...headers,
        Connection: 'close',
        'Content-Length': Buffer.byteLength(body),
        'Sec-WebSocket-Version': '13',
      }).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.once('finish', () => socket.destroy());
      socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
    },
  };
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0]!;
}

/** The header that ws names in its message. */
function faultyHeader(message: string): string {
  return /Sec-WebSocket-\w+/.exec(message)?.[0] ?? 'Upgrade';
}
