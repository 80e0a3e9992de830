/** The front: everything that clients talk to. HTTP and sockets on one port, metrics and health on another. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { RequestHandler } from 'express';
import type { Redis } from 'ioredis';
import { startAdminServer } from '../admin.ts';
import type { Config } from '../config.ts';
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Amend } from '../rooms/amend.ts';
import type { Hub, Presence } from '../rooms/hub-types.ts';
import type { Limiter } from '../rooms/limiter.ts';
import type { Ack, AppendInput } from '../rooms/log-types.ts';
import type { Signals } from '../rooms/signals.ts';
import { createAdminCalls } from './admin-calls.ts';
import type { DeadLetters } from './admin-dead-letters.ts';
import type { Erasures } from './admin-erasures.ts';
import { createApp } from './app.ts';
import { createAuth } from './auth.ts';
import { createClientAddress } from './client-address.ts';
import type { Codec } from './codec-calls.ts';
import { type ConnectionDeps, type OpenConnection, openConnection } from './connection.ts';
import type { Digests } from './digest.ts';
import { createEndpoints } from './endpoint.ts';
import { createFanout } from './fanout.ts';
import { createHandle } from './handlers/handle.ts';
import type { Ready } from './health.ts';
import { createHistory, type HistoryLog, type HistoryStore } from './history.ts';
import { covers, type Identity, type MayEnter } from './identity.ts';
import { createLoad, type Load } from './limits-load.ts';
import { createLimitedAmend, createLimitedSubmit, createSanctionedSubmit } from './limits-sends.ts';
import { createUpgradeLimits } from './limits-upgrades.ts';
import type { ModerationStore } from './moderation.ts';
import { createOrigins } from './origins.ts';
import { createDeliveryClock } from './outbox.ts';
import type { Policies } from './policies.ts';
import { createReleasedAmend, type Releasing } from './release.ts';
import type { Reprocessing } from './reprocess.ts';
import type { RetentionStore } from './retention-calls.ts';
import { createRevocation, type Revocation } from './revocation.ts';
import { mountRoutes } from './routes.ts';
import type { SanctionStore } from './sanction-calls.ts';
import { createSanctions, type News, type Sanctions } from './sanctions.ts';
import { createSession } from './session.ts';
import { createSubmit } from './submit.ts';
import { createTickets } from './tickets.ts';
import { createTokenVerifier } from './token.ts';
import { createTokenMemory } from './token-memory.ts';
import { createUpgrades } from './upgrade.ts';

export type FrontDeps = {
  config: Config;
  logger: Logger;
  metrics: GatewayMetrics;
  /** For tickets and revocations. */
  redis: Redis;
  /** `append` throws Unavailable; the others do not throw. */
  log: HistoryLog & { append(input: AppendInput): Promise<Ack | Refusal> };
  amend: Amend;
  signals: Signals;
  limiter: Limiter;
  hub: Hub;
  presence: Presence;
  store: HistoryStore;
  policies: Policies;
  reprocessing: Reprocessing;
  moderation: ModerationStore & SanctionStore & { since(version: number): Promise<News[]> };
  digests: Digests;
  /** Who sees a text at first. */
  releasing: Releasing;
  /** The newest audit's report, undefined where there is none. Throws Unavailable. */
  audited(): Promise<object | undefined>;
  /** Each part by name, `ok` or a sentence; it answers soon. */
  ready: Ready;
  /** What shows the engine's queues on the admin port, to admins. */
  board?: RequestHandler;
  /** What opens and seals the engine's payloads, for its UI. */
  codec?: Codec;
  deadLetters: DeadLetters;
  retention: RetentionStore & Pick<Erasures, 'trail'>;
  erasures: Omit<Erasures, 'trail'>;
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
  const { maxTokenLifeMs } = config.auth;
  const revocation = createRevocation({ redis: deps.redis, logger, maxTokenLifeMs });
  const load = createLoad({ maxDelayMs: config.guard.maxLoopDelayMs, metrics: deps.metrics });
  const sanctions = createSanctions({ since: deps.moderation.since, logger });
  const own: Own = { connections, ready, revocation, sanctions, load, draining: () => state.draining };
  const { server, wss, adminCalls: calls } = build(deps, own);
  revocation.onNews(() => {
    for (const connection of connections) if (revocation.covers(connection.identity())) connection.revoke();
  });
  sanctions.onNews(() => {
    for (const connection of connections) {
      if (sanctions.isBannedEverywhere(connection.identity())) connection.revoke();
      else connection.putOut(mayEnterBy(sanctions));
    }
  });
  let admin: Awaited<ReturnType<typeof startAdminServer>> | undefined;

  return {
    async listen() {
      await revocation.load();
      await sanctions.read().catch(error => logger.warn({ error }, 'mutes and bans are not known yet'));
      await listenOn(server, config.port, config.host);
      const { registry } = deps.metrics;
      admin = await startAdminServer({ port: config.adminPort, registry, ready, calls });
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
      revocation.close();
      sanctions.close();
      load.close();
    },
  };
}

