/** What the connections of a gateway share when the same frames go to many of them: their encoding. */
import type { GatewayMetrics } from '../metrics.ts';
import { encodeText } from './text-frame.ts';

/** Frames of one room on their way to any number of connections. */
export type Broadcast = {
  frames: readonly string[];
  bytes: Buffer;
  /** Connections that it was sent to: each adds itself. */
  sent: number;
  /** Their room, and the offsets of the first and last where they are entries of the log. */
  place(): { room?: string; from?: number; to?: number };
};

export type Fanout = ReturnType<typeof createFanout>;

type Options = {
  metrics: GatewayMetrics;
  /** Sees each frame once, before it is written. */
  onFrame?(type: string, frame: string): void;
};

export function createFanout({ metrics, onFrame = () => undefined }: Options) {
  let last: Broadcast | undefined;

  function begin(frames: readonly string[]): Broadcast {
    const [first, ...more] = frames;
    const bytes = more.length === 0 ? encodeText(first!) : Buffer.concat(frames.map(encodeText));
    const broadcast: Broadcast = { frames, bytes, sent: 0, place: placeOf(frames) };
    const types = frames.map(typeOf);
    // Its members are served without a pause, so all of them are counted by then.
    queueMicrotask(() => {
      for (const type of types) metrics.framesOut.inc({ type }, broadcast.sent);
    });
    for (const [i, type] of types.entries()) onFrame(type, frames[i]!);
    return broadcast;
  }

  return {
    /** The encoding of these frames; the same one for every member that is handed the same list in turn. */
    broadcast(frames: readonly string[]): Broadcast {
      if (last?.frames !== frames) last = begin(frames);
      return last;
    },
  };
}

/** The type of an encoded server frame, which is its first field. */
export function typeOf(frame: string): string {
  const start = '{"type":"'.length;
  return frame.slice(start, frame.indexOf('"', start));
}

/** Reads the frames' place when it is first asked for: only slow connections ask. */
function placeOf(frames: readonly string[]): Broadcast['place'] {
  let place: ReturnType<Broadcast['place']> | undefined;
  const read = (frame: string) => JSON.parse(frame) as { room?: string; offset?: number };
  return () => {
    if (place === undefined) {
      const { room, offset } = read(frames[0]!);
      const to = offset === undefined ? undefined : read(frames.at(-1)!).offset;
      place = {
        ...(room === undefined ? {} : { room }),
        ...(offset === undefined || to === undefined ? {} : { from: offset, to }),
      };
    }
    return place;
  };
}
