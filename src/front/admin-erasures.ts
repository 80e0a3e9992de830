import type { Request, Response } from 'express';
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { USER_PATTERN } from '../message.ts';
import type { Caller } from './auth.ts';
import type { ReadBody } from './body.ts';
import type { Answer } from './endpoint.ts';
import { checkShape, matching, reason, type Shape } from './fields.ts';
import { parseId, parsePage } from './history-query.ts';
import { createStoreReads } from './store-reads.ts';

type Erasure = { id: number; state: 'recorded' | 'done' };
/** What these calls need of the store, which throws where the database does not answer. */
export type Erasures = {
  record(given: { user: string; by: string; reason?: string }): Promise<Erasure>;
  byId(id: number): Promise<Erasure | undefined>;
  trail(query: { before?: number; limit: number }): Promise<{ id: number }[]>;
};
type Deps = Erasures & { readBody: ReadBody; timeoutMs: number; recordMs: number; logger: Logger };

const BODY: Shape = {
  user: { check: matching(USER_PATTERN) },
  reason: { check: reason, optional: true },
};

/**
 * Erasures and purges for admins.
 *
 * `POST /v1/admin/erase {"user", "reason"?}` records that what the user wrote until now is to be erased, and answers
 * 202 with the record: it counts at once, and a worker does it. `GET /v1/admin/erasures/:id` answers the record, once
 * it is `done` with counts of what was erased where and with what remains until when.
 *
 * `GET /v1/admin/purges?before=&limit=` answers `{purges, hasMore}`, newest first.
 */
export function createErasureCalls({ record, byId, trail, readBody, timeoutMs, recordMs, logger }: Deps) {
  const read = createStoreReads(logger);
  const unavailable = (refusal: Refusal) =>
    refusal.refused === 'unavailable' ? refuse('unavailable') : refusal;

  return {
    async record(request: Request, response: Response, { identity }: Caller): Promise<Answer | Refusal> {
      const body = await readBody(request, response);
      if (isRefusal(body)) return body;
      const wrong = checkShape(body, BODY);
      if (wrong) return wrong;
      const given = body as { user: string; reason?: string };
      const recorded = await read(recordMs, () => record({ ...given, by: identity.user }));
      if (isRefusal(recorded)) return unavailable(recorded);
      logger.info({ erasure: recorded.id, by: identity.user }, 'an erasure was recorded');
      return { status: 202, body: recorded };
    },

    async find(request: Request): Promise<Answer | Refusal> {
      const id = parseId(String(request.params.id), 1);
      if (id === undefined) return refuse('invalid_field', { path: 'id' });
      const found = await read(timeoutMs, () => byId(id));
      if (found === undefined) return refuse('not_found');
      return isRefusal(found) ? unavailable(found) : { body: found };
    },

    async purges(request: Request): Promise<Answer | Refusal> {
      const query = parsePage(new URL(request.url, 'http://admin').searchParams, 'before');
      if (isRefusal(query)) return query;
      const { limit } = query;
      const found = await read(timeoutMs, () => trail({ ...query, limit: limit + 1 }));
      if (isRefusal(found)) return unavailable(found);
      return { body: { purges: found.slice(0, limit), hasMore: found.length > limit } };
    },
  };
}
