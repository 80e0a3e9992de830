/** `GET /v1/rooms/:room/digest?day=&days=`: what a room's days came to. The order of checks: sign-in, the room's name, the query, whether the caller may enter. */
import { dayOf, daysFrom } from '../digest/days.ts';
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Digest, DigestData } from '../store/digests.ts';
import { queryOf } from './auth.ts';
import type { Handler } from './endpoint.ts';
import { parseDigestQuery } from './history-query.ts';
import type { MayEnter } from './identity.ts';
import { roomOf } from './messages.ts';
import { moderates } from './moderation.ts';
import { createStoreReads } from './store-reads.ts';

/** What this call needs of the store; it throws where the database does not answer. */
export type Digests = {
  between(room: string, from: string, to: string): Promise<Digest[]>;
  count(room: string, day: string): Promise<DigestData | undefined>;
};
type Deps = { digests: Digests; mayEnter: MayEnter; logger: Logger; timeoutMs: number };

/** A day that is counted on demand stands for so long. */
const FRESH_MS = 10_000;
const MAX_COUNTED = 1_000;
/** Of the gateway's connections to Postgres so many count at once, so that history keeps the others. */
const COUNTS_AT_ONCE = 2;

export function createDigestCall({ digests, mayEnter, logger, timeoutMs }: Deps): Handler {
  const read = createStoreReads(logger);
  const count = createCounter({ digests, logger, timeoutMs });

  /** Today is counted now, and yesterday until the nightly count was there. */
  async function find(room: string, from: string, to: string): Promise<Digest[] | Refusal> {
    const kept = await read(timeoutMs, () => digests.between(room, from, to));
    if (isRefusal(kept)) return kept;
    const today = dayOf(new Date());
    for (const day of [daysFrom(today, -1), today]) {
      if (day < from || day > to || kept.some(digest => digest.day === day && digest.final)) continue;
      const counted = await count(room, day);
      if (isRefusal(counted)) return counted;
      if (counted !== undefined) kept.push(counted);
    }
    return kept;
  }

  return async (request, _response, { identity }) => {
    const room = roomOf(request);
    if (isRefusal(room)) return room;
    const query = parseDigestQuery(queryOf(request), new Date());
    if (isRefusal(query)) return query;
    if (!mayEnter(identity, room)) return refuse('forbidden');
    const { from, day, days } = query;
    const found = await find(room, from, day);
    if (isRefusal(found)) return found;
    const seen = found.map(digest => shownDigest(digest, moderates(identity, room)));
    if (days !== undefined) return { body: { room, from, to: day, digests: seen } };
    return seen[0] === undefined ? refuse('not_found') : { body: { room, ...seen[0] } };
  };
}

/** How often moderation stepped in is for moderators; the rest depends on no verdict. */
function shownDigest({ day, final, madeAt, data }: Digest, moderator: boolean) {
  const { removals, moderation, ...everyones } = data;
  const busiestHour = data.hours.indexOf(Math.max(...data.hours));
  return { day, final, madeAt, ...everyones, busiestHour, ...(moderator ? { removals, moderation } : {}) };
}

type Counted = Digest | undefined | Refusal;

/** Counts a day once for all who ask within some seconds. */
function createCounter({ digests, logger, timeoutMs }: Omit<Deps, 'mayEnter'>) {
  const read = createStoreReads(logger, { most: COUNTS_AT_ONCE });
  const counted = new Map<string, { until: number; answer: Promise<Counted> }>();

  async function fresh(room: string, day: string): Promise<Counted> {
    const data = await read(timeoutMs, () => digests.count(room, day));
    if (data === undefined || isRefusal(data)) return data;
    const now = new Date();
    return { room, day, final: day < dayOf(now), madeAt: now.toISOString(), data };
  }

  return (room: string, day: string): Promise<Counted> => {
    const key = `${room} ${day}`;
    const known = counted.get(key);
    if (known !== undefined && known.until > Date.now()) return known.answer;
    counted.delete(key);
    const answer = fresh(room, day);
    counted.set(key, { until: Date.now() + FRESH_MS, answer });
    for (const oldest of counted.keys()) {
      if (counted.size <= MAX_COUNTED) break;
      counted.delete(oldest);
    }
    void answer.then(made => isRefusal(made) && counted.delete(key));
    return answer;
  };
}
