import type { AuthConfig } from '../config.ts';
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import { USER_PATTERN } from '../message.ts';
import type { Auth } from './auth.ts';
import type { ReadBody } from './body.ts';
import type { Answer, OpenHandler } from './endpoint.ts';
import { being, checkShape, integer, matching, type Shape } from './fields.ts';
import { isName, isStringList } from './identity.ts';
import { signToken, type TokenRequest } from './token.ts';

const DEFAULT_TTL_SECONDS = 12 * 3_600;
const MAX_TTL_SECONDS = 60 * 86_400;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i;
const ROLES = new Set(['moderator', 'admin']);

const SHAPE: Shape = {
  user: { check: matching(USER_PATTERN) },
  name: { check: being(isName), optional: true },
  roles: {
    check: being(value => isStringList(value) && value.every(role => ROLES.has(role))),
    optional: true,
  },
  rooms: { check: being(isStringList), optional: true },
  ttlSeconds: { check: integer(1, MAX_TTL_SECONDS), optional: true },
};

/**
 * `POST /v1/dev/token` gives a token to anyone who asks, on this machine: only with AUTH_MODE=dev, and only
 * under a loopback name, so that a foreign name that resolves to this machine gets none. Else `not_found`.
 */
export function createDevToken(config: AuthConfig, auth: Auth, readBody: ReadBody): OpenHandler {
  return async (request, response): Promise<Answer | Refusal> => {
    const { mode, secret } = config;
    if (mode !== 'dev' || secret === undefined) return refuse('not_found');
    if (!LOOPBACK.test(request.headers.host ?? '')) return refuse('origin_denied');
    const refused = auth.refusedOutright(request);
    if (refused) return refused;
    const body = await readBody(request, response);
    if (isRefusal(body)) return body;
    const wrong = checkShape(body, SHAPE);
    if (wrong) return wrong;
    const wanted = { ttlSeconds: DEFAULT_TTL_SECONDS, ...body } as TokenRequest;
    return { body: { token: await signToken({ ...config, secret }, wanted) } };
  };
}
