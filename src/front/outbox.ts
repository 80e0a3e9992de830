import type { WebSocket } from 'ws';
import { CLOSE } from '../errors.ts';
import type { GatewayMetrics } from '../metrics.ts';

/** Unsent bytes at which a connection is too slow to be kept. */
const MAX_UNSENT_BYTES = 2 * 1024 * 1024;

type Deps = {
  ws: WebSocket;
  metrics: GatewayMetrics;
  close(code: number, reason: string): void;
};

/**
 * The one way out of a connection. Past 2 MiB of unsent bytes the connection is closed with 4013; what comes
 * after is dropped, and found again by joining with `since`.
 */
export function createOutbox({ ws, metrics, close }: Deps) {
  const count = { frames: 0 };
  return {
    count,
    /** Sends one encoded frame of this type; nothing happens on a socket that is not open. */
    send(type: string, frame: string): void {
      if (ws.readyState !== ws.OPEN) return;
      ws.send(frame);
      count.frames += 1;
      metrics.framesOut.inc({ type });
      if (ws.bufferedAmount > MAX_UNSENT_BYTES) close(CLOSE.slowConsumer, 'slow_consumer');
    },
  };
}

/** The type of an encoded server frame, which is its first field. */
export function typeOf(frame: string): string {
  const start = '{"type":"'.length;
  return frame.slice(start, frame.indexOf('"', start));
}

/**
 * Measures how long an accepted message takes to its first socket here. The same string is delivered to every
 * member in turn, so one look at the last one is enough to count it once.
 */
export function createDeliveryClock(metrics: GatewayMetrics): (type: string, frame: string) => void {
  const mark = '"timestamp":"';
  let last: string | undefined;
  return (type, frame) => {
    if (frame === last || type !== 'message.created') return;
    last = frame;
    // Quotes inside the text are escaped, so the first mark is the field itself.
    const at = frame.indexOf(mark) + mark.length;
    const accepted = Date.parse(frame.slice(at, at + 24));
    if (!Number.isNaN(accepted)) metrics.delivery.observe(Math.max(0, Date.now() - accepted) / 1_000);
  };
}
