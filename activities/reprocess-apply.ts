import type { Outcome } from '../src/message.ts';
import { shownAs } from '../src/reprocess/outcome-change.ts';
import type { LoggedMessage } from '../src/rooms/log-types.ts';
import { messageOf } from '../src/rooms/outcomes.ts';
import type { Revision } from '../src/rooms/revisions.ts';
import type { Standing } from '../src/store/reprocess-changes.ts';
import type { ReprocessRun } from '../src/store/reprocess-runs.ts';
import { batchOf, type ReprocessDeps } from './reprocess-deps.ts';

/**
 * Applies the planned page of a run. The rooms are told while the rows are locked, so no other outcome comes between;
 * then the rows are stored, and at last the rooms hear that the store reflects it. Throws where a part is away: a
 * repeat goes on where it was.
 */
export function createApply({ store, revisions }: Pick<ReprocessDeps, 'store' | 'revisions'>) {
  return async (run: ReprocessRun): Promise<void> => {
    const batch = batchOf(run);
    const applied = await store.apply(run, async (room, standing) => {
      const told = await revisions.announce(room, batch, standing.map(revisionOf));
      return told?.offsets;
    });
    if (!applied) return;
    for (const room of await store.roomsOfPage(run)) await revisions.settle(room, batch);
    const now = await store.read(run.run);
    if (now?.page === run.page && now.phase === 'apply') await store.move(now, { phase: 'plan' });
  };
}

function revisionOf({ row, change: { before, after } }: Standing): Revision {
  const { room, id, revision, epoch, user_id, name, client_id, content, reply_to, created_at, edited_at } =
    row;
  const submission = {
    room,
    epoch,
    id,
    offset: id,
    revision,
    user: user_id,
    ...(name === null ? {} : { name }),
    ...(client_id === null ? {} : { clientId: client_id }),
    content: content ?? '',
    ...(reply_to === null ? {} : { replyTo: reply_to }),
    timestamp: created_at.toISOString(),
    ...(edited_at === null ? {} : { editedAt: edited_at.toISOString() }),
  };
  const { batch = '', announcedAt = '', ...outcome } = after;
  const whole = { id, revision, audience: 'all', ...outcome } as Outcome;
  const message: LoggedMessage = messageOf(submission as never, whole, batch, announcedAt);
  return { message, was: shownAs(before) };
}
