/** Runs over history: what was asked, how far they are, and what somebody wants of them. Their truth is here alone. */
import type { Pool } from 'pg';
import type { Queryable } from './transaction.ts';

export type RunState = 'running' | 'paused' | 'parked' | 'done' | 'cancelled';
/** What a run goes over, frozen at its start (times in ISO 8601). Without rooms it is all of them. */
export type RunRange = {
  rooms?: string[];
  from?: string;
  to?: string;
  fromId?: number;
  toId?: number;
};
export type RunSpec = RunRange & {
  redo: 'moderation' | 'enrichment' | 'both';
  dryRun: boolean;
  /** Only what older versions of a policy decided. */
  outdated?: boolean;
  /** A version of a policy that judges in place of the one that counts; the scope is `*` or a room's name. */
  policy?: { scope: string; version: number };
  /** A policy that is tried: dry runs alone. */
  draft?: unknown;
  reason?: string;
  /** Messages accepted later are not looked at. */
  through: string;
  /** The newest version of any policy when it began. */
  policiesThrough: number;
};
/** `scanned` = `matched` + those out of the range; `matched` = `same` + `changed` + `decided` (by a moderator, or gone for good) + `failed`. */
export type RunCounts = Record<
  | 'scanned'
  | 'matched'
  | 'same'
  | 'decided'
  | 'failed'
  | 'changed'
  | 'applied'
  | 'superseded'
  | 'removals'
  | 'pages',
  number
>;
export type ReprocessRun = {
  run: string;
  spec: RunSpec;
  /** The run that this one takes back. */
  undoes?: string;
  state: RunState;
  phase: 'plan' | 'apply';
  /** Messages a second at most. */
  rate: number;
  maxRemovals?: number;
  page: number;
  cursor: { room: string; id: number };
  exhausted: boolean;
  /** Messages in the range, as far as that could be told soon. */
  total?: number;
  counts: RunCounts;
  note?: string;
  author: string;
  createdAt: string;
  toldAt: string;
  movedAt: string;
  endedAt?: string;
};
export type NewRun = Pick<ReprocessRun, 'run' | 'spec' | 'rate' | 'author'> & {
  undoes?: string;
  maxRemovals?: number;
};
/** What somebody wants of a run; `resume` of a parked one may allow more removals. */
export type RunWish =
  | { want: 'pause' }
  | { want: 'resume'; maxRemovals?: number }
  | { want: 'cancel' }
  | { want: 'rate'; rate: number };
export type RunProgress = Partial<
  Pick<ReprocessRun, 'phase' | 'cursor' | 'exhausted' | 'note' | 'state' | 'page' | 'total'>
> & { add?: Partial<RunCounts> };

const NO_COUNTS: RunCounts = {
  scanned: 0,
  matched: 0,
  same: 0,
  decided: 0,
  failed: 0,
  changed: 0,
  applied: 0,
  superseded: 0,
  removals: 0,
  pages: 0,
};
/** Runs that have not ended, at a time. */
export const MAX_UNFINISHED = 20;
const UNFINISHED = 'ended_at IS NULL';
const COLUMNS = `run, spec, undoes, state, phase, rate, max_removals, page, cursor_room, cursor_id, exhausted, total,
  counts, note, author, created_at, told_at, moved_at, ended_at`;
const INSERT = `
  INSERT INTO reprocess_runs (run, spec, undoes, rate, max_removals, author)
  SELECT $1, $2, $3, $4, $5, $6 WHERE (SELECT count(*) FROM reprocess_runs WHERE ${UNFINISHED}) < ${MAX_UNFINISHED}
  RETURNING ${COLUMNS}`;
const BY_NAME = `SELECT ${COLUMNS} FROM reprocess_runs WHERE run = $1`;
const NEWEST = `
  SELECT ${COLUMNS} FROM reprocess_runs
  WHERE $1::timestamptz IS NULL OR created_at < $1 ORDER BY created_at DESC LIMIT $2`;
const OPEN = `SELECT ${COLUMNS} FROM reprocess_runs WHERE ${UNFINISHED} ORDER BY run`;
const UNDONE_BY = `SELECT run FROM reprocess_runs WHERE undoes = $1 AND state <> 'cancelled' LIMIT 1`;

/** Each wish's change, and the states in which it may be had. */
const WISHES: Record<RunWish['want'], { set: string; from: RunState[] }> = {
  pause: { set: `state = 'paused', note = NULL`, from: ['running', 'paused', 'parked'] },
  resume: {
    set: `state = 'running', note = NULL, max_removals = coalesce($2::integer, max_removals)`,
    from: ['running', 'paused', 'parked'],
  },
  // A page that is under way is finished before the run ends (activities/reprocess.ts).
  cancel: { set: `state = 'cancelled', note = NULL`, from: ['running', 'paused', 'parked'] },
  rate: { set: 'rate = $2::integer', from: ['running', 'paused', 'parked'] },
};

