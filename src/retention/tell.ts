/**
 * Tells the rooms' logs of what the store has wiped. The store comes first: it puts down what is untold with the
 * wiping itself, and forgets it once the log's entry is noted as reflected. A task is told once by its number, so
 * whoever is killed between any two of these steps leaves nothing untold and nothing told twice.
 */
import type { Expunge } from '../rooms/expunge.ts';
import type { UntoldStore } from '../store/untold.ts';

type Deps = { untold: UntoldStore; expunge: Pick<Expunge, 'expunge'> };
export type Tell = ReturnType<typeof createTell>;

export function createTell({ untold, expunge }: Deps) {
  /** Tells what is untold, all of it; does nothing where another process is at it. Throws what a part throws. */
  return async (): Promise<void> => {
    await untold.alone('tell', async () => {
      for (let page = await untold.next(); page.length > 0; page = await untold.next()) {
        for (const task of page) {
          const { id, room, reason, pseudonym, ids } = task;
          const given = { room, reason, author: pseudonym ?? undefined, task: id, ids };
          const { offset } = await expunge.expunge(given);
          await untold.told(task, offset);
        }
      }
    });
  };
}
