/**
 * What this process has seen of each room's log: the newest offset that was given. A log that ends below it was
 * rolled back, one of another epoch has lost the former: how far that had reached is put on record, so that an
 * audit can say what was lost with it. Nobody else knows once Redis has forgotten; what every process that saw an
 * offset took with it when it died, or forgot, stays unknown.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../logger.ts';
import type { roomKeys } from './keys.ts';
import type { Scripts } from './scripts.ts';

export type Seen = { epoch: string; offset: number };
export type Loss = { room: string; epoch: string; seen: number };
/** The lasting record; a repeat with less changes nothing. */
export type LossStore = { lost(losses: Loss[]): Promise<void> };

type Deps = {
  scripts: Scripts;
  losses: LossStore;
  keysOf(room: string): ReturnType<typeof roomKeys>;
  logger: Logger;
};

/** Rooms that are remembered; the oldest is forgotten. As many losses wait for the record, beyond them the newest go. */
const MAX_ROOMS = 10_000;
const RETRY_MS = 2_000;
const AT_ONCE = 500;

export function createSeen({ scripts, losses, keysOf, logger }: Deps) {
  const rooms = new Map<string, Seen>();
  const pending = new Map<string, Loss>();
  let recording = false;
  let looking = false;

  function remember(room: string, seen: Seen) {
    rooms.delete(room);
    rooms.set(room, seen);
    if (rooms.size > MAX_ROOMS) rooms.delete(rooms.keys().next().value!);
  }

  /** Puts losses on record, trying until it answers; nothing keeps the process alive for it. */
  async function record() {
    if (recording) return;
    recording = true;
    while (pending.size > 0) {
      const some = [...pending].slice(0, AT_ONCE);
      try {
        await losses.lost(some.map(([, loss]) => loss));
        for (const [key, loss] of some) if (pending.get(key) === loss) pending.delete(key);
      } catch (error) {
        logger.debug({ error }, 'losses could not be recorded yet');
        await delay(RETRY_MS, undefined, { ref: false });
      }
    }
    recording = false;
  }

  function note(room: string, { epoch, offset }: Seen) {
    const key = `${room} ${epoch}`;
    const known = pending.get(key);
    if (known !== undefined && known.seen >= offset) return;
    if (known === undefined && pending.size >= MAX_ROOMS) return;
    pending.set(key, { room, epoch, seen: offset });
    void record();
  }

  /** Where one room lost its epoch others did too, and some are quiet: every room that is remembered is looked at. */
  async function lookAround() {
    if (looking) return;
    looking = true;
    try {
      for (const [room, seen] of [...rooms]) {
        const keys = keysOf(room);
        const reply = await scripts.run('head', [keys.partition, keys.meta, keys.open], []);
        const [answer, epoch, end, , , known] = (reply as (string | number)[]).map(String);
        const gone = answer === 'no_epoch' || known !== '1' || epoch !== seen.epoch;
        if (gone || Number(end) < seen.offset) note(room, seen);
      }
    } catch (error) {
      logger.debug({ error }, 'rooms could not be looked at: they tell when they are used again');
    } finally {
      looking = false;
    }
  }

  function ended(room: string, seen: Seen) {
    rooms.delete(room);
    note(room, seen);
    void lookAround();
  }

  return {
    get: (room: string): Seen | undefined => rooms.get(room),
    /** Remembers an offset that was given. */
    saw(room: string, epoch: string, offset: number) {
      const known = rooms.get(room);
      if (known?.epoch === epoch && known.offset >= offset) return;
      if (known !== undefined && known.epoch !== epoch) ended(room, known);
      remember(room, { epoch, offset });
    },
    /** Another epoch stands for the room now; `seen` is what is known of the one before, if it is not remembered. */
    begun(room: string, epoch: string, seen?: Seen) {
      const known = rooms.get(room);
      rooms.delete(room);
      for (const former of [known, seen])
        if (former !== undefined && former.epoch !== epoch) ended(room, former);
    },
  };
}