/** What a front owns beside the parts it is given. */
type Own = {
  connections: Set<OpenConnection>;
  ready: Ready;
  revocation: Revocation;
  sanctions: Sanctions;
  load: Load;
  draining(): boolean;
};

const mayEnterBy =
  (sanctions: Sanctions): MayEnter =>
  (identity, room) =>
    covers(identity, room) && !sanctions.isBanned(identity, room);

/** The same way to settle who somebody is, which lets nobody in who is banned everywhere. */
const barring =
  <Given extends unknown[]>(
    sanctions: Sanctions,
    settle: (...given: Given) => Promise<Identity | Refusal>,
  ): ((...given: Given) => Promise<Identity | Refusal>) =>
  async (...given) => {
    const identity = await settle(...given);
    return !isRefusal(identity) && sanctions.isBannedEverywhere(identity) ? refuse('forbidden') : identity;
  };

function build(deps: FrontDeps, { connections, ready, revocation, sanctions, load, draining }: Own) {
  const { config, logger, metrics, hub, presence, log, limiter, releasing } = deps;
  const address = createClientAddress(config.trustProxy);
  const origins = createOrigins({ allowed: config.auth.allowedOrigins, schemeOf: address.schemeOf });
  const { issue, redeem } = createTickets(deps.redis);
  const tickets = { issue, redeem: barring(sanctions, revocation.guard(redeem)) };
  const verify = barring(sanctions, revocation.guard(createTokenMemory(createTokenVerifier(config.auth))));
  const mayEnter = mayEnterBy(sanctions);
  const amend = createLimitedAmend({
    amend: createReleasedAmend({ amend: deps.amend, releasing }),
    limiter,
    load,
  });
  const auth = createAuth({ verify, tickets, origins });
  const limited = createLimitedSubmit({ submit: createSubmit({ log, releasing, metrics }), limiter, load });
  const submit = createSanctionedSubmit({ submit: limited, sanctions, limiter });
  const history = createHistory({ ...deps, timeoutMs: config.historyTimeoutMs });
  const endpoints = createEndpoints({ auth, metrics, logger });
  const handle = createHandle({
    hub,
    amend,
    sanctions,
    mayEnter,
    signals: deps.signals,
    presence,
    submit,
    verify,
    maxRooms: config.limits.rooms,
  });
  const fanout = createFanout({ metrics, onFrame: createDeliveryClock(metrics) });
  const connectionDeps: ConnectionDeps = { config, logger, metrics, hub, presence, handle, fanout };
  const limits = createUpgradeLimits({ options: config.guard, address, load });
  const app = createApp({
    config,
    logger,
    metrics,
    upgrades: createUpgrades({ auth, limits, logger, metrics, draining }),
    onSocket(opening) {
      const connection = openConnection(opening, connectionDeps);
      connections.add(connection);
      void connection.closed.then(() => connections.delete(connection));
      // Between the sign-in and here a revocation may have come.
      const identity = connection.identity();
      if (revocation.covers(identity) || sanctions.isBannedEverywhere(identity)) connection.revoke();
    },
    mount: app =>
      mountRoutes(app, {
        ...deps,
        ...{ auth, address, origins, tickets, endpoints, history, submit, ready, amend, sanctions, mayEnter },
      }),
  });
  const { start: startSession } = createSession({ auth, schemeOf: address.schemeOf });
  // Temporal's UI is another origin than the pages that chat, and may call its codec alone.
  const uiUrl = config.temporalUiUrl ?? `http://127.0.0.1:${config.temporalUiPort}`;
  const uiOrigins = createOrigins({ allowed: [uiUrl], schemeOf: address.schemeOf });
  const uiAuth = createAuth({ verify, tickets, origins: uiOrigins });
  const codec = deps.codec && {
    codec: deps.codec,
    origins: uiOrigins,
    endpoints: createEndpoints({ auth: uiAuth, metrics, logger }),
  };
  const { audited, board, deadLetters } = deps;
  const timeoutMs = config.historyTimeoutMs;
  const erasures = { ...deps.erasures, trail: deps.retention.trail, recordMs: config.databaseTimeoutMs };
  const served = { audited, startSession, board, codec, deadLetters, erasures };
  const adminCalls = createAdminCalls({ endpoints, revocation, ...served, timeoutMs, logger });
  return { ...app, adminCalls };
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
