/**
 * What neither the intake nor a batch holds any more, but the log still knows, becomes a dead letter: it is accounted
 * for again, and can be redriven. Its room's watermark passes it then.
 */
import type { Submission } from '../message.ts';
import { submissionOf } from '../rooms/intake.ts';
import type { LoggedMessage } from '../rooms/log-types.ts';
import type { Finding } from './report.ts';

type Deps = {
  /** A message as its log knows it. */
  message(room: string, id: number): Promise<LoggedMessage | undefined>;
  store: { deadLetter(letters: { submission: Submission; step: string; cause: string }[]): Promise<void> };
  settle(room: string, entries: { epoch: string; offset: number }[]): Promise<unknown>;
};

/** Answers how many dropped entries were set aside; those that the log does not know either stay as they are. */
export function createSetAsideDropped({ message, store, settle }: Deps) {
  return async (findings: Finding[]): Promise<number> => {
    let done = 0;
    for (const { kind, room, id, offset, epoch, known } of findings) {
      if (kind !== 'dropped_entry' || id === undefined || offset === undefined || epoch === undefined)
        continue;
      const standing = await message(room, id);
      if (standing === undefined) continue;
      const submission = submissionOf(standing, { epoch, offset });
      await store.deadLetter([{ submission, step: 'audit', cause: known }]);
      await settle(room, [{ epoch, offset }]);
      done += 1;
    }
    return done;
  };
}
