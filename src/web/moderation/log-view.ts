/** What moderators did in a room, newest first. */
import { batch, signal } from '@preact/signals';
import type { ModerationEntry, RoomModeration } from '../../client/index.ts';
import { moderationRefusal } from './attempt.ts';

export type LogView = ReturnType<typeof createLogView>;

const PAGE = 50;
/** Entries that the panel holds; older ones are not offered beyond it. */
const MAX_ENTRIES = 500;

export function createLogView({ log }: Pick<RoomModeration, 'log'>) {
  const entries = signal<readonly ModerationEntry[] | undefined>(undefined);
  const hasOlder = signal(false);
  const problem = signal<string | undefined>(undefined);
  let reading: Promise<void> | undefined;

  /** Puts the newest before what is known; where they do not meet, what is known goes. */
  async function readNewest(): Promise<void> {
    const known = entries.value ?? [];
    const page = await log({ limit: PAGE });
    const meets = page.entries.findIndex(({ id }) => id === known[0]?.id);
    batch(() => {
      entries.value = meets === -1 ? page.entries : [...page.entries.slice(0, meets), ...known];
      if (meets === -1) hasOlder.value = page.hasMore;
    });
  }

  async function readOlder(): Promise<void> {
    const known = entries.value ?? [];
    const oldest = known.at(-1);
    if (oldest === undefined) return;
    const page = await log({ before: oldest.id, limit: PAGE });
    batch(() => {
      entries.value = [...known, ...page.entries];
      hasOlder.value = page.hasMore && entries.value.length < MAX_ENTRIES;
    });
  }

  /** One reading at a time. */
  function once(read: () => Promise<void>): Promise<void> {
    reading ??= read()
      .then(
        () => {
          problem.value = undefined;
        },
        error => {
          problem.value = moderationRefusal(error);
        },
      )
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  return {
    entries,
    hasOlder,
    problem,
    load: () => once(readNewest),
    async loadOlder() {
      await reading;
      await once(readOlder);
    },
  };
}
