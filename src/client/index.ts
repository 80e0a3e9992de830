/**
 * The client of Parley, for browsers and Node, without dependencies.
 *
 *     const client = createClient({ url: 'http://127.0.0.1:8080', token: () => fetchMyToken() });
 *     const room = client.room('lobby');
 *     room.on('message', message => console.log(message.user, message.content));
 *     await room.join();
 *     const ack = await room.send('Good morning!');
 *
 * It holds one connection, comes back by itself, resumes each room where it was, and sends each message until it
 * is acknowledged, under one clientId. Edits and deletions wait for the connection too; who is here, who types and
 * how far each has read may be lost, and comes again. On Node before 22 use createNodeClient of node.ts.
 */
import { type Clock, systemClock } from './clock.ts';
import { type ConnectionState, createConnection } from './connection.ts';
import { createEmitter, type Emitter } from './emitter.ts';
import { createHttp, type TokenSource } from './http.ts';
import { createModeration, type Moderation } from './moderation.ts';
import { createOutbox } from './outbox.ts';
import { closedError, type ParleyError } from './parley-error.ts';
import type { Digest, Limits, RoomSummary, ServerFrame } from './protocol.ts';
import { createRoom, type RoomPort } from './room.ts';
import type { Room } from './room-types.ts';
import { type OpenSocket, runtimeSocket } from './socket.ts';

export type { AmendOptions } from './amends.ts';
export type { ConnectionState } from './connection.ts';
export type { TokenSource } from './http.ts';
export type { RoomMessage } from './merge.ts';
export type { Moderation, Policies, RoomModeration, Runs, Sanctions } from './moderation.ts';
export type * from './moderation-types.ts';
export type { PendingMessage, SendOptions } from './outbox.ts';
export { ParleyError } from './parley-error.ts';
export type { Ack, Digest, Limits, ModeratorFields, RoomSummary } from './protocol.ts';
export type { RoomPhase } from './room-sync.ts';
export type { Room, RoomEvents } from './room-types.ts';
export type { OpenSocket, SocketLike } from './socket.ts';

export type ClientOptions = {
  /** Where the service is, for example `http://127.0.0.1:8080`. */
  url: string;
  /** The bearer JWT, asked for before every connect. May be absent in a browser that has a session cookie. */
  token?: TokenSource;
  fetch?: typeof fetch;
  webSocket?: OpenSocket;
  /** How long a call, a join or the opening of the connection may take. Default 10 s. */
  timeoutMs?: number;
  /** Messages that the first join of a room brings, 0 to 100. Default 50. */
  recent?: number;
  /** Messages kept for each room; beyond it the oldest go, and come back by `loadOlder`. Default 10,000. */
  maxMessages?: number;
  /** Own messages on their way, over all rooms; beyond it `send` rejects with `overloaded`. Default 1,000. */
  maxUnacknowledged?: number;
} & Partial<Clock>;

export type ClientEvents = { state: ConnectionState };

export type Client = {
  on: Emitter<ClientEvents>['on'];
  state(): ConnectionState;
  /** The user that the service knows this client as, and its limits: undefined before the first connection. */
  user(): string | undefined;
  limits(): Limits | undefined;
  /** Opens the connection. A room's `join` does it too. */
  connect(): void;
  /** Connects at once where the client is waiting to. */
  retry(): void;
  /** Ends the connection for good; what is unacknowledged is rejected with `closed`. */
  close(): void;
  /** The room of this name: the same one until it is left. */
  room(name: string): Room;
  /** The rooms that this user may enter, by name; `after` is the last name of the page before. */
  listRooms(page?: { after?: string; limit?: number }): Promise<{ rooms: RoomSummary[]; hasMore: boolean }>;
  /** What so many days of a room (1-31) came to, up to `day` (like 2026-11-28), oldest first; silent days are left out. */
  digests(room: string, page: { day?: string; days: number }): Promise<{ digests: Digest[] }>;
  /** What moderators and admins do and look at. */
  readonly moderation: Moderation;
};

/** Makes a client; nothing is connected before `connect` or a room's `join`. */
export function createClient(options: ClientOptions): Client {
  const { url, token, timeoutMs = 10_000, recent = 50 } = options;
  const { maxMessages = 10_000, maxUnacknowledged = 1_000 } = options;
  const clock: Clock = {
    now: options.now ?? systemClock.now,
    random: options.random ?? systemClock.random,
    setTimer: options.setTimer ?? systemClock.setTimer,
  };
  const events = createEmitter<ClientEvents>();
  const rooms = new Map<string, RoomPort>();
  const http = createHttp({ url, token, fetch: options.fetch ?? globalThis.fetch, timeoutMs });
  let user: string | undefined;
  let limits: Limits | undefined;

  const connection = createConnection({
    url,
    http,
    openSocket: options.webSocket ?? runtimeSocket,
    clock,
    timeoutMs,
    onState(state) {
      if (state.state === 'open') user = state.user;
      if (state.state === 'closed') end(state.reason);
      events.emit('state', state);
    },
    onOpen(welcome) {
      limits = welcome.limits;
      for (const room of rooms.values()) room.opened();
    },
    onLost() {
      for (const room of rooms.values()) room.lost();
    },
    onFrame(frame: ServerFrame) {
      if ('room' in frame) rooms.get(frame.room)?.receive(frame);
    },
  });
  const isOpen = () => connection.state().state === 'open';
  const outbox = createOutbox({
    ask: connection.ask,
    clock,
    isLive: name => isOpen() && rooms.get(name)?.phase() === 'live',
    onChange: name => rooms.get(name)?.changed(),
    onAcknowledged: (name, message, ack) => rooms.get(name)?.acknowledged(message, ack),
    rejoin: name => rooms.get(name)?.opened(),
    maxUnacknowledged,
    answerMs: timeoutMs,
  });

  function end(reason: ParleyError) {
    outbox.fail(reason);
    outbox.close();
    for (const room of rooms.values()) room.closed(reason);
  }

  function room(name: string): Room {
    const known = rooms.get(name);
    if (known !== undefined) return known;
    const { ask, tell, connect } = connection;
    const deps = { name, ask, tell, connect, isOpen, user: () => user };
    const limitsOfRoom = { timeoutMs, recent, maxMessages };
    const onLeft = () => void rooms.delete(name);
    const made = createRoom({ ...deps, http, clock, outbox, ...limitsOfRoom, onLeft });
    rooms.set(name, made);
    return made;
  }

  return {
    on: events.on,
    state: connection.state,
    user: () => user,
    limits: () => limits,
    connect: connection.connect,
    retry: connection.retry,
    close: () => connection.close(closedError()),
    room,
    listRooms: (page = {}) => http.rooms(page),
    digests: http.digests,
    moderation: createModeration(http.call),
  };
}
