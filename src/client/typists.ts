/** Who is typing in a room, and the word that this user is. All of it may be lost, and nothing waits for it. */
import type { Clock } from './clock.ts';

type Deps = {
  clock: Clock;
  /** Sends a frame where the room is live; answers whether it did. */
  tell(): boolean;
  onChange(): void;
};

/** The service passes on one `typing` of a user in this time. */
const TELL_EVERY_MS = 2_000;
/** Without another word somebody has stopped. */
const EXPIRES_MS = 4_000;
/** Typists that are remembered; beyond it the one heard longest ago is forgotten. */
const MAX_TYPISTS = 50;

export type Typists = ReturnType<typeof createTypists>;

export function createTypists({ clock, tell, onChange }: Deps) {
  const until = new Map<string, number>();
  let toldAt: number | undefined;
  let cancel: (() => void) | undefined;

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
    /** Says that this user types; within 2 s of the last word it does nothing. */
    typing() {
      const now = clock.now();
      if (toldAt !== undefined && now - toldAt < TELL_EVERY_MS) return;
      if (tell()) toldAt = now;
    },
    /** The message is out: the next keystroke is news again. */
    sent() {
      toldAt = undefined;
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
    clear() {
      cancel?.();
      cancel = undefined;
      until.clear();
    },
  };
}
