/** Who is typing in a room, and the word that this user is. All of it may be lost, and nothing waits for it. */
import type { Clock } from './clock.ts';

type Deps = {
  clock: Clock;
  /** Sends a frame where the room is live; answers whether it did. */
  tell(): boolean;
  onChange(): void;
};

/** The service passes on one `typing` of a user in 2 s: a little more, so that none comes too early there. */
const TELL_EVERY_MS = 2_100;
/** Without another word somebody has stopped. */
const EXPIRES_MS = 4_000;
/** Typists that are remembered; beyond it the one heard longest ago is forgotten. */
const MAX_TYPISTS = 50;

export type Typists = ReturnType<typeof createTypists>;

export function createTypists({ clock, tell, onChange }: Deps) {
  const until = new Map<string, number>();
  let toldAt: number | undefined;
  /** Set while a word waits for its turn. */
  let cancelWord: (() => void) | undefined;
  let cancel: (() => void) | undefined;

  function word() {
    cancelWord = undefined;
    if (tell()) toldAt = clock.now();
  }

  function expire() {
    cancel = undefined;
    const now = clock.now();
    for (const [user, end] of until) if (end <= now) until.delete(user);
    arm();
    onChange();
  }

  /** One timer for all: entries are kept in the order of their ends. */
  function arm() {
    const [first] = until.values();
    if (cancel !== undefined || first === undefined) return;
    cancel = clock.setTimer(expire, Math.max(1, first - clock.now()));
  }

  return {
    /** Says that this user types: at once, or when 2 s have passed since the last word. */
    typing() {
      if (cancelWord !== undefined) return;
      const waitMs = toldAt === undefined ? 0 : toldAt + TELL_EVERY_MS - clock.now();
      if (waitMs <= 0) word();
      else cancelWord = clock.setTimer(word, waitMs);
    },
    /** The message is out, and a word that still waits would come after it. */
    sent() {
      cancelWord?.();
      cancelWord = undefined;
    },
    heard(user: string) {
      until.delete(user);
      until.set(user, clock.now() + EXPIRES_MS);
      if (until.size > MAX_TYPISTS) until.delete(until.keys().next().value!);
      arm();
      onChange();
    },
    /** Somebody has stopped: a message of theirs came, or they have gone. */
    stopped(user: string) {
      if (until.delete(user)) onChange();
    },
    users: (): string[] => [...until.keys()],
    /** Nobody types, and nothing is said: the room is not live. */
    clear() {
      cancelWord?.();
      cancelWord = undefined;
      cancel?.();
      cancel = undefined;
      until.clear();
    },
  };
}
