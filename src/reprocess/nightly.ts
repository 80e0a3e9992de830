/** The nightly run: what older versions of the policies decided lately is judged by those that count. */
import { createHash } from 'node:crypto';
import type { NewRun, ReprocessRun } from '../store/reprocess-runs.ts';

type Deps = {
  store: {
    read(run: string): Promise<ReprocessRun | undefined>;
    unfinished(): Promise<ReprocessRun[]>;
    create(run: NewRun): Promise<ReprocessRun | undefined>;
    forget(): Promise<boolean>;
  };
  policies: { newest(): Promise<number> };
  /** How far back it goes. */
  days: number;
};

export const NIGHTLY_AUTHOR = 'nightly';
/** Slow, for it has the night; and it asks before it takes much away. */
const RATE = 500;
const MAX_REMOVALS = 1_000;
const DAY_MS = 86_400_000;

/**
 * Begins the run of a night, once however often it is asked to; none while the last one has not ended. And forgets what
 * runs changed that ended long ago.
 */
export function createNightly({ store, policies, days }: Deps) {
  return async (scheduledFor: Date, signal: AbortSignal) => {
    while (await store.forget()) signal.throwIfAborted();
    const at = scheduledFor.toISOString();
    const run = `${at.slice(0, 10).replaceAll('-', '')}-${createHash('sha256').update(`nightly ${at}`).digest('hex').slice(0, 8)}`;
    if ((await store.read(run)) !== undefined) return { run };
    const before = (await store.unfinished()).find(({ author }) => author === NIGHTLY_AUTHOR);
    if (before !== undefined) return { waitsFor: before.run, state: before.state };
    const spec = {
      redo: 'moderation' as const,
      outdated: true,
      dryRun: false,
      from: new Date(scheduledFor.getTime() - days * DAY_MS).toISOString(),
      through: at,
      policiesThrough: await policies.newest(),
      reason: 'What older versions of the policies decided',
    };
    const asked = { run, spec, rate: RATE, maxRemovals: MAX_REMOVALS, author: NIGHTLY_AUTHOR };
    if ((await store.create(asked)) === undefined)
      throw new Error('too many runs over history have not ended');
    return { run };
  };
}
