/**
 * A run over history, one step at a time. Where a run stands is in the store alone, so any worker may take the next
 * step, and a step that was cut off is done again:
 *
 *   plan    a page is judged anew; what would change is recorded, together with the cursor
 *   apply   the rooms are told, then the rows are stored; whoever repeats it finds what was told, and tells nothing anew
 *
 * A page is applied whole or not at all, also where the run is paused or cancelled meanwhile. A run parks before the
 * page that would take more away than it may.
 */
import type { ReprocessRun } from '../src/store/reprocess-runs.ts';
import type { Progress, ReprocessSteps } from '../workflows/reprocess-flow.ts';
import { createApply } from './reprocess-apply.ts';
import type { ReprocessDeps } from './reprocess-deps.ts';
import { createPlan } from './reprocess-plan.ts';

export function createReprocessSteps(deps: ReprocessDeps): ReprocessSteps {
  const { store, logger } = deps;
  const plan = createPlan(deps);
  const apply = createApply(deps);
  const waitOf = createPace();

  /** A page that was planned is applied, unless it would take too much away. */
  async function finishPage(run: ReprocessRun): Promise<void> {
    const removals = run.counts.removals + (await store.removalsPlanned(run.run));
    if (removals <= (run.maxRemovals ?? Number.POSITIVE_INFINITY)) return await apply(run);
    if (run.state === 'cancelled') await store.drop(run);
    if (run.state !== 'running') return;
    const note = `The next page would bring its removals to ${removals}; it may make ${run.maxRemovals}.`;
    await store.move(run, { state: 'parked', note });
    logger.warn({ run: run.run, removals, maxRemovals: run.maxRemovals }, 'a run over history is parked');
  }

  /** Answers how many messages were judged. */
  async function goOn(run: ReprocessRun): Promise<number> {
    if (run.phase === 'apply') await finishPage(run);
    else if (run.state === 'cancelled') await store.move(run, {});
    else if (run.state === 'running' && run.exhausted) await store.move(run, { state: 'done' });
    else if (run.state === 'running') return await plan(run);
    return 0;
  }

  return {
    async reprocess({ run: name }) {
      const run = await store.read(name);
      if (run === undefined || run.endedAt !== undefined) return progressOf(run, 0);
      const judged = await goOn(run);
      // A page that was planned is applied at once; one that was left so by another worker began the step.
      const planned = await store.read(name);
      if (run.phase === 'plan' && planned?.phase === 'apply') await goOn(planned);
      return progressOf(await store.read(name), waitOf(run, judged));
    },
    async steer({ run, want }) {
      await store.wish(run, { want });
    },
  };
}

/** Runs whose pace is kept in memory; one that is forgotten only begins anew. */
const MAX_PACED = 100;
/** What the engine takes between two steps may be made up for, so much of it. */
const MAKE_UP_MS = 1_000;

/** How long a run is to wait after so many messages, that its rate holds over its steps and what lies between them. */
function createPace() {
  const dueAt = new Map<string, number>();
  return ({ run, rate }: ReprocessRun, judged: number): number => {
    const now = Date.now();
    const due = Math.max(dueAt.get(run) ?? now, now - MAKE_UP_MS) + (judged / rate) * 1_000;
    dueAt.delete(run);
    dueAt.set(run, due);
    if (dueAt.size > MAX_PACED) dueAt.delete(dueAt.keys().next().value!);
    return Math.max(0, due - now);
  };
}

function progressOf(run: ReprocessRun | undefined, waitMs: number): Progress {
  if (run === undefined) return { ended: true, waitMs: 0, waits: false, details: 'There is no such run.' };
  return {
    ended: run.endedAt !== undefined,
    waitMs: Math.round(waitMs),
    waits: run.state === 'paused' || run.state === 'parked',
    details: detailsOf(run),
  };
}

/** For operators, in Markdown; never holds a text. */
function detailsOf({ run, spec, state, counts, total, note, rate, cursor, undoes }: ReprocessRun): string {
  const what =
    undoes === undefined ? (spec.dryRun ? 'Dry run' : `Re-run of ${spec.redo}`) : `Takes back ${undoes}`;
  const of = total === undefined ? '' : ` of ${total}`;
  return [
    `**${what}** \`${run}\`: ${state}${note === undefined ? '' : `. ${note}`}`,
    `- ${counts.matched}${of} messages judged, ${rate} a second at most; now at ${cursor.room || 'the beginning'} ${cursor.id || ''}`,
    `- ${counts.changed} differ, ${counts.applied} applied (${counts.removals} taken away from readers), ${counts.superseded} had changed since`,
    `- ${counts.same} stand as they were, ${counts.decided} left to a moderator's decision or gone for good, ${counts.failed} failed`,
  ].join('\n');
}
