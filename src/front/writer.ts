/**
 * The bytes of one connection on their way to its socket.
 * - *free*: the kernel took all that was written. What is pushed in one turn of the loop goes in one write at its end.
 * - *stuck*: it did not. Frames queue here, and the next 64 KiB of whole frames are written when the last ones
 *   are gone, so that progress is seen, and what is queued can still be dropped.
 *
 * It writes below ws, to the socket of the upgrade: ws would encode a broadcast once for each member, and write it
 * in two parts. Each write holds whole frames and the order of calls is kept, so pings, pongs and the close frame
 * that ws writes to the same socket fall between them; `bufferedAmount` counts these bytes, as it is the socket's.
 * This rests on what the server is started with: no compression, so ws never holds a frame of its own back.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { GatewayMetrics } from '../metrics.ts';

/** What one write holds at most, unless a single frame is larger. */
const WRITE_BYTES = 64 * 1024;
/** Below so many unsent bytes there is room for a page of a replay. */
const DRAINED_BYTES = 256 * 1024;
/** A write that is not done by then: the peer does not read. */
const STALLED_MS = 10_000;

type Deps = {
  ws: WebSocket;
  /** The socket that `ws` was upgraded on. */
  socket: Socket;
  metrics: GatewayMetrics;
  onStalled(): void;
  stalledMs?: number;
};

/** Whole frames, one after another. */
type Piece = { bytes: Buffer; frames: number };

/** The caller bounds what it pushes by `unsent()`. Nothing is written to a socket that is closing. */
export function createWriter({ ws, socket, metrics, onStalled, stalledMs = STALLED_MS }: Deps) {
  let queue: Piece[] = [];
  let queuedBytes = 0;
  let inFlight = 0;
  let ending = false;
  let stall: NodeJS.Timeout | undefined;
  let waiting: (() => void)[] = [];

  const isOpen = () => ws.readyState === ws.OPEN && !socket.destroyed;
  const isStuck = () => inFlight > 0 && socket.writableLength > 0;
  const unsent = () => queuedBytes + socket.writableLength;
  const isDrained = () => unsent() < DRAINED_BYTES || (inFlight === 0 && queue.length === 0);

  /** Takes pieces up to the size of a write, at least one. */
  function take(): Piece[] {
    if (queuedBytes <= WRITE_BYTES) {
      const all = queue;
      queue = [];
      return all;
    }
    let count = 0;
    let bytes = 0;
    do bytes += queue[count++]!.bytes.length;
    while (count < queue.length && bytes + queue[count]!.bytes.length <= WRITE_BYTES);
    return queue.splice(0, count);
  }

  function write() {
    const pieces = take();
    const bytes = pieces.length === 1 ? pieces[0]!.bytes : Buffer.concat(pieces.map(piece => piece.bytes));
    queuedBytes -= bytes.length;
    inFlight += 1;
    socket.write(bytes, onWritten);
    metrics.bytesOut.inc(bytes.length);
    metrics.framesPerWrite.observe(pieces.reduce((sum, { frames }) => sum + frames, 0));
    if (isStuck()) stall ??= setTimeout(onStalled, stalledMs).unref();
  }

  function onWritten() {
    inFlight -= 1;
    clearTimeout(stall);
    stall = undefined;
    if (isStuck()) stall = setTimeout(onStalled, stalledMs).unref();
    else pump();
    if (waiting.length > 0 && isDrained()) release();
  }

  function pump() {
    if (!isOpen()) return drop();
    while (queue.length > 0 && !isStuck()) write();
  }

  function onTurnEnd() {
    ending = false;
    pump();
  }

  function drop() {
    queue = [];
    queuedBytes = 0;
  }

  function release() {
    const released = waiting;
    waiting = [];
    for (const resolve of released) resolve();
  }

  return {
    unsent,
    /** Whether a write is not done; the time it may take is running. */
    isStuck,
    /** Queues whole frames, to be written before the turn ends. */
    push(bytes: Buffer, frames: number): void {
      queue.push({ bytes, frames });
      queuedBytes += bytes.length;
      if (ending || isStuck()) return;
      ending = true;
      queueMicrotask(onTurnEnd);
    },
    /** Hands all that is queued to the socket, before a close frame follows it. */
    flush(): void {
      if (!isOpen()) drop();
      while (queue.length > 0) write();
    },
    /** Forgets what is queued. */
    drop,
    /** Resolves when there is room for a page of a replay, or the connection has ended. */
    drained(): Promise<void> {
      if (isDrained() || !isOpen()) return Promise.resolve();
      return new Promise(resolve => {
        waiting.push(resolve);
      });
    },
    /** The connection is closing: nothing more is written, and nobody waits any longer. */
    end(): void {
      clearTimeout(stall);
      drop();
      release();
    },
  };
}
