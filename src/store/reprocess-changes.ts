/** What runs change: planned in one transaction with the cursor, stored in another one once the rooms were told. */
import { maskSpans } from '../message.ts';
import type { OutcomeChange } from '../reprocess/outcome-change.ts';
import { READ_COLUMNS, type Row } from './rows.ts';
import type { Queryable } from './transaction.ts';

export type ChangeState = 'found' | 'planned' | 'applied' | 'superseded' | 'dropped';
export type KeptChange = OutcomeChange & { state: ChangeState };
/** A change that may still be made, with the row as it stands, locked. */
export type Standing = { change: OutcomeChange; row: Row };

const INSERT = `
  INSERT INTO reprocess_changes (run, page, state, room, id, revision, kind, before, after)
  SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::bigint[], $6::integer[], $7::text[], $8::jsonb[], $9::jsonb[])`;

/** In the order of their keys, as every writer of messages locks them. */
const LOCK = `
  SELECT ${prefixed(READ_COLUMNS)}, c.kind, c.before, c.after, c.revision AS revised
  FROM (SELECT * FROM reprocess_changes WHERE run = $1 AND state = 'planned' ORDER BY room, id) c
  JOIN messages m ON m.room = c.room AND m.id = c.id
  ORDER BY m.room, m.id FOR UPDATE OF m`;

/** Only what stands as the plan saw it: the same revision and outcome, on which nobody decided. */
const stands = ({ row, change: { revision, before } }: Standing) =>
  row.revision === revision &&
  row.ruling === null &&
  row.batch === (before.batch ?? null) &&
  row.status === before.status &&
  row.reason === (before.reason ?? null);

const UPDATE = `
  UPDATE messages m SET status = c.status, reason = c.reason, audience = c.audience, shown = c.shown,
    language = c.language, language_confidence = c.confidence, sentiment = c.sentiment, sentiment_label = c.label,
    verdict = c.verdict, versions = c.versions, batch = c.batch, announced_at = c.announced_at,
    confirmed = coalesce(c.confirmed, m.confirmed), stored_at = clock_timestamp()
  FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::double precision[], $9::double precision[], $10::text[], $11::jsonb[], $12::jsonb[], $13::text[],
    $14::timestamptz[], $15::text[])
    AS c (room, id, status, reason, audience, shown, language, confidence, sentiment, label, verdict, versions, batch,
      announced_at, confirmed)
  WHERE m.room = c.room AND m.id = c.id`;

const MARK = `
  UPDATE reprocess_changes c SET state = CASE WHEN done.applied THEN 'applied' ELSE 'superseded' END
  FROM unnest($2::text[], $3::bigint[], $4::boolean[]) AS done (room, id, applied)
  WHERE c.run = $1 AND c.room = done.room AND c.id = done.id AND c.state = 'planned'`;

const CONFIRM = `
  UPDATE messages m SET confirmed = c.policy
  FROM unnest($1::text[], $2::bigint[], $3::integer[], $4::text[]) AS c (room, id, revision, policy)
  WHERE m.room = c.room AND m.id = c.id AND m.revision = c.revision AND m.confirmed IS DISTINCT FROM c.policy`;

/** A change beside the row that it is of, as it stands now. */
type ChangedRow = Row & Pick<OutcomeChange, 'kind' | 'before' | 'after'> & { revised: number };

type NewChanges = { run: string; page: number; changes: (OutcomeChange & { state: ChangeState })[] };

/** Records what a page found or plans. */
export async function addChanges(db: Queryable, { run, page, changes }: NewChanges): Promise<void> {
  if (changes.length === 0) return;
  await db.query(INSERT, [
    run,
    page,
    changes.map(({ state }) => state),
    changes.map(({ room }) => room),
    changes.map(({ id }) => id),
    changes.map(({ revision }) => revision),
    changes.map(({ kind }) => kind),
    changes.map(({ before }) => JSON.stringify(before)),
    changes.map(({ after }) => JSON.stringify(after)),
  ]);
}

/** The planned changes whose messages still stand as they did, locked until the transaction ends; and the others. */
export async function lockPlanned(db: Queryable, run: string) {
  const { rows } = await db.query<ChangedRow>(LOCK, [run]);
  const planned = rows.map(standingOf);
  return { standing: planned.filter(stands), gone: planned.filter(one => !stands(one)) };
}

/**
 * Stores changes: each row as its change leaves it. What is taken back counts as judged by the policy whose verdict it
 * was: a nightly run does not bring it again.
 */
