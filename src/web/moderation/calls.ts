/** The page's calls for moderators, over HTTP. */
import { ParleyError } from '../../client/index.ts';
import type { Policy } from '../../moderation/policy/types.ts';
import { tokenFor } from '../identity.ts';

/** A stored version of a policy; 0 stands for none. `author` and the rest are absent there. */
export type PolicyVersion = {
  version: number;
  policy: Policy;
  author?: string;
  reason?: string;
  createdAt?: string;
};

const TIMEOUT_MS = 10_000;
const RENEWED = new Set(['token_invalid', 'token_expired', 'unauthenticated']);

type Body = { error?: { code: string; message: string; retryable: boolean; path?: string } };

/**
 * One call under `/v1`; a refused token is renewed once, where the page can. Throws a ParleyError with the
 * `path` of the field at fault.
 */
export async function callService<T>(method: string, path: string, body?: unknown): Promise<T> {
  try {
    return await once<T>(method, path, await tokenFor({ refresh: false }), body);
  } catch (error) {
    if (!(error instanceof ParleyError && RENEWED.has(error.code))) throw error;
    return await once<T>(method, path, await tokenFor({ refresh: true }), body);
  }
}

async function once<T>(method: string, path: string, token: string, body: unknown): Promise<T> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(`/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    answer = response.status === 204 ? undefined : await response.json();
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError';
    throw new ParleyError(late ? 'timeout' : 'unreachable', 'The service did not answer.', {
      retryable: true,
    });
  }
  if (response.ok) return answer as T;
  const told = (answer as Body | null)?.error;
  if (told === undefined) {
    throw new ParleyError('unavailable', 'The service gave no reason.', { retryable: true });
  }
  throw new ParleyError(told.code as ParleyError['code'], told.message, told);
}

const of = (room: string) => `/rooms/${encodeURIComponent(room)}/policy`;

/** The room's own policy and, beside it, the default that it inherits. */
export async function readPolicies(room: string): Promise<{ own: PolicyVersion; inherited: PolicyVersion }> {
  const [own, inherited] = await Promise.all([
    callService<PolicyVersion>('GET', of(room)),
    callService<PolicyVersion>('GET', '/policies/default'),
  ]);
  return { own, inherited };
}

/** Stores the version after `version`. Throws `id_conflict` where that is not the last one any more. */
export function savePolicy(room: string, given: { policy: Policy; version: number; reason?: string }) {
  return callService<PolicyVersion>('PUT', of(room), given);
}

/** The newest 20 versions, newest first; with `before` those below it. */
export function readVersions(room: string, before?: number): Promise<{ versions: PolicyVersion[] }> {
  return callService('GET', `${of(room)}/versions${before === undefined ? '' : `?before=${before}`}`);
}
