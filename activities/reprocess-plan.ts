import { setTimeout as delay } from 'node:timers/promises';
import type { Language } from '../src/message.ts';
import { changeOf, type OutcomeChange, type Redone, reversed } from '../src/reprocess/outcome-change.ts';
import { isFinal } from '../src/rooms/view.ts';
import type { PlannedPage } from '../src/store/reprocess.ts';
import type { ChangeState } from '../src/store/reprocess-changes.ts';
import type { Scanned } from '../src/store/reprocess-pages.ts';
import type { ReprocessRun } from '../src/store/reprocess-runs.ts';
import { EFFECT } from './outcome.ts';
import { batchOf, type Rejudge, type ReprocessDeps } from './reprocess-deps.ts';

/** Rows looked at in a step at most, and at least: a slow run goes in small steps. */
const PAGE = { max: 500, min: 20 };
/** Messages judged at a time (about a millisecond): a live batch comes back to the event loop some twenty times. */
const SLICE = 5;
/** A page is spread over most of the time that its rate gives it, so that live batches find the processor free. */
const SPREAD = { share: 0.8, maxPauseMs: 20 };
const UNKNOWN: Language = { code: 'und', confidence: 0 };

type Found =
  | { message: Scanned; fate: 'same' | 'decided' | 'failed' }
  | { message: Scanned; change: OutcomeChange };

/** Judges the next page of a run and records what would change; answers how many messages it judged. */
export function createPlan({ store, rejudge, metrics, logger }: ReprocessDeps) {
  async function planPage(run: ReprocessRun): Promise<number> {
    const limit = Math.min(PAGE.max, Math.max(PAGE.min, run.rate));
    const { messages, scanned, last } = await store.scan(run, limit);
    const found = await judge(run, messages);
    const changes = found.flatMap(one => ('change' in one ? [{ ...one.change, state: stateIn(run) }] : []));
    const counts = { same: 0, decided: 0, failed: 0, changed: changes.length };
    for (const one of found) if ('fate' in one) counts[one.fate] += 1;
    const page: PlannedPage = {
      changes,
      confirmed: run.spec.dryRun || run.spec.redo === 'enrichment' ? [] : await confirmedBy(run, found),
      progress: {
        ...(last === undefined ? { exhausted: true } : { cursor: last }),
        ...(changes.length > 0 && !run.spec.dryRun ? { phase: 'apply' as const } : {}),
        add: { scanned, matched: messages.length, pages: 1, ...counts },
      },
    };
    if (!(await store.plan(run, page))) return 0;
    for (const [result, count] of Object.entries(counts)) metrics.reprocessed.inc({ result }, count);
    return messages.length;
  }

  async function judge(run: ReprocessRun, messages: Scanned[]): Promise<Found[]> {
    const by = await rejudge(run);
    const pauseMs = Math.min(SPREAD.maxPauseMs, (SLICE / run.rate) * 1_000 * SPREAD.share);
    const found: Found[] = [];
    for (const [i, message] of messages.entries()) {
      if (i % SLICE === SLICE - 1) await delay(pauseMs);
      try {
        found.push(judgeOne(run, message, by));
      } catch (error) {
        const kind = error instanceof Error ? error.name : 'unknown';
        logger.warn(
          { run: run.run, room: message.room, id: message.id, error: kind },
          'a message could not be judged',
        );
        found.push({ message, fate: 'failed' });
      }
    }
    return found;
  }

  /** The next changes of the run that this one takes back; those whose messages have changed since are reported. */
  async function planUndo(run: ReprocessRun, undoes: string): Promise<number> {
    const limit = Math.min(PAGE.max, Math.max(PAGE.min, run.rate));
    const found = await store.applied({ run: undoes, cursor: run.cursor, limit });
    const last = found.at(-1)?.change;
    const changes = found.map(({ change, undoable }) => {
      const state: ChangeState = undoable ? 'planned' : 'superseded';
      return { ...reversed(change), state };
    });
    const planned = changes.filter(({ state }) => state === 'planned').length;
    await store.plan(run, {
      changes,
      confirmed: [],
      progress: {
        ...(last === undefined ? { exhausted: true } : { cursor: { room: last.room, id: last.id } }),
        ...(planned > 0 ? { phase: 'apply' as const } : {}),
        add: {
          scanned: found.length,
          matched: found.length,
          changed: planned,
          superseded: found.length - planned,
          pages: 1,
        },
      },
    });
    return found.length;
  }

  async function confirmedBy(run: ReprocessRun, found: Found[]) {
    const { policyOf } = await rejudge(run);
    return found.flatMap(({ message: { room, id, revision, verdict, confirmed }, ...one }) => {
      const policy = policyOf(room);
      const known = (confirmed ?? verdict?.policy) === policy;
      return 'fate' in one && one.fate === 'same' && !known ? [{ room, id, revision, policy }] : [];
    });
  }

  return async (run: ReprocessRun): Promise<number> => {
    if (run.total === undefined && run.page === 0) await countFirst(run);
    return run.undoes === undefined ? await planPage(run) : await planUndo(run, run.undoes);
  };

  /** For an estimate alone: a range that cannot be counted soon has none. */
  async function countFirst(run: ReprocessRun) {
    const counting = run.undoes === undefined ? store.count(run) : store.countChanges(run.undoes);
    const total = await counting.catch(() => undefined);
    if (total !== undefined && (await store.move(run, { total }))) run.total = total;
  }
}

const stateIn = ({ spec }: ReprocessRun): ChangeState => (spec.dryRun ? 'found' : 'planned');

function judgeOne(run: ReprocessRun, message: Scanned, by: Awaited<ReturnType<Rejudge>>): Found {
  const { room, id, revision, ruled } = message;
  const content = message.original ?? message.content;
  if (ruled || isFinal(message) || content === undefined) return { message, fate: 'decided' };
  const { redo, outdated } = run.spec;
  const judgedBy = message.confirmed ?? message.verdict?.policy;
  if (outdated && judgedBy === by.policyOf(room)) return { message, fate: 'same' };
  const enrich = redo !== 'moderation';
  const language = enrich ? by.language(content) : (message.language ?? UNKNOWN);
  const redone: Redone = {
    versions: by.versions,
    ...(enrich ? { language, sentiment: by.sentiment(content, language) } : {}),
    ...(redo === 'enrichment'
      ? {}
      : { verdict: by.verdict({ room, content, language, was: message.verdict }) }),
  };
  const change = changeOf(message, redone, action => EFFECT[action]);
  if (change === undefined) return { message, fate: 'same' };
  const after = {
    ...change.after,
    batch: batchOf({ run: run.run, page: run.page + 1 }),
    announcedAt: new Date().toISOString(),
  };
  return { message, change: { room, id, revision, ...change, after } };
}
