/**
 * Who is muted or banned, held in memory by every gateway. The store is the truth, so that a wiped Redis forgets
 * nobody: all of it is read at the start and what is new twice a second, by one look into an index. While the store
 * is away the last ones known stand; a gateway that starts without it knows none until it answers.
 */
import type { Logger } from '../logger.ts';
import type { Identity } from './identity.ts';

type Kind = 'mute' | 'ban';
/** `until` in milliseconds; one that was lifted has ended. Scope `*` is everywhere. */
export type News = {
  version: number;
  scope: string;
  kind: Kind;
  user: string;
  byAdmin: boolean;
  until: number;
};
type Who = Pick<Identity, 'user' | 'moderator'>;
/** `since` answers what changed after a version, in order, in parts; the store bounds how many can stand. */
type Deps = { since(version: number): Promise<News[]>; logger: Logger; pollMs?: number };
export type Sanctions = ReturnType<typeof createSanctions>;

const POLL_MS = 500;
export const EVERYWHERE = '*';

export function createSanctions({ since, logger, pollMs = POLL_MS }: Deps) {
  const standing = new Map<string, { until: number; byAdmin: boolean }>();
  const listeners: (() => void)[] = [];
  let last = 0;
  let reading: Promise<void> | undefined;
  let failing = false;
  let closed = false;

  async function readNew(): Promise<void> {
    let banned = false;
    for (;;) {
      const news = await since(last);
      for (const { version, scope, kind, user, until, byAdmin } of news) {
        last = version;
        const key = `${kind} ${scope} ${user}`;
        if (until > Date.now()) standing.set(key, { until, byAdmin });
        else standing.delete(key);
        banned ||= kind === 'ban';
      }
      if (news.length === 0) break;
    }
    if (banned && !closed) for (const listener of listeners) listener();
  }

  /** One read at a time: whoever asks meanwhile waits for the one after it. Throws what the store throws. */
  async function read(): Promise<void> {
    await reading?.catch(() => undefined);
    reading ??= readNew().finally(() => {
      reading = undefined;
    });
    await reading;
  }

  const timer = setInterval(() => {
    if (reading !== undefined) return;
    read().then(
      () => {
        failing = false;
      },
      error => {
        if (!failing) logger.warn({ error }, 'mutes and bans cannot be read: the last ones known stand');
        failing = true;
      },
    );
  }, pollMs);
  timer.unref();

  /** What a moderator set does not hold another one: roles stand in tokens, so that is told apart here. */
  function holds(kind: Kind, scope: string, { user, moderator }: Who): boolean {
    const key = `${kind} ${scope} ${user}`;
    const found = standing.get(key);
    if (found === undefined) return false;
    if (found.until <= Date.now()) standing.delete(key);
    return found.until > Date.now() && (found.byAdmin || !moderator);
  }

  return {
    read,
    isMuted: (who: Who, room: string) => holds('mute', room, who) || holds('mute', EVERYWHERE, who),
    isBanned: (who: Who, room: string) => holds('ban', room, who) || holds('ban', EVERYWHERE, who),
    isBannedEverywhere: (who: Who) => holds('ban', EVERYWHERE, who),
    /** Called after bans changed. */
    onNews(listener: () => void) {
      listeners.push(listener);
    },
    close() {
      closed = true;
      clearInterval(timer);
    },
  };
}
