/** The front: everything that clients talk to. HTTP and sockets on one port, metrics and health on another. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { startAdminServer } from '../admin.ts';
import type { Config } from '../config.ts';
import type { Refusal } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Hub, Presence } from '../rooms/hub-types.ts';
import type { Ack, AppendInput } from '../rooms/log-types.ts';
import { createApp } from './app.ts';
import { createAuth } from './auth.ts';
import { type ConnectionDeps, type OpenConnection, openConnection } from './connection.ts';
import { createEndpoints } from './endpoint.ts';
import { createFanout } from './fanout.ts';
import { createHandle } from './handlers/handle.ts';
import type { Ready } from './health.ts';
import { createHistory, type HistoryLog, type HistoryStore } from './history.ts';
import { createOrigins } from './origins.ts';
import { createDeliveryClock } from './outbox.ts';
import { mountRoutes } from './routes.ts';
import { createSubmit } from './submit.ts';
import { createTickets } from './tickets.ts';
import { createTokenVerifier } from './token.ts';
import { createUpgrades } from './upgrade.ts';

export type FrontDeps = {
  config: Config;
  logger: Logger;
  metrics: GatewayMetrics;
  /** For tickets. */
  redis: Redis;
  /** `append` throws Unavailable; the others do not throw. */
  log: HistoryLog & { append(input: AppendInput): Promise<Ack | Refusal> };
  hub: Hub;
  presence: Presence;
  store: HistoryStore;
  /** Each part by name, `ok` or a sentence; it answers soon. */
  ready: Ready;
  /** The built page, served at `/` where given. */
  webDir?: string;
};

export type Front = {
  /** Opens both ports; `url` is where clients go. Throws where a port cannot be had. */
  listen(): Promise<{ url: string }>;
  /** Takes no more sockets, tells the open ones to come back later, and closes them; half of `shutdownMs` at most. */
  drain(): Promise<void>;
  /** Closes whatever is still open, at once. May be called twice. */
  close(): Promise<void>;
};

/** Sockets told to go at a time, and the pause after them. */
const DRAIN_BATCH = 200;
const DRAIN_PAUSE_MS = 50;
const RECONNECT_MIN_MS = 500;
const RECONNECT_SPREAD_MS = 4_500;

export function createFront(deps: FrontDeps): Front {
  const { config, logger } = deps;
  const connections = new Set<OpenConnection>();
  const state = { draining: false };
  const ready: Ready = async () => ({
    ...(await deps.ready()),
    gateway: state.draining ? 'This gateway is shutting down.' : 'ok',
  });
  const { server, wss } = build(deps, connections, ready, () => state.draining);
  let admin: Awaited<ReturnType<typeof startAdminServer>> | undefined;

  return {
    async listen() {
      await listenOn(server, config.port, config.host);
      const { registry } = deps.metrics;
      admin = await startAdminServer({ port: config.adminPort, registry, ready });
      return { url: urlOf(server, config) };
    },

    async drain() {
      state.draining = true;
      const until = delay(config.shutdownMs / 2, undefined, { ref: false });
      const all = [...connections];
      logger.info({ connections: all.length }, 'draining');
      for (let at = 0; at < all.length; at += DRAIN_BATCH) {
        for (const connection of all.slice(at, at + DRAIN_BATCH)) {
          connection.drain(RECONNECT_MIN_MS + Math.floor(Math.random() * RECONNECT_SPREAD_MS));
        }
        if (at + DRAIN_BATCH < all.length) await delay(DRAIN_PAUSE_MS);
      }
      await Promise.race([Promise.all(all.map(connection => connection.closed)), until]);
    },

    async close() {
      state.draining = true;
      for (const connection of connections) connection.terminate();
      await Promise.all([...connections].map(connection => connection.closed));
      wss.close();
      server.closeAllConnections();
      if (server.listening) await new Promise(resolve => server.close(resolve));
      await admin?.close();
      admin = undefined;
    },
  };
}

function build(deps: FrontDeps, connections: Set<OpenConnection>, ready: Ready, draining: () => boolean) {
  const { config, logger, metrics, hub, presence, log } = deps;
  const scheme = config.tls === undefined ? 'http' : 'https';
  const origins = createOrigins({ allowed: config.auth.allowedOrigins, scheme });
  const tickets = createTickets(deps.redis);
  const auth = createAuth({ verify: createTokenVerifier(config.auth), tickets, origins });
  const submit = createSubmit({ log, metrics });
  const history = createHistory({ ...deps, timeoutMs: config.historyTimeoutMs });
  const endpoints = createEndpoints({ auth, metrics, logger });
  const handle = createHandle({ hub, presence, submit, maxRooms: config.limits.rooms });
  const fanout = createFanout({ metrics, onBroadcast: createDeliveryClock(metrics) });
  const connectionDeps: ConnectionDeps = { config, logger, metrics, hub, presence, handle, fanout };
  return createApp({
    config,
    logger,
    upgrades: createUpgrades({ auth, logger, metrics, draining }),
    onSocket(opening) {
      const connection = openConnection(opening, connectionDeps);
      connections.add(connection);
      void connection.closed.then(() => connections.delete(connection));
    },
    mount: app => mountRoutes(app, { ...deps, auth, origins, tickets, endpoints, history, submit, ready }),
  });
}

function listenOn(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function urlOf(server: Server, { host, tls }: Config): string {
  const { port } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return `${tls === undefined ? 'http' : 'https'}://${name}:${port}`;
}
