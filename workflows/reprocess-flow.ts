/**
 * A run over history, as engines take it: one step after another, until it has ended. Where it stands is in the store,
 * so a run that is taken up anew, by whatever engine, goes on where it was.
 */

/** What a step tells: how long to wait before the next one, and what operators read meanwhile. */
export type Progress = {
  ended: boolean;
  waitMs: number;
  /** Nothing is to be done until somebody asks for it: paused, or parked. */
  waits: boolean;
  details: string;
};
export type RunCourse = 'pause' | 'resume' | 'cancel';
export type ReprocessSteps = {
  /** Takes a run one step further; repeatable at will. Throws where a part is away: try again. */
  reprocess(input: { run: string }): Promise<Progress>;
  /** Changes a run's course, as an operator asked the engine to; one that has ended stays as it is. */
  steer(input: { run: string; want: RunCourse }): Promise<void>;
};
export type ReprocessEngine = Pick<ReprocessSteps, 'reprocess'> & {
  tell(details: string): void;
  /** Resolves after the time, or when the run is woken; without a time when it is woken. */
  rest(ms: number | undefined): Promise<void>;
};

/** One attempt may last this long; a page takes a fraction of a second. A silent worker is taken for dead sooner. */
export const REPROCESS_TIMEOUT_MS = 20_000;
export const HEARTBEAT = { everyMs: 1_000, timeoutMs: 5_000 };
export const REPROCESS_RETRY = { firstMs: 500, maxMs: 10_000 };
/** A run that waits looks again after this, in case nobody woke it. */
export const REPROCESS_LOOK_MS = 600_000;

/** Takes `steps` steps at most; answers whether the run has ended. */
export async function reprocessFlow(run: string, engine: ReprocessEngine, steps: number): Promise<boolean> {
  for (let step = 0; step < steps; step += 1) {
    const { ended, waitMs, waits, details } = await engine.reprocess({ run });
    engine.tell(details);
    if (ended) return true;
    if (waits || waitMs > 0) await engine.rest(waits ? undefined : waitMs);
  }
  return false;
}
