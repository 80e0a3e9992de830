import type { RawData, WebSocket } from 'ws';
import { CLOSE, errorBody, type Refusal, refuse, Unavailable } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Connection } from './connection.ts';
import { createFlood } from './flood.ts';
import { type ClientFrame, type Parsed, parseFrame, type Ref } from './frames.ts';
import type { Handle } from './handlers/handle.ts';
import { createLanes } from './lanes.ts';
import type { FrameLimits } from './limits-frames.ts';

/** Frames under way on one connection before it is read no further. */
const MAX_UNDER_WAY = 64;
/** So many frames that are no JSON, so close together, are no mistake. */
const BAD_JSON = { limit: 20, windowMs: 10_000 };

type Deps = {
  ws: WebSocket;
  connection: Connection;
  handle: Handle;
  limits: FrameLimits;
  close(code: number, reason: string): void;
  metrics: GatewayMetrics;
  logger: Logger;
};

/**
 * Takes a connection's frames: those of one room are handled in order, those of different rooms side by side.
 * Past 64 frames under way the socket is read no further until half of them are done; what one read of the
 * socket had brought by then (64 KiB) is still taken. What is wrong with a frame itself is answered at once.
 */
export function createInbox({ ws, connection, handle, limits, close, metrics, logger }: Deps) {
  const flood = createFlood(BAD_JSON);
  const lanes = createLanes({
    limit: MAX_UNDER_WAY,
    onFull: () => ws.pause(),
    onFree: () => ws.resume(),
  });
  const count = { frames: 0 };

  function answerRefusal(refusal: Refusal, ref: Ref | undefined) {
    metrics.refusals.inc({ code: refusal.refused, via: 'ws' });
    connection.answer({ type: 'error', ...errorBody(refusal) }, ref);
    if (refusal.refused === 'bad_json' && flood.hit()) close(CLOSE.policy, 'bad_json');
    else if (limits.isAbuse(refusal)) close(CLOSE.rateLimited, 'rate_limited');
  }

  async function run(frame: ClientFrame) {
    if (!connection.isOpen()) return;
    try {
      const refusal = await handle(connection, frame);
      if (refusal) answerRefusal(refusal, frame.ref);
    } catch (error) {
      const expected = error instanceof Unavailable;
      const about = { connection: connection.id, frame: frame.type, error };
      logger[expected ? 'debug' : 'error'](about, 'a frame could not be handled');
      answerRefusal(refuse(expected ? 'unavailable' : 'internal'), frame.ref);
    }
  }

  function take(parsed: Parsed) {
    const tooFast = limits.take();
    if (tooFast !== undefined) {
      metrics.framesIn.inc({ type: 'refused' });
      answerRefusal(tooFast, 'refusal' in parsed ? parsed.ref : parsed.frame.ref);
      return;
    }
    if ('refusal' in parsed) {
      metrics.framesIn.inc({ type: 'invalid' });
      answerRefusal(parsed.refusal, parsed.ref);
      return;
    }
    const { frame } = parsed;
    metrics.framesIn.inc({ type: frame.type });
    if ('room' in frame) lanes.add(frame.room, () => run(frame));
    else void run(frame);
  }

  return {
    count,
    receive(data: RawData, isBinary: boolean): void {
      if (!connection.isOpen()) return;
      count.frames += 1;
      if (isBinary) close(CLOSE.unsupported, 'text frames only');
      else take(parseFrame(String(data)));
    },
  };
}
