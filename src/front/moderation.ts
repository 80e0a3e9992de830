/**
 * What moderators of a room do and look at. The order of checks: sign-in, the room's name, the id or query, who may,
 * the body.
 */
import type { Request } from 'express';
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Decision } from '../message.ts';
import type { Amend } from '../rooms/amend.ts';
import type { LoggedMessage } from '../rooms/log-types.ts';
import { messageFor } from '../rooms/view.ts';
import { queryOf } from './auth.ts';
import type { ReadBody } from './body.ts';
import type { Answer, Handler } from './endpoint.ts';
import { checkShape, reason, type Shape } from './fields.ts';
import { parseId, parsePage } from './history-query.ts';
import { covers, type Identity } from './identity.ts';
import { roomOf } from './messages.ts';
import { createStoreReads } from './store-reads.ts';

type Entry = { id: number };
/** What these calls need of the store, which throws where the database does not answer. */
export type ModerationStore = {
  queue(
    room: string,
    query: { after?: number; limit: number },
  ): Promise<{ messages: LoggedMessage[]; hasMore: boolean }>;
  log(scope: string, query: { before?: number; limit: number }): Promise<Entry[]>;
};
type Deps = {
  amend: Pick<Amend, 'decide'>;
  moderation: ModerationStore;
  readBody: ReadBody;
  logger: Logger;
  timeoutMs: number;
};

const BODY: Shape = { reason: { check: reason, optional: true } };

export function createModerationCalls({ amend, moderation, readBody, logger, timeoutMs }: Deps) {
  const read = createStoreReads(logger);

  /** `POST /v1/rooms/:room/messages/:id/release` and `/remove` `{reason?}`: 200 and the ack. */
  const decide =
    (action: Decision['action']): Handler =>
    async (request, response, { identity }) => {
      const room = roomOf(request);
      if (isRefusal(room)) return room;
      const id = parseId(String(request.params.id), 1);
      if (id === undefined) return refuse('invalid_field', { path: 'id' });
      if (!moderates(identity, room)) return refuse('forbidden');
      const body = await readBody(request, response);
      if (isRefusal(body)) return body;
      const wrong = checkShape(body, BODY);
      if (wrong) return wrong;
      const given = body as { reason?: string };
      const ack = await amend.decide({ ...given, room, id, action, by: identity.user });
      return isRefusal(ack) ? ack : { body: ack };
    };

  /** The room, and the cursor and limit, of a moderator's look. */
  function asked(request: Request, identity: Identity, cursor: 'after' | 'before') {
    const room = roomOf(request);
    if (isRefusal(room)) return room;
    const query = parsePage(queryOf(request), cursor);
    if (isRefusal(query)) return query;
    return moderates(identity, room) ? { room, query } : refuse('forbidden');
  }

  return {
    release: decide('release'),
    remove: decide('remove'),

    /** `GET /v1/rooms/:room/moderation/queue?after=&limit=` */
    queue: (async (request, _response, { identity }): Promise<Answer | Refusal> => {
      const ask = asked(request, identity, 'after');
      if (isRefusal(ask)) return ask;
      const page = await read(timeoutMs, () => moderation.queue(ask.room, ask.query));
      if (isRefusal(page)) return page;
      const viewer = { user: identity.user, moderator: true };
      const messages = page.messages.map(message => messageFor(message, viewer));
      return { body: { room: ask.room, messages, hasMore: page.hasMore } };
    }) satisfies Handler,

    /** `GET /v1/rooms/:room/moderation/log?before=&limit=` */
    log: (async (request, _response, { identity }): Promise<Answer | Refusal> => {
      const ask = asked(request, identity, 'before');
      if (isRefusal(ask)) return ask;
      const { limit } = ask.query;
      const found = await read(timeoutMs, () => moderation.log(ask.room, { ...ask.query, limit: limit + 1 }));
      if (isRefusal(found)) return found;
      return { body: { room: ask.room, entries: found.slice(0, limit), hasMore: found.length > limit } };
    }) satisfies Handler,
  };
}

/** True for moderators whose token covers the room. */
export function moderates(identity: Identity, room: string): boolean {
  return identity.moderator && covers(identity, room);
}
