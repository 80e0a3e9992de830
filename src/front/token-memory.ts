import { isRefusal } from '../errors.ts';
import type { Identity } from './identity.ts';
import type { VerifyToken } from './token.ts';

/** A token is verified anew after this: a key that left its set counts for no longer. */
const MEMORY_MS = 60_000;
const MAX_TOKENS = 5_000;

/**
 * Remembers tokens that were found good, for a minute or until their end: a client sends the same one with every
 * call, and verifying it cost a page of history a tenth of its time. Revocations and bans are asked each time,
 * around this.
 */
export function createTokenMemory(verify: VerifyToken): VerifyToken {
  const good = new Map<string, { identity: Identity; until: number }>();
  return async token => {
    const known = good.get(token);
    if (known !== undefined && Date.now() < known.until) return known.identity;
    good.delete(token);
    const identity = await verify(token);
    if (isRefusal(identity)) return identity;
    if (good.size >= MAX_TOKENS) good.delete(good.keys().next().value!);
    good.set(token, { identity, until: Math.min(Date.now() + MEMORY_MS, identity.expiresAt) });
    return identity;
  };
}
