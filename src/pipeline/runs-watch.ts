/**
 * Keeps the engine at every run over history that has not ended: whoever asks for a run, or changes its course, writes
 * that to the store alone, and one of the workers sees it here. A run that somebody ended in the engine is taken up
 * again; what is to end is cancelled in the store.
 */
import type { Logger } from '../logger.ts';
import { createRepeating } from '../repeating.ts';
import type { Engine } from './engine.ts';

type Deps = {
  engine: Pick<Engine, 'reprocess'>;
  /** Runs that have not ended, with the time when somebody last asked for a change of their course. */
  unfinished(): Promise<{ run: string; toldAt: string; spec: { rooms?: string[] } }[]>;
  /** One worker at a time; two at once do no harm. */
  elected(): boolean;
  logger: Logger;
  lookMs?: number;
};

const LOOK_MS = 1_000;
/** So often a run is looked after though nobody asked for anything. */
const AGAIN_MS = 30_000;

export function createRunsWatch({ engine, unfinished, elected, logger, lookMs = LOOK_MS }: Deps) {
  const woken = new Map<string, { toldAt: string; at: number }>();

  async function look() {
    if (!elected()) return woken.clear();
    const runs = await unfinished();
    for (const name of woken.keys()) if (!runs.some(({ run }) => run === name)) woken.delete(name);
    for (const { run, toldAt, spec } of runs) {
      const known = woken.get(run);
      if (known?.toldAt === toldAt && Date.now() - known.at < AGAIN_MS) continue;
      await engine.reprocess({ run, ...(spec.rooms && { rooms: spec.rooms }) });
      woken.set(run, { toldAt, at: Date.now() });
    }
  }

  return createRepeating({
    everyMs: lookMs,
    work: look,
    failed: error => logger.warn({ error }, 'runs over history are not looked after at the moment'),
  });
}
