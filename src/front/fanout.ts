/**
 * What all connections of a gateway share when one frame goes to many: its encoding, the tick on which writes
 * are joined, and the joined bytes.
 *
 * A write costs about the same for one frame as for ten. While the gateway is busy, the first frame after quiet
 * still goes at once, and what follows on that connection within `windowMs` goes together on the next tick. A
 * gateway that is not busy writes every frame at once, for there is nothing to save.
 */
import type { GatewayMetrics } from '../metrics.ts';
import { encodeText } from './text-frame.ts';

/** One frame on its way to any number of connections. */
export type Broadcast = {
  type: string;
  bytes: Buffer;
  /** When the first connection got it, by `performance.now()`. */
  at: number;
  /** Connections that it was sent to: each adds itself. */
  sent: number;
  /** Its room, and its offset where it is an entry of the log. */
  place(): { room?: string; offset?: number };
};

export type Fanout = ReturnType<typeof createFanout>;

type Options = {
  metrics: GatewayMetrics;
  /** For how long frames may wait to be joined; 0 joins none. */
  windowMs?: number;
  /** Frames within one window at which a gateway is busy. */
  busyFrames?: number;
  /** Sees each broadcast once, before it is written. */
  onBroadcast?(type: string, frame: string): void;
};

const WINDOW_MS = 10;
/** 5,000 deliveries a second: about a twentieth of a core at 9 µs each. */
const BUSY_FRAMES = 50;

export function createFanout({
  metrics,
  windowMs = WINDOW_MS,
  busyFrames = BUSY_FRAMES,
  onBroadcast = () => undefined,
}: Options) {
  const load = createLoad(windowMs, busyFrames);
  let last: { frame: string; broadcast: Broadcast } | undefined;
  let due: (() => void)[] = [];
  let parts: readonly Buffer[] = [];
  let whole: Buffer = Buffer.alloc(0);

  function begin(frame: string) {
    const type = typeOf(frame);
    const bytes = encodeText(frame);
    const broadcast: Broadcast = { type, bytes, at: performance.now(), sent: 0, place: placeOf(frame) };
    // Its members are served without a pause, so all of them are counted by then.
    queueMicrotask(() => metrics.framesOut.inc({ type }, broadcast.sent));
    onBroadcast(type, frame);
    return { frame, broadcast };
  }

  function tick() {
    const flushes = due;
    due = [];
    for (const flush of flushes) flush();
    parts = [];
  }

  return {
    windowMs,
    /** The encoding of a frame; the same one for every member that is handed the same string in turn. */
    broadcast(frame: string): Broadcast {
      if (last === undefined || last.frame !== frame) last = begin(frame);
      load.count(last.broadcast.at);
      return last.broadcast;
    },
    /** Whether joining saves anything now. */
    busy: () => load.busy(),
    /** Calls `flush` once, within `windowMs`. */
    onTick(flush: () => void): void {
      if (due.push(flush) === 1) setTimeout(tick, windowMs).unref();
    },
    /** The frames in one Buffer; connections that flush the same frames in turn share it. */
    join(frames: readonly Buffer[]): Buffer {
      if (frames.length === 1) return frames[0]!;
      if (!sameFrames(frames, parts)) {
        whole = Buffer.concat(frames);
        parts = frames;
      }
      return whole;
    },
  };
}

/** The type of an encoded server frame, which is its first field. */
export function typeOf(frame: string): string {
  const start = '{"type":"'.length;
  return frame.slice(start, frame.indexOf('"', start));
}

/** Frames handed to connections in this window and the last one; the fuller of both tells. */
function createLoad(windowMs: number, busyFrames: number) {
  let startedAt = Number.NEGATIVE_INFINITY;
  let before = 0;
  let now = 0;
  return {
    count(at: number) {
      const passed = at - startedAt;
      if (passed >= windowMs) {
        before = passed < 2 * windowMs ? now : 0;
        now = 0;
        startedAt = at;
      }
      now += 1;
    },
    busy: () => windowMs > 0 && (now >= busyFrames || before >= busyFrames),
  };
}

/** Reads a frame's place when it is first asked for: only slow connections ask. */
function placeOf(frame: string): Broadcast['place'] {
  let place: ReturnType<Broadcast['place']> | undefined;
  return () => {
    place ??= JSON.parse(frame) as { room?: string; offset?: number };
    return place;
  };
}

function sameFrames(a: readonly Buffer[], b: readonly Buffer[]): boolean {
  if (a.length !== b.length) return false;
  // From the end: members of two rooms differ there first.
  for (let i = a.length - 1; i >= 0; i -= 1) if (a[i] !== b[i]) return false;
  return true;
}
