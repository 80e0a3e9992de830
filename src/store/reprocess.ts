/**
 * What the steps of a run do to the store, each in one transaction that takes effect only where the run still stands
 * as the step saw it: two workers that take the same step change nothing twice.
 */
import type { Pool } from 'pg';
import type { OutcomeChange } from '../reprocess/outcome-change.ts';
import {
  addChanges,
  appliedAfter,
  type ChangeState,
  confirmVerdicts,
  dropPlanned,
  forgetChanges,
  lockPlanned,
  markChanges,
  type Standing,
  storeChanges,
} from './reprocess-changes.ts';
import { countRange, scanPage } from './reprocess-pages.ts';
import { reportOf } from './reprocess-report.ts';
import {
  createReprocessRuns,
  lockRun,
  moveRun,
  type ReprocessRun,
  type RunProgress,
  type RunState,
} from './reprocess-runs.ts';
import { addTallies } from './tallies.ts';
import { inTransaction, type Queryable } from './transaction.ts';

/** A page as it was planned: what it changes, and the verdicts that it found right. */
export type PlannedPage = {
  changes: (OutcomeChange & { state: ChangeState })[];
  confirmed: { room: string; id: number; revision: number; policy: string }[];
  progress: RunProgress;
};
/** Tells a room; answers the offset of each message that it told of, now or before. */
export type Tell = (room: string, standing: Standing[]) => Promise<ReadonlyMap<number, number> | undefined>;
export type ReprocessStore = ReturnType<typeof createReprocessStore>;

/** All calls throw what Postgres says. */
export function createReprocessStore(pool: Pool) {
  /** Does `work` where the run stands as it was seen; answers whether it did. */
  const where = (
    seen: ReprocessRun,
    work: (db: Queryable, run: ReprocessRun) => Promise<void>,
    states: RunState[] = [seen.state],
  ) =>
    inTransaction(pool, async client => {
      const run = await lockRun(client, seen.run);
      const stands =
        run !== undefined &&
        run.endedAt === undefined &&
        run.page === seen.page &&
        run.phase === seen.phase &&
        states.includes(run.state);
      if (stands) await work(client, run);
      return stands;
    });
  const roomsOf = async (db: Queryable, { run, page }: ReprocessRun) => {
    const { rows } = await db.query<{ room: string }>(
      'SELECT DISTINCT room FROM reprocess_changes WHERE run = $1 AND page = $2 ORDER BY room',
      [run, page],
    );
    return rows.map(({ room }) => room);
  };

  return {
    ...createReprocessRuns(pool),
    report: (run: string) => reportOf(pool, run),
    scan: (run: ReprocessRun, limit: number) => scanPage(pool, run, limit),
    forget: () => forgetChanges(pool),
    applied: (query: Parameters<typeof appliedAfter>[1]) => appliedAfter(pool, query),
    count: (run: ReprocessRun) => countRange(pool, run.spec),
    countChanges: async (run: string) => {
      const { rows } = await pool.query<{ changes: number }>(
        `SELECT count(*) AS changes FROM reprocess_changes WHERE run = $1 AND state = 'applied'`,
        [run],
      );
      return rows[0]!.changes;
    },
    /** How many messages the planned page takes away from readers. */
    removalsPlanned: async (run: string) => {
      const { rows } = await pool.query<{ removals: number }>(
        `SELECT count(*) AS removals FROM reprocess_changes
         WHERE run = $1 AND state = 'planned' AND kind IN ('removed', 'hidden')`,
        [run],
      );
      return rows[0]!.removals;
    },
    move: (seen: ReprocessRun, progress: RunProgress) => where(seen, (db, run) => moveRun(db, run, progress)),

    /** Records a page that was judged, and moves the run behind it. */
    plan: (seen: ReprocessRun, { changes, confirmed, progress }: PlannedPage) =>
      where(seen, async (db, run) => {
        const page = run.page + 1;
        await addChanges(db, { run: run.run, page, changes });
        await confirmVerdicts(db, confirmed);
        await moveRun(db, run, { ...progress, page });
      }),

    /**
     * Tells of the planned changes whose messages stand as they did, room by room, and stores what was told, while
     * the rows are locked. The run stays in its phase: until the rooms know of it the new offsets are open. A page that
     * is under way is applied also where the run is paused or cancelled meanwhile.
     */
    apply: (seen: ReprocessRun, tell: Tell) => {
      const work = async (db: Queryable, run: ReprocessRun) => {
        const { standing, gone } = await lockPlanned(db, run.run);
        const applied: Standing[] = [];
        const offsets: { room: string; offset: number }[] = [];
        for (const room of await roomsOf(db, run)) {
          const told = await tell(
            room,
            standing.filter(({ row }) => row.room === room),
          );
          for (const offset of new Set(told?.values())) offsets.push({ room, offset });
          applied.push(...standing.filter(({ row }) => row.room === room && told?.has(row.id)));
        }
        await storeChanges(db, applied, run.undoes !== undefined);
        const through = new Set(applied);
        await markChanges(
          db,
          run.run,
          [...standing, ...gone].map(one => ({ ...one.change, applied: through.has(one) })),
        );
        await addTallies(db, { inserted: [], settled: offsets.map(submission => ({ submission })) });
        const removals = applied.filter(
          ({ change: { kind } }) => kind === 'removed' || kind === 'hidden',
        ).length;
        const superseded = standing.length + gone.length - applied.length;
        await moveRun(db, run, { add: { applied: applied.length, superseded, removals } });
      };
      return where(seen, work, ['running', 'paused', 'cancelled']);
    },
    roomsOfPage: (run: ReprocessRun) => roomsOf(pool, run),
    /** The planned page is given up, and nobody was told of it. */
    drop: (seen: ReprocessRun) =>
      where(seen, async (db, run) => {
        await dropPlanned(db, run.run);
        await moveRun(db, run, { phase: 'plan' });
      }),
  };
}
