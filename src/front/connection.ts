/**
 * One socket, from its 101 to its end. It is *open* until it is closed from here or by the peer; then it leaves
 * its rooms at once, takes no more frames and sends none.
 */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Config } from '../config.ts';
import { CLOSE } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Hub, JoinedPage, Member, Presence } from '../rooms/hub-types.ts';
import type { Viewer } from '../rooms/view.ts';
import { closeCodeOf, closing } from './closing.ts';
import type { Fanout } from './fanout.ts';
import type { Ref } from './frames.ts';
import type { Handle } from './handlers/handle.ts';
import { startHeartbeat } from './heartbeat.ts';
import type { Identity, MayEnter } from './identity.ts';
import { createInbox } from './inbox.ts';
import { encodeJoined, NOBODY, type Present } from './joined.ts';
import { createFrameLimits } from './limits-frames.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { watchTokenEnd } from './token-end.ts';
import { createTurns } from './turns.ts';

export type Connection = {
  readonly id: string;
  readonly identity: Identity;
  readonly member: Member;
  /** Rooms joined or being joined, with who was present then. */
  readonly rooms: Map<string, Present>;
  /** Goes on under another token of the same user, until that one's end. */
  renew(identity: Identity): void;
  isOpen(): boolean;
  /** Sends a page of a join's answer. Resolves when there is room for the next one, or the socket has ended. */
  page(page: JoinedPage, present: Present, ref?: Ref): Promise<void>;
  /** Waits until few joins are under way here and their pages are out; resolves with what ends the turn. */
  joinTurn(): Promise<() => void>;
  answer(frame: { type: string; [field: string]: unknown }, ref?: Ref): void;
};
/** What the front does with a connection. */
export type OpenConnection = {
  /** Says goodbye with the delay after which to come back, and closes with 1001. */
  drain(reconnectAfterMs: number): void;
  /** Who the current token says it is. */
  identity(): Identity;
  /** Closes with 4003. */
  revoke(): void;
  /** Leaves the rooms that may not be entered any more, with a `left` for each. */
  putOut(mayEnter: MayEnter): void;
  terminate(): void;
  closed: Promise<void>;
};
export type ConnectionDeps = {
  config: Config;
  logger: Logger;
  metrics: GatewayMetrics;
  hub: Hub;
  presence: Presence;
  handle: Handle;
  fanout: Fanout;
};
/** `socket` is the one that `ws` was upgraded on. */
export type Opening = { ws: WebSocket; socket: Socket; identity: Identity; requestId: string };

/** Joins of one connection side by side: with one page each, their answers stay below the bytes that are slow. */
const JOINS_AT_ONCE = 4;

/** Greets a socket that has just been upgraded, and serves it until it ends. Attaches its listeners at once. */
export function openConnection(opening: Opening, deps: ConnectionDeps): OpenConnection {
  const { ws, identity } = opening;
  const { config } = deps;
  const rooms = new Map<string, Present>();
  const outbox = createOutbox({ ...deps, ...opening, rooms, close });
  const connection = createConnection(opening, rooms, outbox, () => clocks.tokenChanged());
  const { framesPerSecond: perSecond, frameBurst: burst } = config.guard;
  const frameLimits = createFrameLimits({ perSecond, burst });
  const inbox = createInbox({ ...deps, ws, connection, limits: frameLimits, close });
  /** The code that this side closed with, if it was the first to. */
  let given: number | undefined;

  function leaveRooms() {
    for (const room of connection.rooms.keys()) {
      deps.hub.leave(connection.member, room);
      void deps.presence.leave(room, identity.user, connection.id);
    }
    connection.rooms.clear();
  }
  function close(code: number, reason: string) {
    given ??= code;
    outbox.close(code, reason);
    leaveRooms();
  }

  ws.on('message', inbox.receive);
  ws.on('error', error => {
    given ??= closeCodeOf(error);
    leaveRooms();
  });
  const { heartbeatMs, limits } = config;
  const greeting = { protocol: 1, user: identity.user, connection: connection.id, heartbeatMs, limits };
  connection.answer({ type: 'welcome', ...greeting });
  const clocks = startClocks({ ws, connection, outbox, heartbeatMs, close });
  const closed = closing(opening, deps, connection.id, () => {
    clocks.stop();
    leaveRooms();
    return { given, framesIn: inbox.count.frames, framesOut: outbox.count.frames };
  });
  return {
    drain(reconnectAfterMs) {
      connection.answer({ type: 'draining', reconnectAfterMs });
      close(CLOSE.goingAway, 'draining');
    },
    identity: () => connection.identity,
    revoke: () => close(CLOSE.revoked, 'revoked'),
    putOut(mayEnter) {
      for (const room of [...connection.rooms.keys()]) {
        // One that is being joined is left by the join itself, which asks again at its end.
        if (mayEnter(connection.identity, room) || !deps.hub.has(connection.member, room)) continue;
        deps.hub.leave(connection.member, room);
        connection.rooms.delete(room);
        void deps.presence.leave(room, identity.user, connection.id);
        connection.answer({ type: 'left', room });
      }
    },
    terminate: () => ws.terminate(),
    closed,
  };
}

function createConnection(
  opening: Opening,
  rooms: Connection['rooms'],
  outbox: Outbox,
  onRenewed: () => void,
): Connection {
  const { ws } = opening;
  let { identity } = opening;
  const turns = createTurns(JOINS_AT_ONCE);
  const member: Member = {
    viewer: viewerOf(identity),
    deliver: outbox.deliver,
    renewed(page) {
      // A silent room is joined again anyway, and that answer tells.
      if (outbox.isSilent(page.room)) return;
      outbox.send('joined', encodeJoined(page, rooms.get(page.room) ?? NOBODY));
    },
  };
  return {
    id: randomUUID(),
    get identity() {
      return identity;
    },
    member,
    rooms,
    renew(next) {
      identity = next;
      member.viewer = viewerOf(next);
      onRenewed();
    },
    isOpen: () => ws.readyState === WebSocket.OPEN,
    page(page, present, ref) {
      outbox.hear(page.room);
      outbox.send('joined', encodeJoined(page, present, ref));
      return outbox.drained();
    },
    async joinTurn() {
      const end = await turns.take();
      await outbox.drained();
      return end;
    },
    answer({ type, ...fields }, ref) {
      outbox.send(type, JSON.stringify({ type, ...(ref === undefined ? {} : { ref }), ...fields }));
    },
  };
}

const viewerOf = ({ user, moderator }: Identity): Viewer => ({ user, moderator });

type Clocks = {
  ws: WebSocket;
  connection: Connection;
  outbox: Outbox;
  heartbeatMs: number;
  close(code: number, reason: string): void;
};

/** The heartbeat and the token's end: `tokenChanged` watches the connection's new one. */
function startClocks({ ws, connection, outbox, heartbeatMs, close }: Clocks) {
  const heartbeat = startHeartbeat(ws, { everyMs: heartbeatMs, isSending: outbox.isSending });
  const watchToken = () => {
    const { expiresAt } = connection.identity;
    return watchTokenEnd({
      expiresAt,
      onExpiring: () =>
        connection.answer({ type: 'token.expiring', expiresAt: new Date(expiresAt).toISOString() }),
      onExpired: () => close(CLOSE.tokenExpired, 'token_expired'),
    });
  };
  let tokenEnd = watchToken();
  return {
    tokenChanged() {
      tokenEnd.stop();
      tokenEnd = watchToken();
    },
    stop() {
      heartbeat.stop();
      tokenEnd.stop();
    },
  };
}