export async function storeChanges(db: Queryable, changed: Standing[], takenBack: boolean): Promise<void> {
  if (changed.length === 0) return;
  const rows = changed.map(({ row, change: { before, after } }) => ({
    key: row,
    after,
    content: row.content,
    confirmed: takenBack ? (before.verdict?.policy ?? null) : null,
  }));
  const of = <T>(value: (one: (typeof rows)[number]) => T) => rows.map(value);
  await db.query(UPDATE, [
    of(({ key }) => key.room),
    of(({ key }) => key.id),
    of(({ after }) => after.status),
    of(({ after }) => after.reason ?? null),
    of(({ after }) => after.audience ?? 'all'),
    of(({ after, content }) =>
      after.status === 'masked' ? maskSpans(content ?? '', after.verdict?.spans ?? []) : null,
    ),
    of(({ after }) => after.language?.code ?? null),
    of(({ after }) => after.language?.confidence ?? null),
    of(({ after }) => after.sentiment?.score ?? null),
    of(({ after }) => after.sentiment?.label ?? null),
    of(({ after }) => (after.verdict === undefined ? null : JSON.stringify(after.verdict))),
    of(({ after }) => (after.versions === undefined ? null : JSON.stringify(after.versions))),
    of(({ after }) => after.batch ?? null),
    of(({ after }) => after.announcedAt ?? null),
    of(({ confirmed }) => confirmed),
  ]);
}

/** Says of planned changes what became of them. */
export async function markChanges(
  db: Queryable,
  run: string,
  done: { room: string; id: number; applied: boolean }[],
): Promise<void> {
  if (done.length === 0) return;
  await db.query(MARK, [
    run,
    done.map(({ room }) => room),
    done.map(({ id }) => id),
    done.map(({ applied }) => applied),
  ]);
}

/** Gives up what was planned and not begun. */
export async function dropPlanned(db: Queryable, run: string): Promise<void> {
  await db.query(`UPDATE reprocess_changes SET state = 'dropped' WHERE run = $1 AND state = 'planned'`, [
    run,
  ]);
}

/** What a run changed is kept for so long after its end: until then it can be taken back. */
export const KEPT_DAYS = 90;
const FORGET = `
  DELETE FROM reprocess_changes WHERE ctid = ANY (ARRAY(
    SELECT c.ctid FROM reprocess_changes c JOIN reprocess_runs r USING (run)
    WHERE r.ended_at < clock_timestamp() - make_interval(days => ${KEPT_DAYS}) LIMIT $1))`;
const FORGOTTEN_AT_ONCE = 5_000;

/** Forgets what runs changed that ended long ago, some thousand at a time; answers whether there may be more. */
export async function forgetChanges(db: Queryable): Promise<boolean> {
  const { rowCount } = await db.query(FORGET, [FORGOTTEN_AT_ONCE]);
  return (rowCount ?? 0) >= FORGOTTEN_AT_ONCE;
}

/** Notes which policy found the verdicts right that stand. */
export async function confirmVerdicts(
  db: Queryable,
  confirmed: { room: string; id: number; revision: number; policy: string }[],
): Promise<void> {
  if (confirmed.length === 0) return;
  await db.query(CONFIRM, [
    confirmed.map(({ room }) => room),
    confirmed.map(({ id }) => id),
    confirmed.map(({ revision }) => revision),
    confirmed.map(({ policy }) => policy),
  ]);
}

/** Applied changes of a run after a key, to be taken back, with the rows as they stand. */
export async function appliedAfter(
  db: Queryable,
  { run, cursor, limit }: { run: string; cursor: { room: string; id: number }; limit: number },
): Promise<{ change: OutcomeChange; undoable: boolean }[]> {
  const { rows } = await db.query<ChangedRow>(
    `SELECT ${prefixed(READ_COLUMNS)}, c.kind, c.before, c.after, c.revision AS revised
     FROM (SELECT * FROM reprocess_changes WHERE run = $1 AND state = 'applied' AND (room, id) > ($2, $3)
       ORDER BY room, id LIMIT $4) c
     JOIN messages m ON m.room = c.room AND m.id = c.id ORDER BY m.room, m.id`,
    [run, cursor.room, cursor.id, limit],
  );
  return rows.map(standingOf).map(({ change, row }) => ({
    change,
    undoable: stands({ row, change: { ...change, before: change.after } }),
  }));
}

function standingOf({ kind, before, after, revised, ...row }: ChangedRow): Standing {
  const { room, id } = row;
  return { change: { room, id, revision: revised, kind, before, after }, row };
}

function prefixed(columns: string): string {
  return columns
    .split(', ')
    .map(column => `m.${column}`)
    .join(', ');
}
