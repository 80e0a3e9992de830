import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { CLOSE } from '../errors.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Broadcast, Fanout } from './fanout.ts';
import { encodeText } from './text-frame.ts';
import { createWriter } from './writer.ts';

/** Unsent bytes past which entries of the log are skipped, for they can be fetched again. */
const SKIP_BYTES = 1024 * 1024;
/** Unsent bytes past which a connection is too slow to be kept. */
const MAX_UNSENT_BYTES = 2 * SKIP_BYTES;

type Deps = {
  ws: WebSocket;
  /** The socket that `ws` was upgraded on. */
  socket: Socket;
  metrics: GatewayMetrics;
  fanout: Fanout;
  /** Rooms of this connection, by name. */
  rooms: ReadonlyMap<string, unknown>;
  close(code: number, reason: string): void;
  stalledMs?: number;
};

export type Outbox = ReturnType<typeof createOutbox>;

/**
 * The one way out of a connection, in the order of calls. Past 1 MiB of unsent bytes an entry of a room's log
 * becomes a `gap`, after which the room is silent here until it is joined again, and frames without an offset are
 * dropped. Past 2 MiB, or after 10 s in which no write was done, the connection is closed with 4013, and what is
 * queued for it is dropped.
 */
export function createOutbox({ ws, socket, metrics, fanout, rooms, close, stalledMs }: Deps) {
  const count = { frames: 0 };
  const silent = new Set<string>();
  const writer = createWriter({
    ws,
    socket,
    metrics,
    onStalled: () => giveUp('stalled'),
    ...(stalledMs === undefined ? {} : { stalledMs }),
  });
  const isOpen = () => ws.readyState === ws.OPEN;

  function giveUp(cause: 'unsent' | 'stalled') {
    if (!isOpen()) return;
    metrics.slowCloses.inc({ cause });
    writer.drop();
    close(CLOSE.slowConsumer, 'slow_consumer');
  }

  /** Sends an answer, or another frame that cannot be fetched again. */
  function send(type: string, frame: string): void {
    if (!isOpen()) return;
    writer.push(encodeText(frame), 1);
    count.frames += 1;
    metrics.framesOut.inc({ type });
    if (writer.unsent() > MAX_UNSENT_BYTES) giveUp('unsent');
  }

  function skip(room: string, { from, to }: ReturnType<Broadcast['place']>) {
    // Rooms left while they were silent.
    for (const name of silent) if (!rooms.has(name)) silent.delete(name);
    silent.add(room);
    metrics.gaps.inc();
    send('gap', JSON.stringify({ type: 'gap', room, from, to }));
  }

  ws.once('close', writer.end);

  return {
    count,
    send,
    drained: writer.drained,
    isSending: writer.isStuck,
    unsent: writer.unsent,

    /** Sends frames of one room: entries of its log in order, or one that is not of the log. */
    deliver(frames: readonly string[]): void {
      if (!isOpen()) return;
      const broadcast = fanout.broadcast(frames);
      const over = writer.unsent() > SKIP_BYTES;
      if (over || silent.size > 0) {
        const place = broadcast.place();
        if (place.room !== undefined && silent.has(place.room)) return;
        if (over) {
          if (place.room !== undefined && place.from !== undefined) skip(place.room, place);
          return;
        }
      }
      count.frames += frames.length;
      broadcast.sent += 1;
      writer.push(broadcast.bytes, frames.length);
    },

    /** Whether a room was skipped, and has not been joined again. */
    isSilent: (room: string): boolean => silent.has(room),
    /** The room is joined anew: its frames go out again. */
    hear(room: string): void {
      silent.delete(room);
    },

    /** Writes what is queued, closes, and writes nothing more. */
    close(code: number, reason: string): void {
      if (isOpen()) writer.flush();
      ws.close(code, reason);
      writer.end();
    },
  };
}

/** Measures how long an accepted message takes until it is handed to its first socket here. */
export function createDeliveryClock(metrics: GatewayMetrics): (type: string, frame: string) => void {
  const mark = '"timestamp":"';
  return (type, frame) => {
    if (type !== 'message.created') return;
    // Quotes inside the text are escaped, so the first mark is the field itself.
    const at = frame.indexOf(mark) + mark.length;
    const accepted = Date.parse(frame.slice(at, at + 24));
    if (!Number.isNaN(accepted)) metrics.delivery.observe(Math.max(0, Date.now() - accepted) / 1_000);
  };
}
