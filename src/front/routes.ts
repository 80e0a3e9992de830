import type { Express } from 'express';
import type { Config } from '../config.ts';
import type { Logger } from '../logger.ts';
import type { Amend } from '../rooms/amend.ts';
import type { Auth } from './auth.ts';
import { createBodyReader } from './body.ts';
import type { ClientAddress } from './client-address.ts';
import { createCors } from './cors.ts';
import { createDevToken } from './dev-token.ts';
import { createDigestCall, type Digests } from './digest.ts';
import type { Endpoints } from './endpoint.ts';
import { createReadyz, healthz, type Ready } from './health.ts';
import type { History } from './history.ts';
import type { MayEnter } from './identity.ts';
import { createCallLimits } from './limits-calls.ts';
import { createMessageCalls } from './messages.ts';
import { createModerationCalls, type ModerationStore } from './moderation.ts';
import type { Origins } from './origins.ts';
import { createPage, createSecurityHeaders } from './page.ts';
import { createPolicyCalls, type Policies } from './policies.ts';
import { COURSES, createReprocessCalls, type Reprocessing } from './reprocess.ts';
import { createRetentionCalls, type RetentionStore } from './retention-calls.ts';
import { createSanctionCalls, type SanctionStore } from './sanction-calls.ts';
import type { Sanctions } from './sanctions.ts';
import { createSession } from './session.ts';
import type { Submit } from './submit.ts';
import type { Tickets } from './tickets.ts';

type Deps = {
  config: Config;
  auth: Auth;
  address: ClientAddress;
  origins: Origins;
  tickets: Tickets;
  endpoints: Endpoints;
  history: History;
  submit: Submit;
  policies: Policies;
  reprocessing: Reprocessing;
  amend: Amend;
  moderation: ModerationStore & SanctionStore;
  retention: RetentionStore;
  digests: Digests;
  sanctions: Sanctions;
  mayEnter: MayEnter;
  logger: Logger;
  ready: Ready;
  webDir?: string;
};

/** The HTTP side, as protocol.md lists it; what is not here is `not_found`. */
export function mountRoutes(app: Express, deps: Deps): void {
  const { config, auth, endpoints, tickets } = deps;
  const { open, signedIn } = endpoints;
  const https = config.tls !== undefined;
  const readBody = createBodyReader();
  const session = createSession({ auth, schemeOf: deps.address.schemeOf });
  const messages = createMessageCalls({ ...deps, readBody });
  const policies = createPolicyCalls({ ...deps, readBody, timeoutMs: config.databaseTimeoutMs });
  const retention = createRetentionCalls({
    ...deps,
    readBody,
    store: deps.retention,
    timeoutMs: config.databaseTimeoutMs,
  });
  const moderation = createModerationCalls({ ...deps, readBody, timeoutMs: config.databaseTimeoutMs });
  const runs = createReprocessCalls({ ...deps, readBody, timeoutMs: config.databaseTimeoutMs });
  const digest = createDigestCall({ ...deps, timeoutMs: config.databaseTimeoutMs });
  const sanctionCalls = createSanctionCalls({
    ...deps,
    readBody,
    store: deps.moderation,
    timeoutMs: config.databaseTimeoutMs,
  });

  app.use(endpoints.stamp);
  app.use(createSecurityHeaders({ https }));
  app.get('/healthz', open(healthz));
  app.get('/readyz', open(createReadyz(deps.ready)));
  app.use('/v1', createCors(deps.origins));
  const { callsPerSecond: perSecond, callBurst: burst } = config.guard;
  const limits = createCallLimits({ rate: { perSecond, burst }, address: deps.address });
  app.use('/v1', endpoints.unless(limits));
  app.get('/v1/rooms', signedIn(messages.rooms));
  app.get('/v1/rooms/:room/messages', signedIn(messages.page));
  app.post('/v1/rooms/:room/messages', signedIn(messages.post));
  app.get('/v1/rooms/:room/messages/:id', signedIn(messages.one));
  app.get('/v1/rooms/:room/digest', signedIn(digest));
  for (const path of ['/v1/policies', '/v1/policies/default', '/v1/rooms/:room/policy']) {
    app.get(path, signedIn(policies.get));
    app.put(path, signedIn(policies.put));
    app.get(`${path}/versions`, signedIn(policies.versions));
  }
  app.post('/v1/rooms/:room/messages/:id/release', signedIn(moderation.release));
  app.post('/v1/rooms/:room/messages/:id/remove', signedIn(moderation.remove));
  app.get('/v1/rooms/:room/moderation/queue', signedIn(moderation.queue));
  app.get('/v1/rooms/:room/moderation/log', signedIn(moderation.log));
  for (const kind of ['mute', 'ban'] as const) {
    const { list, put, lift } = sanctionCalls(kind);
    for (const path of [`/v1/${kind}s`, `/v1/rooms/:room/${kind}s`]) {
      app.get(path, signedIn(list));
      app.put(`${path}/:user`, signedIn(put));
      app.delete(`${path}/:user`, signedIn(lift));
    }
  }
  app.post('/v1/reprocess', signedIn(runs.start));
  app.get('/v1/reprocess', signedIn(runs.list));
  app.get('/v1/reprocess/:run', signedIn(runs.status));
  app.get('/v1/reprocess/:run/report', signedIn(runs.report));
  for (const course of COURSES) app.post(`/v1/reprocess/:run/${course}`, signedIn(runs.steer(course)));
  app.post('/v1/reprocess/:run/undo', signedIn(runs.undo));
  for (const path of ['/v1/retention', '/v1/rooms/:room/retention']) {
    app.get(path, signedIn(retention.get));
    app.put(path, signedIn(retention.put));
    app.delete(path, signedIn(retention.lift));
  }
  app.post('/v1/session', signedIn(session.start));
  app.delete('/v1/session', open(session.end));
  app.post('/v1/dev/token', open(createDevToken(config.auth, auth, readBody)));
  app.post(
    '/v1/tickets',
    signedIn(async (request, _response, { identity }) => {
      const { ticket, expiresAt } = await tickets.issue(identity, request.headers.origin);
      return { body: { ticket, expiresAt: new Date(expiresAt).toISOString() } };
    }),
  );
  if (deps.webDir !== undefined) app.use(createPage(deps.webDir));
  app.use(endpoints.missing);
  app.use(endpoints.failed);
}
