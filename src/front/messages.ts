/** The calls on rooms and their messages. The order of checks: sign-in, the room's name, the query or id, whether the token covers the room, the body. */
import type { Request } from 'express';
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import { ROOM_PATTERN } from '../message.ts';
import type { Viewer } from '../rooms/view.ts';
import { queryOf } from './auth.ts';
import type { ReadBody } from './body.ts';
import type { Handler } from './endpoint.ts';
import { parseDraft } from './frames.ts';
import type { History } from './history.ts';
import { parseHistoryQuery, parseId, parseRoomsQuery } from './history-query.ts';
import type { Identity, MayEnter } from './identity.ts';
import type { Submit } from './submit.ts';

type Deps = { history: History; submit: Submit; readBody: ReadBody; mayEnter: MayEnter };
type Calls = { page: Handler; one: Handler; post: Handler; rooms: Handler };

const viewerOf = ({ user, moderator }: Identity): Viewer => ({ user, moderator });

export function createMessageCalls({ history, submit, readBody, mayEnter }: Deps): Calls {
  return {
    /** `GET /v1/rooms/:room/messages` */
    async page(request, _response, { identity }) {
      const room = roomOf(request);
      if (isRefusal(room)) return room;
      const query = parseHistoryQuery(queryOf(request));
      if (isRefusal(query)) return query;
      if (!mayEnter(identity, room)) return refuse('forbidden');
      return answer(await history.page(room, query, viewerOf(identity)));
    },

    /** `GET /v1/rooms/:room/messages/:id` */
    async one(request, _response, { identity }) {
      const room = roomOf(request);
      if (isRefusal(room)) return room;
      const id = parseId(String(request.params.id), 1);
      if (id === undefined) return refuse('invalid_field', { path: 'id' });
      if (!mayEnter(identity, room)) return refuse('forbidden');
      return answer(await history.message(room, id, viewerOf(identity)));
    },

    /** `POST /v1/rooms/:room/messages` */
    async post(request, response, { identity }) {
      const room = roomOf(request);
      if (isRefusal(room)) return room;
      if (!mayEnter(identity, room)) return refuse('forbidden');
      const body = await readBody(request, response);
      if (isRefusal(body)) return body;
      const draft = parseDraft(body);
      if (isRefusal(draft)) return draft;
      const ack = await submit(identity, room, draft);
      return isRefusal(ack) ? ack : { status: ack.duplicate ? 200 : 201, body: ack };
    },

    /** `GET /v1/rooms` */
    async rooms(request, _response, { identity }) {
      const query = parseRoomsQuery(queryOf(request));
      if (isRefusal(query)) return query;
      const page = await history.rooms(query, identity.rooms);
      if (isRefusal(page)) return page;
      return { body: { ...page, rooms: page.rooms.filter(({ room }) => mayEnter(identity, room)) } };
    },
  };
}

/** The room of a call's path. */
export function roomOf(request: Request): string | Refusal {
  const room = String(request.params.room);
  return ROOM_PATTERN.test(room) ? room : refuse('invalid_field', { path: 'room' });
}

const answer = <T extends object>(body: T | Refusal) => (isRefusal(body) ? body : { body });
