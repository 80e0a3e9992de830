/** What one of the workers does by itself: erasures that were asked for, and rooms that are to be told. */
import type { Logger } from '../logger.ts';
import type { ErasureStore } from '../store/erasures.ts';
import type { Erase } from './erase.ts';
import type { Tell } from './tell.ts';

type Deps = {
  erase: Erase;
  tell: Tell;
  store: Pick<ErasureStore, 'open'>;
  /** Whether this worker is the one. */
  elected(): boolean;
  logger: Logger;
};

const EVERY_MS = 1_000;

/** `close` ends what is under way between two batches; the next worker goes on. */
export function createRetentionWatch({ erase, tell, store, elected, logger }: Deps) {
  const stop = new AbortController();
  let running: Promise<void> | undefined;

  async function look() {
    if (!elected()) return;
    await tell();
    for (const { id } of await store.open()) {
      if (stop.signal.aborted) return;
      await erase(id, stop.signal);
    }
  }

  const timer = setInterval(() => {
    running ??= look()
      .catch(error => {
        if (!stop.signal.aborted) logger.warn({ error }, 'an erasure waits for a part');
      })
      .finally(() => {
        running = undefined;
      });
  }, EVERY_MS);
  timer.unref();

  return {
    async close() {
      clearInterval(timer);
      stop.abort();
      await running;
    },
  };
}
