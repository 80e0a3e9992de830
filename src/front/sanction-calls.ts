/**
 * Mutes and bans, of a room by its moderators, everywhere by admins. The order of checks: sign-in, the room's name,
 * the user or query, who may, the body.
 */
import type { Request } from 'express';
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { USER_PATTERN } from '../message.ts';
import { queryOf } from './auth.ts';
import type { ReadBody } from './body.ts';
import type { Answer, Handler } from './endpoint.ts';
import { checkShape, integer, reason, type Shape } from './fields.ts';
import { parseUsersPage } from './history-query.ts';
import type { Identity } from './identity.ts';
import { roomOf } from './messages.ts';
import { moderates } from './moderation.ts';
import { EVERYWHERE, type Sanctions } from './sanctions.ts';
import { createStoreReads } from './store-reads.ts';

type Kind = 'mute' | 'ban';
type Sanction = { user: string; by: string; reason?: string; until?: string; createdAt: string };
type Place = { scope: string; kind: Kind; user: string; by: string; byAdmin: boolean };
/** What these calls need of the store, which throws where the database does not answer. */
export type SanctionStore = {
  put(given: Place & { seconds?: number; reason?: string }): Promise<Sanction | 'protected' | 'full'>;
  lift(place: Place): Promise<'lifted' | 'none' | 'protected'>;
  list(
    scope: string,
    kind: Kind,
    query: { after?: string; limit: number },
  ): Promise<{ sanctions: Sanction[]; hasMore: boolean }>;
};
type Deps = {
  store: SanctionStore;
  sanctions: Pick<Sanctions, 'read'>;
  readBody: ReadBody;
  logger: Logger;
  timeoutMs: number;
};

/** Ten years; for longer there is "for good". */
const MAX_SECONDS = 315_360_000;
const BODY: Shape = {
  seconds: { check: integer(1, MAX_SECONDS), optional: true },
  reason: { check: reason, optional: true },
};

export function createSanctionCalls({ store, sanctions, readBody, logger, timeoutMs }: Deps) {
  const read = createStoreReads(logger);

  /** This gateway knows at once; where it cannot read, the next look brings it. */
  const known = () =>
    sanctions.read().catch(error => logger.debug({ error }, 'mutes and bans were not read'));

  return (kind: Kind): Record<'list' | 'put' | 'lift', Handler> => ({
    /** `GET …/mutes?after=&limit=`: those that stand, by user. */
    async list(request, _response, { identity }): Promise<Answer | Refusal> {
      const scope = scopeOf(request);
      if (isRefusal(scope)) return scope;
      const query = parseUsersPage(queryOf(request));
      if (isRefusal(query)) return query;
      if (!maySet(identity, scope)) return refuse('forbidden');
      const found = await read(timeoutMs, () => store.list(scope, kind, query));
      if (isRefusal(found)) return found;
      return { body: { scope: nameOf(scope), [`${kind}s`]: found.sanctions, hasMore: found.hasMore } };
    },

    /** `PUT …/mutes/:user` `{seconds?, reason?}`: sets or replaces it. */
    async put(request, response, { identity }): Promise<Answer | Refusal> {
      const place = placeOf(request, identity, kind);
      if (isRefusal(place)) return place;
      if (place.user === identity.user) return refuse('forbidden', { path: 'user' });
      const body = await readBody(request, response);
      if (isRefusal(body)) return body;
      const wrong = checkShape(body, BODY);
      if (wrong) return wrong;
      const given = body as { seconds?: number; reason?: string };
      const done = await read(timeoutMs, () => store.put({ ...place, ...given }));
      if (done === 'full') return refuse('overloaded', { message: 'Too many mutes and bans stand.' });
      if (done === 'protected') return refuse('forbidden', { message: PROTECTED });
      if (isRefusal(done)) return done;
      await known();
      logger.info({ kind, scope: place.scope, by: identity.user }, 'set');
      return { body: { scope: nameOf(place.scope), ...done } };
    },

    /** `DELETE …/mutes/:user`: 204, also where none stands. */
    async lift(request, _response, { identity }): Promise<Answer | Refusal> {
      const place = placeOf(request, identity, kind);
      if (isRefusal(place)) return place;
      const done = await read(timeoutMs, () => store.lift(place));
      if (done === 'protected') return refuse('forbidden', { message: PROTECTED });
      if (isRefusal(done)) return done;
      await known();
      return { status: 204 };
    },
  });
}

const PROTECTED = 'An admin set this.';
const nameOf = (scope: string) => (scope === EVERYWHERE ? 'everywhere' : scope);

function scopeOf(request: Request): string | Refusal {
  return request.params.room === undefined ? EVERYWHERE : roomOf(request);
}

function maySet(identity: Identity, scope: string): boolean {
  return scope === EVERYWHERE ? identity.roles.includes('admin') : moderates(identity, scope);
}

function placeOf(request: Request, identity: Identity, kind: Kind): Place | Refusal {
  const scope = scopeOf(request);
  if (isRefusal(scope)) return scope;
  const user = String(request.params.user);
  if (!USER_PATTERN.test(user)) return refuse('invalid_field', { path: 'user' });
  if (!maySet(identity, scope)) return refuse('forbidden');
  return { scope, kind, user, by: identity.user, byAdmin: identity.roles.includes('admin') };
}
