/** What waits for a moderator in a room, and what can be done about it. */
import { batch, signal } from '@preact/signals';
import type { QueuedMessage, RoomModeration } from '../../client/index.ts';
import { moderationRefusal } from './attempt.ts';

export type QueueView = ReturnType<typeof createQueueView>;

/** The oldest so many are shown; others follow as these are decided. */
const PAGE = 100;
/** Decided ones that are not shown while the service's list may lag behind; the oldest go first. */
const MAX_DECIDED = 200;

export function createQueueView(moderation: Pick<RoomModeration, 'queue' | 'release' | 'remove' | 'mute'>) {
  const waiting = signal<readonly QueuedMessage[] | undefined>(undefined);
  const hasMore = signal(false);
  const problem = signal<string | undefined>(undefined);
  const told = signal<string | undefined>(undefined);
  const busy = signal<ReadonlySet<number>>(new Set());
  const decided = new Map<number, number>();
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    try {
      const page = await moderation.queue({ limit: PAGE });
      batch(() => {
        waiting.value = page.messages.filter(({ id, revision }) => decided.get(id) !== revision);
        hasMore.value = page.hasMore;
        problem.value = undefined;
      });
    } catch (error) {
      problem.value = moderationRefusal(error);
    }
  }

  /** Reads the list anew; one reading at a time. */
  function load(): Promise<void> {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  async function act(id: number, run: () => Promise<string>): Promise<boolean> {
    if (busy.value.has(id)) return false;
    busy.value = new Set([...busy.value, id]);
    problem.value = told.value = undefined;
    try {
      told.value = await run();
      return true;
    } catch (error) {
      problem.value = moderationRefusal(error);
      return false;
    } finally {
      busy.value = new Set([...busy.value].filter(other => other !== id));
    }
  }

  function drop({ id, revision }: QueuedMessage) {
    decided.set(id, revision);
    for (const oldest of decided.keys()) {
      if (decided.size <= MAX_DECIDED) break;
      decided.delete(oldest);
    }
    waiting.value = waiting.value?.filter(message => message.id !== id);
  }

  const given = (reason: string) => (reason.trim() === '' ? {} : { reason: reason.trim() });

  return {
    waiting,
    hasMore,
    problem,
    told,
    busy,
    load,
    /** Shows a message to all, or takes it away; true once the service has it. */
    decide: (message: QueuedMessage, action: 'release' | 'remove', reason: string) =>
      act(message.id, async () => {
        await moderation[action](message.id, given(reason));
        drop(message);
        return action === 'release' ? 'Released: everyone sees it.' : 'Removed.';
      }),
    /** Without `seconds` for good. */
    mute: ({ id, user }: QueuedMessage, seconds: number | undefined, reason: string) =>
      act(id, async () => {
        const time = seconds === undefined ? {} : { seconds };
        await moderation.mute(user, { ...time, ...given(reason) });
        return `${user} is muted in this room.`;
      }),
  };
}