type Row = {
  run: string;
  spec: RunSpec;
  undoes: string | null;
  state: RunState;
  phase: ReprocessRun['phase'];
  rate: number;
  max_removals: number | null;
  page: number;
  cursor_room: string;
  cursor_id: number;
  exhausted: boolean;
  total: number | null;
  counts: Partial<RunCounts>;
  note: string | null;
  author: string;
  created_at: Date;
  told_at: Date;
  moved_at: Date;
  ended_at: Date | null;
};

export type ReprocessRuns = ReturnType<typeof createReprocessRuns>;

/** All calls throw what Postgres says. */
export function createReprocessRuns(pool: Pool) {
  const one = async (text: string, values: unknown[]) => {
    const { rows } = await pool.query<Row>(text, values);
    return rows[0] && runOf(rows[0]);
  };
  return {
    /** Undefined where too many are unfinished. */
    create: ({ run, spec, undoes, rate, maxRemovals, author }: NewRun) =>
      one(INSERT, [run, JSON.stringify(spec), undoes ?? null, rate, maxRemovals ?? null, author]),
    read: (run: string) => one(BY_NAME, [run]),
    /** Newest first, those begun before `before`. */
    async list({ before, limit }: { before?: string; limit: number }): Promise<ReprocessRun[]> {
      const { rows } = await pool.query<Row>(NEWEST, [before ?? null, limit]);
      return rows.map(runOf);
    },
    async unfinished(): Promise<ReprocessRun[]> {
      const { rows } = await pool.query<Row>(OPEN);
      return rows.map(runOf);
    },
    /** The run that takes this one back, where there is one that was not cancelled. */
    async undoneBy(run: string): Promise<string | undefined> {
      const { rows } = await pool.query<{ run: string }>(UNDONE_BY, [run]);
      return rows[0]?.run;
    },
    /** Changes a run's course; undefined where it has ended, or there is none. */
    wish(run: string, wish: RunWish): Promise<ReprocessRun | undefined> {
      const { set, from } = WISHES[wish.want];
      const value =
        wish.want === 'rate' ? wish.rate : wish.want === 'resume' ? (wish.maxRemovals ?? null) : null;
      const needsValue = wish.want === 'rate' || wish.want === 'resume';
      const text = `UPDATE reprocess_runs SET ${set}, told_at = clock_timestamp()
        WHERE run = $1 AND state = ANY($${needsValue ? 3 : 2}) RETURNING ${COLUMNS}`;
      return one(text, [run, ...(needsValue ? [value] : []), from]);
    },
  };
}

/** The run, locked until the transaction ends; undefined where there is none. */
export async function lockRun(db: Queryable, run: string): Promise<ReprocessRun | undefined> {
  const { rows } = await db.query<Row>(`${BY_NAME} FOR UPDATE`, [run]);
  return rows[0] && runOf(rows[0]);
}

/** Notes how far a locked run has come. */
export async function moveRun(db: Queryable, run: ReprocessRun, progress: RunProgress): Promise<void> {
  const next = { ...run, ...progress };
  const counts = { ...run.counts };
  for (const [name, more] of Object.entries(progress.add ?? {})) counts[name as keyof RunCounts] += more;
  const ended = next.state === 'done' || next.state === 'cancelled';
  await db.query(
    `UPDATE reprocess_runs SET state = $2, phase = $3, page = $4, cursor_room = $5, cursor_id = $6, exhausted = $7,
       total = $8, counts = $9, note = $10, moved_at = clock_timestamp(),
       ended_at = CASE WHEN $11 THEN clock_timestamp() END
     WHERE run = $1`,
    [
      run.run,
      next.state,
      next.phase,
      next.page,
      next.cursor.room,
      next.cursor.id,
      next.exhausted,
      next.total ?? null,
      JSON.stringify(counts),
      next.note ?? null,
      ended && next.phase === 'plan',
    ],
  );
}

function runOf(row: Row): ReprocessRun {
  const { undoes, max_removals, cursor_room, cursor_id, total, counts, note, ...rest } = row;
  const { created_at, told_at, moved_at, ended_at, ...plain } = rest;
  return {
    ...plain,
    ...(undoes === null ? {} : { undoes }),
    ...(max_removals === null ? {} : { maxRemovals: max_removals }),
    cursor: { room: cursor_room, id: cursor_id },
    ...(total === null ? {} : { total }),
    counts: { ...NO_COUNTS, ...counts },
    ...(note === null ? {} : { note }),
    createdAt: created_at.toISOString(),
    toldAt: told_at.toISOString(),
    movedAt: moved_at.toISOString(),
    ...(ended_at === null ? {} : { endedAt: ended_at.toISOString() }),
  };
}
