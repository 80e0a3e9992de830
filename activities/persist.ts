import type { Logger } from '../src/logger.ts';
import type { Outcome, Submission, Versions } from '../src/message.ts';
import type { WorkerMetrics } from '../src/metrics.ts';
import type { Outcomes } from '../src/rooms/outcomes.ts';
import type { MessageStore, PersistRow } from '../src/store/messages.ts';
import { type Analysis, type Batch, isFailed, type Result, type Steps } from '../workflows/steps.ts';
import { placesByRoom } from './announce.ts';
import { outcomeOf } from './outcome.ts';

type Deps = {
  store: MessageStore;
  outcomes: Outcomes;
  versions: Versions;
  metrics: WorkerMetrics;
  logger: Logger;
};

/**
 * Stores what was announced, sets aside what cannot be, and then tells the room logs how far the store reaches.
 * A repeat stores nothing twice and settles again.
 */
export function createPersistStep({ store, outcomes, versions, metrics, logger }: Deps): Steps['persist'] {
  return async ({ batch, analyses, announced }) => {
    const { submissions } = batch;
    const failures = analyses.flatMap((analysis, i) =>
      isFailed(analysis) ? [{ submission: submissions[i]!, step: 'analyse', cause: analysis.failed }] : [],
    );
    if (failures.length > 0) await store.deadLetter(failures);
    const rows: PersistRow[] = announced.flatMap((stands, i) => {
      const analysis = analyses[i]!;
      if (isFailed(stands) || isFailed(analysis)) return [];
      const submission = submissions[i]!;
      const outcome = stands.outcome ?? outcomeOf(submission, analysis, versions);
      const { batch, announcedAt, last } = stands;
      return [{ submission, outcome, batch, announcedAt, last }];
    });
    const result = await store.persist(rows);
    const place = new Map(submissions.map(({ room, id, revision }, i) => [`${room} ${id} ${revision}`, i]));
    const duplicates = result.duplicates.map(
      ({ room, id, revision }) => place.get(`${room} ${id} ${revision}`)!,
    );
    for (const { room, id } of result.conflicts)
      logger.error({ room, id, batch: batch.id }, 'another message is stored under this id');
    const repeated = new Set(duplicates);
    const isRepeat = (submission: Submission) => repeated.has(submissions.indexOf(submission));
    const settled = submissions.map((_, i) => i).filter(i => !repeated.has(i));
    const lastOf = new Map(announced.map((stands, i) => [i, isFailed(stands) ? undefined : stands.last]));
    for (const room of await settle(batch, settled, outcomes, lastOf)) {
      const own = rows.filter(({ submission }) => submission.room === room && !isRepeat(submission));
      await announceAnew(own, batch, { store, outcomes });
    }
    const refused = result.refused.length + result.conflicts.length;
    metrics.deadLetters.inc({ step: 'analyse' }, failures.length);
    metrics.deadLetters.inc({ step: 'persist' }, refused);
    for (const { room, id, revision } of result.stored) {
      const submission = submissions[place.get(`${room} ${id} ${revision}`)!]!;
      // What was set aside meanwhile says nothing about the pipeline's speed.
      if (submission.redrive !== undefined) continue;
      metrics.stored.observe((Date.now() - Date.parse(submission.editedAt ?? submission.timestamp)) / 1_000);
    }
    return { stored: result.stored.length, unchanged: result.unchanged.length, refused, duplicates };
  };
}

/**
 * Withdraws repeats of a clientId that came after the dedup window: the room is told, the store keeps a tombstone.
 * Nothing of it is decided anew: the outcome `removed, duplicate` replaces the one announced.
 */
export function createWithdrawStep({
  store,
  outcomes,
  versions,
}: Omit<Deps, 'metrics' | 'logger'>): Steps['withdraw'] {
  return async ({ batch, analyses, duplicates }) => {
    const withdrawn = duplicates.map(i => {
      const submission = batch.submissions[i]!;
      const outcome = withdrawal(submission, analyses[i]!, versions);
      return { submission, outcome, batch: batch.id, announcedAt: new Date().toISOString() };
    });
    const rows: PersistRow[] = [];
    for (const [room, places] of placesByRoom(withdrawn.map(({ submission }) => submission))) {
      const own = places.map(i => withdrawn[i]!);
      const last = await outcomes.withdraw(room, batch.id, own);
      rows.push(...own.map(row => ({ ...row, last })));
    }
    await store.withdraw(rows);
    await settle(batch, duplicates, outcomes, new Map());
  };
}

function withdrawal(submission: Submission, analysis: Result<Analysis>, versions: Versions): Outcome {
  if (isFailed(analysis)) throw new Error('a failed message is never a duplicate');
  const outcome = outcomeOf(submission, analysis, versions);
  return { ...outcome, status: 'removed', reason: 'duplicate', audience: 'all' };
}

/**
 * Tells each room which offsets the store reflects now; `lastOf` names the entries that announced messages anew.
 * Answers the rooms whose log has begun anew since.
 */
async function settle(
  batch: Batch,
  places: number[],
  outcomes: Outcomes,
  lastOf: ReadonlyMap<number, number | undefined>,
): Promise<string[]> {
  const settled = places.map(i => ({ ...batch.submissions[i]!, last: lastOf.get(i) }));
  const renewed: string[] = [];
  for (const [room, own] of placesByRoom(settled)) {
    const entries = own.map(k => settled[k]!);
    if (!(await outcomes.settle(room, entries))) renewed.push(room);
  }
  return renewed;
}

/**
 * What was announced in a log that is lost, and stored after its members had reloaded: the new log tells of it,
 * where it does not already.
 */
async function announceAnew(
  rows: PersistRow[],
  batch: Batch,
  { store, outcomes }: Pick<Deps, 'store' | 'outcomes'>,
) {
  if (rows.length === 0) return;
  const { room } = rows[0]!.submission;
  const { standings } = await outcomes.announce(room, batch.id, rows);
  const entries = rows.map(({ submission }, i) => {
    const standing = standings[i]!;
    return { ...submission, last: standing.stands === 'stale' ? undefined : standing.last };
  });
  await store.reflect(rows.map((row, i) => ({ ...row, last: entries[i]!.last })));
  await outcomes.settle(room, entries);
}
