/** A member of one room over the public client, and the record of every frame that the room's log sent it. */
import { WebSocket } from 'ws';
import type { Client, SocketLike } from '../../src/client/index.ts';
import { createNodeClient } from '../../src/client/node.ts';
import type { ServerFrame } from './socket.ts';
import { token } from './socket.ts';

export type LedgerMember = ReturnType<typeof createMember>;

const CLIENT_TIMEOUT_MS = 5_000;

type Options = { url: string; user: string; room: string; random: () => number };

export function createMember({ url, user, room: name, random }: Options) {
  const wire = createWire(name);
  let socket: WebSocket | undefined;
  const connections = { opened: 0 };
  const client: Client = createNodeClient({
    url,
    token: () => token(user),
    timeoutMs: CLIENT_TIMEOUT_MS,
    random,
    webSocket(address) {
      const opened = new WebSocket(address, {
        perMessageDeflate: false,
        handshakeTimeout: CLIENT_TIMEOUT_MS,
      });
      socket = opened;
      connections.opened += 1;
      return tapped(opened, wire);
    },
  });
  const room = client.room(name);
  let resets = 0;
  let gaps = 0;
  room.on('gap', () => {
    gaps += 1;
  });
  const emitted: number[] = [];
  room.on('message', ({ id }) => emitted.push(id));
  room.on('reset', () => {
    resets += 1;
    emitted.length = 0;
  });
  return {
    user,
    room,
    wire,
    socket: () => socket!,
    close: () => client.close(),
    /** How often the client came back, and how often it had to reload from history. */
    reconnects: () => connections.opened - 1,
    resets: () => resets,
    /** How often entries were skipped for it, or lost on the way, and fetched again. */
    gaps: () => gaps,
    /** What the listeners of `message` were told since the last reset, in the order of telling. */
    emitted,
  };
}

/** Hears every frame until the client lets go of the socket: what comes later is nobody's. */
function tapped(socket: WebSocket, wire: ReturnType<typeof createWire>): SocketLike {
  let held = true;
  socket.on('message', data => held && wire.hear(JSON.parse(String(data)) as ServerFrame));
  return {
    send(text) {
      wire.asks(JSON.parse(text) as ClientFrame);
      socket.send(text);
    },
    close(code, reason) {
      held = false;
      socket.close(code, reason);
    },
    addEventListener: (type: string, listener: (event: never) => void) =>
      socket.addEventListener(type as 'message', listener as never),
  };
}

type ClientFrame = {
  type: string;
  ref?: string | number;
  room?: string;
  since?: { epoch: string; offset: number };
};

/**
 * Holds the frames of a room against the protocol: an answer to `since` begins after it, live offsets grow by
 * exactly 1, and no message is created twice or out of its order. What the client asks for again it may hear again;
 * a join without `since`, and an answer that is not recovered, begin anew.
 */
function createWire(room: string) {
  const violations: string[] = [];
  let position: number | undefined;
  let created = new Set<number>();
  let newest = 0;
  let frames = 0;
  /** The join under way: what was on its way before its answer is answered again. */
  let awaited: string | number | undefined;

  function startAt(offset: number | undefined) {
    position = offset;
    created = new Set([...created].filter(id => id <= (offset ?? 0)));
    newest = Math.max(0, ...created);
  }

  function note(event: ServerFrame) {
    frames += 1;
    if (event.type !== 'message.created') return;
    const { id } = event.message as { id: number };
    if (created.has(id)) violations.push(`message ${id} was created twice`);
    else if (id < newest) violations.push(`message ${id} came after ${newest}`);
    created.add(id);
    newest = Math.max(newest, id);
  }

  function joined(frame: ServerFrame) {
    if (!frame.recovered) startAt(undefined);
    let last = position ?? 0;
    for (const event of frame.events as ServerFrame[]) {
      if (frame.recovered && event.offset! <= last)
        violations.push(`${event.type} ${event.offset} in the answer after ${last}`);
      last = event.offset!;
      note(event);
    }
    position = frame.more ? last : frame.offset!;
  }

  return {
    violations,
    frames: () => frames,
    asks({ type, ref, room: named, since }: ClientFrame) {
      if (type !== 'join' || named !== room) return;
      awaited = ref;
      startAt(since?.offset);
    },
    hear(frame: ServerFrame) {
      if (frame.room !== room) return;
      if (frame.type === 'joined' && frame.ref === awaited) awaited = undefined;
      if (awaited !== undefined) return;
      if (frame.type === 'joined') joined(frame);
      if (frame.type === 'gap') position = undefined;
      if (!frame.type.startsWith('message.')) return;
      if (position !== undefined && frame.offset !== position + 1)
        violations.push(`${frame.type} ${frame.offset} after ${position}`);
      if (position !== undefined) position = frame.offset!;
      note(frame);
    },
  };
}
