/**
 * Express with WebSockets. As shipped, express-ws answers 101 before anything is asked, upgrades every path,
 * ignores the Origin, loses the first frame when sign-in takes a moment, and lets one oversize frame end the
 * process. The cures are here: `verifyClient` settles path, Origin and credentials before the 101, the socket's
 * route stands before any middleware so that listeners are attached in the same tick, and each socket has an
 * `error` listener before its first byte is read.
 */
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import express, { type Express } from 'express';
import expressWs from 'express-ws';
import type { WebSocket } from 'ws';
import type { Config } from '../config.ts';
import type { Logger } from '../logger.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Identity } from './identity.ts';
import { watchHandshakes } from './limits-handshakes.ts';
import { requestIdOf } from './respond.ts';
import { SOCKET_PATH, type Upgrades } from './upgrade.ts';

type Deps = {
  config: Config;
  logger: Logger;
  metrics: GatewayMetrics;
  upgrades: Upgrades;
  onSocket(opening: { ws: WebSocket; socket: Socket; identity: Identity; requestId: string }): void;
  /** Adds the HTTP routes, after the socket's. */
  mount(app: Express): void;
};

/** A fragmented frame may come in so many parts. */
const MAX_FRAGMENTS = 256;
/** How long a peer may take to answer a close. */
const CLOSE_TIMEOUT_MS = 10_000;
/** A body may take so long beyond the headers; no silence over 30 s. Sockets have their heartbeat. */
const BODY_MS = 10_000;
const SILENCE_MS = 30_000;

/** The server, not listening yet, and what stops it from taking sockets. */
export function createApp({ config, logger, metrics, upgrades, onSocket, mount }: Deps) {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  const { handshakeMs, maxHandshakes } = config.guard;
  const timeouts = {
    headersTimeout: handshakeMs,
    requestTimeout: handshakeMs + BODY_MS,
    connectionsCheckingInterval: Math.ceil(handshakeMs / 2),
  };
  const server: Server = config.tls
    ? createTlsServer({ ...timeouts, ...config.tls, handshakeTimeout: handshakeMs }, app)
    : createServer(timeouts, app);
  watchHandshakes(server, { max: maxHandshakes, onDropped: () => metrics.handshakesDropped.inc() });
  server.setTimeout(SILENCE_MS);

  const wsOptions: NonNullable<expressWs.Options['wsOptions']> & { closeTimeout: number } = {
    verifyClient: upgrades.verifyClient,
    maxPayload: config.limits.frameBytes,
    maxFragments: MAX_FRAGMENTS,
    perMessageDeflate: false,
    clientTracking: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
  };
  const sockets = expressWs(app, server, { leaveRouterUntouched: true, wsOptions });
  const wss = sockets.getWss();
  // The server's own listener tells; here it would be one more, and without a listener it is thrown.
  wss.on('error', () => undefined);
  wss.on('wsClientError', upgrades.onMalformed);
  wss.prependListener('connection', (ws: WebSocket, request) => {
    ws.on('error', error => logger.debug({ requestId: requestIdOf(request), error }, 'a socket failed'));
  });
  sockets.app.ws(SOCKET_PATH, (ws, request) => {
    const identity = upgrades.identityOf(request);
    if (identity === undefined) return ws.terminate();
    onSocket({ ws, socket: request.socket, identity, requestId: requestIdOf(request) });
  });
  mount(app);
  return { server, wss };
}
