/**
 * Tickets let a browser, which cannot set headers on a WebSocket, sign in without a token in the URL.
 * A ticket is 32 random bytes; Redis holds its hash alone, with the claims it stands for.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type Refusal, refuse } from '../errors.ts';
import { reachable } from '../rooms/redis.ts';
import type { Identity } from './identity.ts';

const TTL_MS = 30_000;
/** How long a used ticket can be told from one that never was. */
const REMEMBER_MS = 60_000;
const TICKET_PATTERN = /^[A-Za-z0-9_-]{43}$/;
const USED = 'used';

type Held = { identity: Identity; origin?: string };
export type Tickets = ReturnType<typeof createTickets>;

export function createTickets(redis: Redis) {
  const keyOf = (ticket: string) =>
    `parley:ticket:${createHash('sha256').update(ticket).digest('base64url')}`;
  return {
    /** A ticket for 30 s, `expiresAt` in milliseconds. Throws Unavailable. */
    async issue(
      identity: Identity,
      origin: string | undefined,
    ): Promise<{ ticket: string; expiresAt: number }> {
      const ticket = randomBytes(32).toString('base64url');
      const held: Held = { identity, ...(origin === undefined ? {} : { origin }) };
      await reachable(() => redis.set(keyOf(ticket), JSON.stringify(held), 'PX', TTL_MS));
      return { ticket, expiresAt: Date.now() + TTL_MS };
    },

    /**
     * Uses a ticket up, whoever comes with it, and answers the identity it stands for. Where it was asked for
     * with an Origin, it is good for that Origin alone. Throws Unavailable.
     */
    async redeem(ticket: string, origin: string | undefined): Promise<Identity | Refusal> {
      if (!TICKET_PATTERN.test(ticket)) return refuse('token_invalid');
      // One command reads the claims and puts the mark in their place: of two callers one sees the mark.
      const value = await reachable(() => redis.set(keyOf(ticket), USED, 'PX', REMEMBER_MS, 'XX', 'GET'));
      if (value === null) return refuse('token_invalid');
      if (value === USED) return refuse('ticket_used');
      const held = JSON.parse(value) as Held;
      if (held.origin !== undefined && held.origin !== origin) return refuse('origin_denied');
      if (held.identity.expiresAt <= Date.now()) return refuse('token_expired');
      return held.identity;
    },
  };
}
