/**
 * How long rooms keep messages: moderators look, admins set. The order of checks: sign-in, the room's name, who may,
 * the body.
 */
import type { Request } from 'express';
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { ReadBody } from './body.ts';
import type { Answer, Handler } from './endpoint.ts';
import { checkShape, integer, reason, type Shape } from './fields.ts';
import { covers, type Identity } from './identity.ts';
import { roomOf } from './messages.ts';
import { createStoreReads } from './store-reads.ts';

type Setting = { days: number | null; author: string; reason?: string; setAt: string };
/** What these calls need of the store, which throws where the database does not answer. */
export type RetentionStore = {
  setting(scope: string): Promise<Setting | undefined>;
  set(given: { scope: string; days: number | null; author: string; reason?: string }): Promise<void>;
  lift(scope: string, author: string): Promise<void>;
};
type Deps = { store: RetentionStore; readBody: ReadBody; logger: Logger; timeoutMs: number };

const DEFAULT_SCOPE = '*';
/** A hundred years; for longer there is `null`. */
const MAX_DAYS = 36_500;
const BODY: Shape = {
  days: { check: (value, path) => (value === null ? undefined : integer(1, MAX_DAYS)(value, path)) },
  reason: { check: reason, optional: true },
};

/**
 * `GET` answers `{scope, days, author?, reason?, setAt?, effective}`; without `setAt` nothing is set here, and
 * `effective` is how many days count, null for good. `PUT {days, reason?}` sets it, `DELETE` takes it away.
 */
export function createRetentionCalls({ store, readBody, logger, timeoutMs }: Deps) {
  const read = createStoreReads(logger);

  async function shown(scope: string): Promise<Answer | Refusal> {
    const own = await read(timeoutMs, () => store.setting(scope));
    if (isRefusal(own)) return own;
    const inherits = own === undefined && scope !== DEFAULT_SCOPE;
    const base = inherits ? await read(timeoutMs, () => store.setting(DEFAULT_SCOPE)) : own;
    if (isRefusal(base)) return base;
    const name = scope === DEFAULT_SCOPE ? 'default' : scope;
    return { body: { scope: name, ...(own ?? { days: null }), effective: base?.days ?? null } };
  }

  const get: Handler = async (request, _response, { identity }) => {
    const scope = scopeFor(request, identity, 'read');
    return isRefusal(scope) ? scope : await shown(scope);
  };

  const put: Handler = async (request, response, { identity }) => {
    const scope = scopeFor(request, identity, 'write');
    if (isRefusal(scope)) return scope;
    const body = await readBody(request, response);
    if (isRefusal(body)) return body;
    const wrong = checkShape(body, BODY);
    if (wrong) return wrong;
    const given = body as { days: number | null; reason?: string };
    const author = identity.user;
    const done = await read(timeoutMs, () => store.set({ scope, author, ...given }));
    if (isRefusal(done)) return done;
    logger.info({ scope, days: given.days, author }, 'a retention was set');
    return await shown(scope);
  };

  const lift: Handler = async (request, _response, { identity }) => {
    const scope = scopeFor(request, identity, 'write');
    if (isRefusal(scope)) return scope;
    const done = await read(timeoutMs, () => store.lift(scope, identity.user));
    if (isRefusal(done)) return done;
    logger.info({ scope, author: identity.user }, 'a retention was lifted');
    return { status: 204 };
  };

  return { get, put, lift };
}

/** The scope of a call, for those who may: moderators of the room read, admins write. */
function scopeFor(request: Request, identity: Identity, access: 'read' | 'write'): string | Refusal {
  const scope = request.params.room === undefined ? DEFAULT_SCOPE : roomOf(request);
  if (isRefusal(scope)) return scope;
  const may = access === 'read' ? identity.moderator : identity.roles.includes('admin');
  return may && (scope === DEFAULT_SCOPE || covers(identity, scope)) ? scope : refuse('forbidden');
}
