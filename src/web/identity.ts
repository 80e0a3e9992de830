/** Who sits at this tab. Kept in the tab's own storage, so that two tabs can be two people. */
import { computed, signal } from '@preact/signals';
import { ParleyError } from '../client/index.ts';
import { rolesOf, userIdFor } from './names.ts';

export type Identity = {
  name: string;
  token: string;
  /** Given where the page may ask for another token itself, as it may in development. */
  user?: string;
  roles?: string[];
};

/** What one may be in development; a token of another system says it itself. */
export type Role = 'member' | 'moderator' | 'admin';

const KEY = 'parley.identity';
const TIMEOUT_MS = 10_000;

/** The person signed in at this tab. */
export const identity = signal<Identity | undefined>(stored());

function stored(): Identity | undefined {
  try {
    const text = sessionStorage.getItem(KEY);
    return text === null ? undefined : (JSON.parse(text) as Identity);
  } catch {
    return undefined;
  }
}

function keep(next: Identity | undefined) {
  try {
    if (next === undefined) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // Storage may be switched off: then a reload signs out.
  }
  identity.value = next;
}

/** Signs in by name, where the service gives development tokens. Throws a ParleyError. */
export async function signInByName(name: string, role: Role = 'member'): Promise<void> {
  const wanted = { user: userIdFor(name), name, ...(role === 'member' ? {} : { roles: [role] }) };
  keep({ ...wanted, token: await devToken(wanted) });
}

/** Whether the page offers to delete what others wrote, and the moderation. The service decides; this only spares a refusal. */
export const isModerator = computed(() => isAdmin.value || hasRole('moderator'));

/** Whether it offers what admins do, likewise. */
export const isAdmin = computed(() => hasRole('admin'));

const hasRole = (role: Role) => rolesOf(identity.value?.token ?? '').includes(role);

/** Signs in with a token that another system gave. */
export function signInWithToken(token: string): void {
  keep({ name: '', token });
}

export function signOut(): void {
  keep(undefined);
}

/** The bearer token; a new one where that is wanted and possible. Throws a ParleyError where it is not. */
export async function tokenFor({ refresh }: { refresh: boolean }): Promise<string> {
  const current = identity.value;
  if (current !== undefined && !refresh) return current.token;
  if (current?.user === undefined) {
    throw new ParleyError('unauthenticated', 'The token is no longer valid.', { retryable: false });
  }
  const { user, name, roles } = current;
  const token = await devToken({ user, name, ...(roles === undefined ? {} : { roles }) });
  keep({ ...current, token });
  return token;
}

async function devToken(wanted: { user: string; name: string; roles?: string[] }): Promise<string> {
  const response = await fetch('/v1/dev/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(wanted),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => {
    throw new ParleyError('unreachable', 'The service cannot be reached.', { retryable: true });
  });
  if (response.status === 404) {
    throw new ParleyError('unauthenticated', 'This service asks for a token.', { retryable: false });
  }
  if (!response.ok) throw new ParleyError('unavailable', 'No token was given.', { retryable: true });
  const { token } = (await response.json()) as { token: string };
  return token;
}
