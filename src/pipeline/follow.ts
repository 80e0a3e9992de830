/**
 * What becomes of runs. A run that ended without its work (somebody terminated or removed it, or it failed for
 * good) is started anew under a name of its own, for its messages are acknowledged; after `MAX_AGAIN` times they are
 * set aside. A run that nobody follows any more, because this worker died too, is left to the audit.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Batch, Steps } from '../../workflows/steps.ts';
import type { Logger } from '../logger.ts';
import type { WorkerMetrics } from '../metrics.ts';
import type { Engine, Run } from './engine.ts';

type Deps = {
  engine: Pick<Engine, 'start'>;
  /** Sets a whole batch aside, with the cause. Throws where it could not. */
  giveUp(batch: Batch, cause: string): Promise<unknown>;
  metrics: Pick<WorkerMetrics, 'runsLost'>;
  logger: Logger;
};

export type Follower = ReturnType<typeof createFollower>;

/**
 * A run that is not done by then waits for a part (a busy one takes a fraction of it). It no longer counts against
 * the dispatcher's bound, so that verdicts go on while Postgres is away; it is followed all the same.
 */
const COUNTED_MS = 5_000;
const PATIENCE_MS = 60_000;
/** Messages of such runs kept in memory; beyond them the oldest run is no longer followed. */
const MAX_PATIENT_MESSAGES = 20_000;
const MAX_AGAIN = 3;
const RETRY_MS = 2_000;

export function createFollower({ engine, giveUp, metrics, logger }: Deps) {
  const stop = new AbortController();
  /** In the order of their starts. */
  const patient = new Map<AbortController, number>();

  /** Answers whether the end is known; false where it was not in time. */
  async function settle(batch: Batch, run: Run, timeoutMs: number): Promise<boolean> {
    const end = await run.ended(timeoutMs);
    if (end === 'lost' && !stop.signal.aborted) await startAgain(batch);
    return end !== undefined;
  }

  async function startAgain(batch: Batch) {
    metrics.runsLost.inc();
    const [id = batch.id, before = '0'] = batch.id.split('~');
    const again = { ...batch, id: `${id}~${Number(before) + 1}` };
    const enough = Number(before) >= MAX_AGAIN;
    logger.error({ batch: batch.id, again: enough ? undefined : again.id }, 'a run ended without its work');
    while (!stop.signal.aborted) {
      try {
        if (enough) await giveUp(batch, `its run was ended ${MAX_AGAIN + 1} times`);
        else void followPatiently(again, await engine.start(again));
        return;
      } catch (error) {
        logger.warn({ batch: batch.id, error }, 'a lost run is to be started anew later');
        await delay(RETRY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    }
  }

  async function followPatiently(batch: Batch, run: Run) {
    const own = new AbortController();
    patient.set(own, batch.submissions.length);
    boundPatience();
    while (!own.signal.aborted && !stop.signal.aborted) if (await settle(batch, run, PATIENCE_MS)) break;
    patient.delete(own);
  }

  function boundPatience() {
    let messages = [...patient.values()].reduce((sum, count) => sum + count, 0);
    for (const [oldest, count] of patient) {
      if (messages <= MAX_PATIENT_MESSAGES) return;
      oldest.abort();
      patient.delete(oldest);
      messages -= count;
    }
  }

  return {
    /** Resolves when the run no longer counts as unfinished; never throws. */
    async follow(batch: Batch, run: Run): Promise<void> {
      if (await settle(batch, run, COUNTED_MS)) return;
      logger.warn({ batch: batch.id }, 'a run is not done in time');
      void followPatiently(batch, run);
    },
    /** Follows nothing any more. */
    close: () => stop.abort(),
  };
}

/** Sets a whole batch aside as if every analysis had failed, which also tells the room logs. Throws what the step does. */
export function createGiveUp({ persist }: Pick<Steps, 'persist'>) {
  return (batch: Batch, cause: string) => {
    const analyses = batch.submissions.map(() => ({ failed: cause }));
    return persist({ batch, analyses, announced: analyses });
  };
}
