/**
 * The calls on policies. The order of checks: sign-in, the room's name, who may, the query, the body, its policy,
 * the version it was made from.
 */
import type { Request } from 'express';
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { ROOM_PATTERN } from '../message.ts';
import { queryOf } from './auth.ts';
import type { ReadBody } from './body.ts';
import type { Handler } from './endpoint.ts';
import { being, checkShape, integer, type Shape } from './fields.ts';
import { covers, type Identity } from './identity.ts';
import { createStoreReads } from './store-reads.ts';

export type Version = {
  version: number;
  policy: unknown;
  author: string;
  reason?: string;
  createdAt: string;
};
type Checked = { policy: unknown } | { errors: { path: string; message: string }[] };
type New = { scope: string; policy: unknown; author: string; reason?: string; basedOn: number };

/** What these calls need: the store of versions, which throws where the database does not answer, and the checks. */
export type Policies = {
  store: {
    latest(scope: string): Promise<Version | undefined>;
    put(policy: New): Promise<{ stored: Version } | { conflict: number } | { full: true }>;
    versions(scope: string, query: { before?: number; limit: number }): Promise<Version[]>;
  };
  /** What counts where the default was never set. */
  builtin: unknown;
  parse(json: unknown): Checked;
  /** A checked policy of a room together with the default. */
  inherit(room: unknown, from: unknown): Checked;
};
type Deps = { policies: Policies; readBody: ReadBody; logger: Logger; timeoutMs: number };

const DEFAULT_SCOPE = '*';
const NOTHING = { schema: 1, rules: [] };
const MAX_REASON = 500;
const VERSIONS = 20;

const BODY: Shape = {
  policy: { check: being(() => true) },
  version: { check: integer(0, 2_147_483_646) },
  reason: {
    check: being(
      value => typeof value === 'string' && value.length <= MAX_REASON && !/[\0\p{Surrogate}]/u.test(value),
    ),
    optional: true,
  },
};

/**
 * `GET` answers `{scope, version, policy, …}`: version 0 stands for none, and `effective` is what counts in a room.
 * `PUT {policy, version, reason?}` stores the version after `version`; another one since then is `id_conflict`.
 * `versions` lists them with author, time and reason, newest first, 20 at most, those below `before`.
 */
export function createPolicyCalls({ policies, readBody, logger, timeoutMs }: Deps) {
  const { store, builtin, parse, inherit } = policies;
  const read = createStoreReads(logger);

  async function latest(scope: string): Promise<Version | { version: 0; policy: unknown } | Refusal> {
    const none = scope === DEFAULT_SCOPE ? builtin : NOTHING;
    return (await read(timeoutMs, () => store.latest(scope))) ?? { version: 0, policy: none };
  }

  async function checkWhole(scope: string, json: unknown): Promise<Checked | Refusal> {
    const own = parse(json);
    if ('errors' in own || scope === DEFAULT_SCOPE) return own;
    const base = await latest(DEFAULT_SCOPE);
    if (isRefusal(base)) return base;
    const whole = inherit(own.policy, base.policy);
    return 'errors' in whole ? whole : own;
  }

  const get: Handler = async (request, _response, { identity }) => {
    const scope = scopeFor(request, identity);
    if (isRefusal(scope)) return scope;
    const found = await latest(scope);
    if (isRefusal(found)) return found;
    if (scope === DEFAULT_SCOPE) return { body: { scope: 'default', ...found } };
    const base = await latest(DEFAULT_SCOPE);
    if (isRefusal(base)) return base;
    const whole = inherit(found.policy, base.policy);
    // Where the default has grown since, the room's own policy judges alone.
    const effective = 'policy' in whole ? whole.policy : found.policy;
    return { body: { scope, ...found, effective, inherits: base.version } };
  };

  const put: Handler = async (request, response, { identity }) => {
    const scope = scopeFor(request, identity);
    if (isRefusal(scope)) return scope;
    if (scope === DEFAULT_SCOPE && !identity.roles.includes('admin')) return refuse('forbidden');
    const body = await readBody(request, response);
    if (isRefusal(body)) return body;
    const wrong = checkShape(body, BODY);
    if (wrong) return wrong;
    const checked = await checkWhole(scope, body.policy);
    if (isRefusal(checked)) return checked;
    if ('errors' in checked) {
      const { path, message } = checked.errors[0]!;
      return refuse('invalid_field', { path: path === '' ? 'policy' : `policy.${path}`, message });
    }
    const { version: basedOn, reason } = body as { version: number; reason?: string };
    const author = identity.user;
    const given = {
      scope,
      policy: checked.policy,
      author,
      basedOn,
      ...(reason === undefined ? {} : { reason }),
    };
    const result = await read(timeoutMs, () => store.put(given));
    if (isRefusal(result)) return result;
    if ('full' in result)
      return refuse('overloaded', { message: 'Too many rooms have policies of their own.' });
    if ('conflict' in result) {
      return refuse('id_conflict', {
        path: 'version',
        message: `Version ${result.conflict} is the last one by now.`,
      });
    }
    logger.info({ scope, version: result.stored.version, author }, 'a policy was set');
    return { body: { scope: nameOf(scope), ...result.stored } };
  };

  const versions: Handler = async (request, _response, { identity }) => {
    const scope = scopeFor(request, identity);
    if (isRefusal(scope)) return scope;
    const before = queryOf(request).getAll('before');
    if (before.length > 1 || !/^[1-9]\d{0,8}$/.test(before[0] ?? '1')) return refuse('invalid_cursor');
    const query = before[0] === undefined ? {} : { before: Number(before[0]) };
    const found = await read(timeoutMs, () => store.versions(scope, { ...query, limit: VERSIONS }));
    return isRefusal(found) ? found : { body: { scope: nameOf(scope), versions: found } };
  };

  return { get, put, versions };
}

const nameOf = (scope: string) => (scope === DEFAULT_SCOPE ? 'default' : scope);

/** The scope of a call, for moderators whose token covers it. */
function scopeFor(request: Request, identity: Identity): string | Refusal {
  const room: unknown = request.params.room;
  if (room === undefined) return identity.moderator ? DEFAULT_SCOPE : refuse('forbidden');
  if (typeof room !== 'string' || !ROOM_PATTERN.test(room)) return refuse('invalid_field', { path: 'room' });
  return identity.moderator && covers(identity, room) ? room : refuse('forbidden');
}
