/** Who is muted or banned, in one room or everywhere. */
import { batch, signal } from '@preact/signals';
import type { Sanction, Sanctions } from '../../client/index.ts';
import { createAttempt, moderationRefusal } from './attempt.ts';

export type SanctionsView = ReturnType<typeof createSanctionsView>;
export type Kind = 'mute' | 'ban';
/** `seconds` is absent for good. */
export type NewSanction = { kind: Kind; user: string; seconds: number | undefined; reason: string };

const PAGE = 100;
/** Of each kind; whom it leaves out can still be lifted by name of the service's calls. */
const MAX_SHOWN = 1_000;

/** `where` completes a sentence: "in this room". */
export function createSanctionsView(calls: Sanctions, where: string) {
  const trying = createAttempt(['user', 'seconds', 'reason']);
  const lists = {
    mute: createList(after => calls.mutes(page(after)).then(found => ({ ...found, all: found.mutes }))),
    ban: createList(after => calls.bans(page(after)).then(found => ({ ...found, all: found.bans }))),
  };
  return {
    where,
    ...trying,
    lists,
    /** Reads those that stand anew. */
    async load(): Promise<void> {
      try {
        await Promise.all([lists.mute.read(), lists.ban.read()]);
      } catch (error) {
        trying.problem.value = moderationRefusal(error);
      }
    },
    more: (kind: Kind) =>
      trying.attempt(async () => {
        await lists[kind].more();
        return undefined;
      }),
    /** True once it stands. */
    async set({ kind, user, seconds, reason }: NewSanction): Promise<boolean> {
      const whom = user.trim();
      if (whom === '') {
        trying.refuse('user', 'Type whom it is about.');
        return false;
      }
      return await trying.attempt(async () => {
        const why = reason.trim();
        const options = {
          ...(seconds === undefined ? {} : { seconds }),
          ...(why === '' ? {} : { reason: why }),
        };
        await calls[kind](whom, options);
        await lists[kind].read();
        return `${whom} is ${kind === 'mute' ? 'muted' : 'banned'} ${where}.`;
      });
    },
    lift: (kind: Kind, user: string) =>
      trying.attempt(async () => {
        await (kind === 'mute' ? calls.unmute(user) : calls.unban(user));
        await lists[kind].read();
        return kind === 'mute' ? `${user} may write again ${where}.` : `${user} may come in again ${where}.`;
      }),
  };
}

const page = (after: string | undefined) => ({ limit: PAGE, ...(after === undefined ? {} : { after }) });

function createList(fetch: (after?: string) => Promise<{ all: Sanction[]; hasMore: boolean }>) {
  const standing = signal<readonly Sanction[] | undefined>(undefined);
  const hasMore = signal(false);

  function show(all: readonly Sanction[], more: boolean) {
    batch(() => {
      standing.value = all;
      hasMore.value = more && all.length < MAX_SHOWN;
    });
  }

  return {
    standing,
    hasMore,
    async read() {
      const found = await fetch();
      show(found.all, found.hasMore);
    },
    async more() {
      const known = standing.value ?? [];
      const found = await fetch(known.at(-1)?.user);
      show([...known, ...found.all], found.hasMore);
    },
  };
}
