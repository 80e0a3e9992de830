import type { Request, Response } from 'express';
import { isRefusal, type Refusal, refuse, Unavailable } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Redrive } from '../pipeline/redrive.ts';
import type { KeptLetter, MessageStore } from '../store/messages.ts';
import type { ReadBody } from './body.ts';
import type { Answer } from './endpoint.ts';
import { checkShape, type Shape } from './fields.ts';
import { parseLettersQuery } from './history-query.ts';
import { createStoreReads } from './store-reads.ts';

export type DeadLetters = {
  store: Pick<MessageStore, 'deadLetters'>;
  redrive: Redrive;
  /** What each result of a redrive means, as a sentence. */
  meaning: Record<string, string>;
};
type Deps = DeadLetters & { readBody: ReadBody; timeoutMs: number; logger: Logger };

const MAX_IDS = 100;
const isId = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;
const REDRIVE: Shape = {
  ids: {
    check: (value, path) =>
      Array.isArray(value) && value.length > 0 && value.length <= MAX_IDS && value.every(isId)
        ? undefined
        : path,
  },
};

/**
 * Dead letters for admins, without the messages' text.
 *
 * `GET /v1/admin/dead-letters?after=&limit=` answers `{letters, hasMore}`, oldest first.
 * `POST /v1/admin/dead-letters/redrive {"ids"}`, 100 at most, answers `{results: [{id, result, message}]}`.
 */
export function createDeadLetterCalls({ store, redrive, meaning, readBody, timeoutMs, logger }: Deps) {
  const read = createStoreReads(logger);
  return {
    async list(request: Request): Promise<Answer | Refusal> {
      const query = parseLettersQuery(new URL(request.url, 'http://admin').searchParams);
      if (isRefusal(query)) return query;
      const { limit } = query;
      const letters = await read(timeoutMs, () => store.deadLetters({ ...query, limit: limit + 1 }));
      if (isRefusal(letters)) return refuse('unavailable');
      return { body: { letters: letters.slice(0, limit).map(shown), hasMore: letters.length > limit } };
    },

    async redrive(request: Request, response: Response): Promise<Answer | Refusal> {
      const body = await readBody(request, response);
      if (isRefusal(body)) return body;
      const wrong = checkShape(body, REDRIVE);
      if (wrong) return wrong;
      try {
        const done = await redrive([...new Set(body.ids as number[])]);
        return { body: { results: done.map(one => ({ ...one, message: meaning[one.result] })) } };
      } catch (error) {
        if (error instanceof Unavailable) throw error;
        logger.warn({ error }, 'dead letters could not be redriven');
        return refuse('unavailable');
      }
    },
  };
}

/** A letter without its text. */
function shown({ entry, messageId, ...letter }: KeptLetter) {
  const { user, timestamp } = entry;
  return { ...letter, messageId, user, timestamp };
}
