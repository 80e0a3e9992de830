/**
 * Tokens that an admin took back before their end: all that a user was given until a moment, or a single one.
 *
 * Revocations are a stream in Redis, kept as long as a token may live. Every gateway reads it whole at its start
 * and after each loss of Redis, and what is new twice a second: a channel that went silent could hide one, a
 * read cannot. What a gateway knows it keeps while Redis is away, and writes again where Redis came back without.
 */
import type { Redis } from 'ioredis';
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { reachable } from '../rooms/redis.ts';
import type { Identity } from './identity.ts';

/** What is revoked: a user's tokens, or the token with this `jti`. */
export type Revoked = { user: string } | { jti: string };
export type Revocation = ReturnType<typeof createRevocation>;

type Deps = {
  redis: Redis;
  logger: Logger;
  /** The longest life of a token: a revocation is forgotten after it. */
  maxTokenLifeMs: number;
  pollMs?: number;
};

const STREAM = 'parley:revocations';
const START = '0-0';
const POLL_MS = 500;
const PAGE = 1_000;
/** Revocations that can stand at once; beyond them `revoke` is refused, for none may be forgotten early. */
const MAX_STANDING = 100_000;

export function createRevocation({ redis, logger, maxTokenLifeMs, pollMs = POLL_MS }: Deps) {
  /** The moment in milliseconds up to which a user's tokens, and at which a single one, was revoked. */
  const users = new Map<string, number>();
  const tokens = new Map<string, number>();
  const listeners: (() => void)[] = [];
  let last = START;
  let reading: Promise<void> | undefined;
  let closed = false;

  function learn(kind: string, name: string, at: number): boolean {
    const known = kind === 'user' ? users : tokens;
    if ((known.get(name) ?? 0) >= at) return false;
    // In the order of their times, so that the oldest stand first.
    known.delete(name);
    known.set(name, at);
    return true;
  }

  function forget() {
    const gone = Date.now() - maxTokenLifeMs;
    for (const known of [users, tokens]) {
      for (const [name, at] of known) {
        if (at > gone) break;
        known.delete(name);
      }
    }
  }

  async function readNew(): Promise<void> {
    let news = false;
    const whole = last === START;
    const found = new Map<string, number>();
    for (;;) {
      const entries = await redis.xrange(STREAM, `(${last}`, '+', 'COUNT', PAGE);
      for (const [id, [, kind = '', , name = '', , at = '']] of entries) {
        news = learn(kind, name, Number(at)) || news;
        if (whole) found.set(`${kind} ${name}`, Math.max(found.get(`${kind} ${name}`) ?? 0, Number(at)));
        last = id;
      }
      if (entries.length < PAGE) break;
    }
    forget();
    if (news && !closed) for (const listener of listeners) listener();
    if (whole) await restore(found);
  }

  /** Writes again what is known here and was not found: Redis was wiped or rolled back. Each gateway does. */
  async function restore(found: Map<string, number>): Promise<void> {
    const known = [users, tokens].flatMap((names, i) =>
      [...names].map(([name, at]) => ({ kind: i === 0 ? 'user' : 'token', name, at })),
    );
    const lost = known.filter(({ kind, name, at }) => (found.get(`${kind} ${name}`) ?? 0) < at);
    if (lost.length === 0) return;
    logger.warn({ revocations: lost.length }, 'Redis lost revocations: they are written again');
    for (let i = 0; i < lost.length; i += PAGE) {
      await Promise.all(lost.slice(i, i + PAGE).map(add));
    }
  }

  async function add({ kind, name, at }: { kind: string; name: string; at: number }): Promise<void> {
    await redis.xadd(STREAM, '*', 'kind', kind, 'name', name, 'at', at);
    await redis.pexpire(STREAM, maxTokenLifeMs);
  }

  /** One read at a time: whoever asks meanwhile waits for the one after it. */
  async function read(): Promise<void> {
    await reading?.catch(() => undefined);
    reading ??= readNew().finally(() => {
      reading = undefined;
    });
    await reading;
  }

  const again = () => {
    last = START;
  };
  redis.on('ready', again);
  const timer = setInterval(() => {
    if (reading !== undefined || redis.status !== 'ready') return;
    read().catch(error => logger.debug({ error }, 'revocations could not be read'));
  }, pollMs);
  timer.unref();

  /** True where the token behind this identity was revoked. One without `iat` counts as older than any revocation. */
  function covers({ user, issuedAt = 0, tokenId }: Identity): boolean {
    const until = users.get(user);
    return (until !== undefined && issuedAt <= until) || (tokenId !== undefined && tokens.has(tokenId));
  }

  return {
    covers,
    /** The same way to settle who somebody is, which refuses tokens that were revoked. */
    guard:
      <Given extends unknown[]>(settle: (...given: Given) => Promise<Identity | Refusal>) =>
      async (...given: Given): Promise<Identity | Refusal> => {
        const identity = await settle(...given);
        return isRefusal(identity) || !covers(identity)
          ? identity
          : refuse('token_invalid', { message: 'The token has been revoked.' });
      },

    /** Reads whatever stands. Throws Unavailable. */
    load: () => reachable(read),

    /**
     * Revokes from now on, on every gateway within two seconds; `until` is when it is forgotten (ms). A token
     * that is signed within the same second counts as older. Throws Unavailable: then it may stand or not.
     */
    async revoke(revoked: Revoked): Promise<{ at: number; until: number } | Refusal> {
      const at = Date.now();
      const [kind, name] =
        'user' in revoked ? (['user', revoked.user] as const) : (['token', revoked.jti] as const);
      const oldest = Math.max(0, at - maxTokenLifeMs);
      const standing = await reachable(async () => {
        await redis.xtrim(STREAM, 'MINID', oldest);
        return redis.xlen(STREAM);
      });
      if (standing >= MAX_STANDING) return refuse('overloaded', { message: 'Too many revocations stand.' });
      await reachable(() => add({ kind, name, at }));
      await reachable(read);
      logger.info({ kind, at }, 'revoked');
      return { at, until: at + maxTokenLifeMs };
    },

    /** Called after new revocations became known. */
    onNews(listener: () => void) {
      listeners.push(listener);
    },

    close() {
      closed = true;
      clearInterval(timer);
      redis.off('ready', again);
    },
  };
}
