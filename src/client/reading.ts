/** How far this user has read, told to the service in few words, and how far others have. */
import type { Clock } from './clock.ts';

type Deps = {
  clock: Clock;
  user(): string | undefined;
  /** Sends a frame where the room is live; answers whether it did. */
  tell(through: number): boolean;
};

/** At most one `read` leaves in this time; what is read meanwhile is told by the next. */
const TELL_EVERY_MS = 1_000;
/** `read` has no answer but the own receipt, which may be lost: it is not repeated for ever. */
const MAX_REPEATS = 5;
/** Users whose receipts are remembered; beyond it the one heard longest ago is forgotten. */
const MAX_READERS = 1_000;

export type Reading = ReturnType<typeof createReading>;

export function createReading({ clock, user, tell }: Deps) {
  const readers = new Map<string, number>();
  /** What was read here, and what the service is known to have noted. */
  let through = 0;
  let noted = 0;
  let told = 0;
  let repeats = 0;
  let cancel: (() => void) | undefined;

  function flush() {
    if (cancel !== undefined || through <= noted) return;
    repeats = through === told ? repeats + 1 : 0;
    if (repeats > MAX_REPEATS || !tell(through)) return;
    told = through;
    cancel = clock.setTimer(() => {
      cancel = undefined;
      flush();
    }, TELL_EVERY_MS);
  }

  function known(offset: number) {
    noted = Math.max(noted, offset);
    through = Math.max(through, offset);
  }

  return {
    /** Notes that all up to `offset` was read; going back changes nothing. Answers whether it went forward. */
    read(offset: number): boolean {
      if (offset <= through) return false;
      through = offset;
      flush();
      return true;
    },
    /** The answer to a join says what the service has noted: it may have forgotten. */
    joined(offset: number) {
      noted = offset;
      through = Math.max(through, offset);
    },
    /** The room is live anew: what the service has not noted is told again. */
    tellAgain() {
      told = 0;
      flush();
    },
    /** Somebody has read so far; this user, perhaps elsewhere, is somebody too. */
    heard(who: string, offset: number) {
      if (who === user()) return known(offset);
      const before = readers.get(who) ?? 0;
      readers.delete(who);
      readers.set(who, Math.max(before, offset));
      if (readers.size > MAX_READERS) readers.delete(readers.keys().next().value!);
    },
    through: () => through,
    /** Others and how far they have read, as heard since the room was joined first. */
    readers: (): ReadonlyMap<string, number> => readers,
    stop() {
      cancel?.();
      cancel = undefined;
    },
  };
}
