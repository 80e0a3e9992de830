/**
 * Batched writes. A whole batch goes in as one statement, in the order of its keys, so that two batches never wait
 * for each other crosswise. Only rows that did not go in are looked at: all of them by one more statement, after
 * every insert and again in the order of their keys. A row that the database refuses is isolated and set aside.
 */
import type { Pool, PoolClient } from 'pg';
import { addDeadLetters, type DeadLetter } from './dead-letters.ts';
import { finishErased, honourErasures } from './erased.ts';
import { addDecisions } from './moderation-log.ts';
import { touchRooms } from './rooms.ts';
import { COLUMNS, type Columns, type Key, type PersistRow, toColumns, toTombstone } from './rows.ts';
import { findStanding, type Standings } from './standing.ts';
import { addTallies } from './tallies.ts';
import { inTransaction, isolating, type Queryable } from './transaction.ts';
import { raiseRevision } from './wipe.ts';

export type PersistResult = {
  /** New, or a higher revision than stood before. */
  stored: Key[];
  /** The same or a newer revision stands, or the message was deleted. */
  unchanged: Key[];
  /** The same clientId of the same user stands under another id: not stored, to be withdrawn. */
  duplicates: (Key & { originalId: number })[];
  /** The database refuses them, with the SQLSTATE: dead letters, written in the same transaction. */
  refused: (Key & { cause: string })[];
  /** Another message stands under the id: dead letters too, and reason for an alarm. */
  conflicts: Key[];
};

const NAMES = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
const ARRAYS = NAMES.map((name, i) => `$${i + 1}::${COLUMNS[name]}[]`).join(', ');

const INSERT = `
  INSERT INTO messages (${NAMES.join(', ')})
  SELECT * FROM unnest(${ARRAYS}) AS batch (${NAMES.join(', ')})
  ON CONFLICT DO NOTHING
  RETURNING room, id, revision`;

/** What a message keeps through its revisions. */
const KEPT = ['room', 'id', 'epoch', 'user_id', 'client_id', 'created_at'];
const REVISED = NAMES.filter(name => !KEPT.includes(name));
const UPDATE = `
  UPDATE messages
  SET ${REVISED.map((name, i) => `${name} = $${i + 3}`).join(', ')}, stored_at = clock_timestamp()
  WHERE room = $1 AND id = $2`;

/**
 * Stores a batch, each row ending in one list of the result; a repeat changes nothing. What an erased user wrote before
 * becomes a tombstone. Throws with nothing stored: `isTransient` tells whether another try may help.
 */
export function persist(pool: Pool, given: PersistRow[]): Promise<PersistResult> {
  return inTransaction(pool, async client => {
    const rows = await honourErasures(client, given);
    const result: PersistResult = { stored: [], unchanged: [], duplicates: [], refused: [], conflicts: [] };
    const letters: DeadLetter[] = [];
    const refuse = ({ submission }: PersistRow, cause: string) => {
      result.refused.push({ ...keyOf(submission), cause });
      letters.push({ submission, step: 'persist', cause });
    };
    const { inserted, left } = await insertAll(client, inKeyOrder(rows), refuse);
    result.stored.push(...inserted.map(({ submission }) => keyOf(submission)));
    const { revised, gone } = await settleLeft(client, left, result, letters);
    await isolating(client, revised, {
      statement: async part => {
        for (const row of part) await revise(client, row);
      },
      refuse,
    });
    const refused = new Set(result.refused.map(nameOf));
    result.stored.push(
      ...revised.map(({ submission }) => keyOf(submission)).filter(key => !refused.has(nameOf(key))),
    );
    await addDeadLetters(client, letters);
    await touchRooms(client, inserted);
    await addDecisions(
      client,
      rows.map(({ submission }) => submission),
    );
    await addTallies(client, {
      inserted: inserted.map(({ submission }) => submission),
      settled: rows.filter(({ submission }) => !refused.has(nameOf(submission))),
    });
    await finishErased(client, inserted, gone);
    for (const { submission } of gone) await raiseRevision(client, submission);
    return result;
  });
}

/**
 * Stores withdrawn duplicates as tombstones without text; a repeat changes nothing, nor does a row that stands.
 * One that the database refuses becomes a dead letter.
 */
export async function withdraw(pool: Pool, given: PersistRow[]): Promise<void> {
  if (given.length === 0) return;
  await inTransaction(pool, async client => {
    const rows = await honourErasures(client, given);
    const letters: DeadLetter[] = [];
    const inserted: Key[] = [];
    const settled: PersistRow[] = [];
    await isolating(client, inKeyOrder(rows), {
      statement: async part => {
        inserted.push(...(await insert(client, part.map(toTombstone))));
        settled.push(...part);
      },
      refuse: ({ submission }, cause) => letters.push({ submission, step: 'withdraw', cause }),
    });
    await addDeadLetters(client, letters);
    await addTallies(client, { inserted, settled });
    const names = new Set(inserted.map(nameOf));
    const fresh = rows.filter(({ submission }) => names.has(nameOf(submission)));
    await finishErased(client, fresh, []);
  });
}

/** By room and id; of one message the highest revision first, so that the others find it standing. */
function inKeyOrder(rows: PersistRow[]): PersistRow[] {
  return [...rows].sort(({ submission: a }, { submission: b }) => {
    if (a.room !== b.room) return a.room < b.room ? -1 : 1;
    return a.id - b.id || b.revision - a.revision;
  });
}

type Refuse = (row: PersistRow, cause: string) => void;

/** Inserts what has no row yet; `left` did not go in because something stands in its way. */
async function insertAll(client: PoolClient, rows: PersistRow[], refuse: Refuse) {
  const inserted: PersistRow[] = [];
  const left: PersistRow[] = [];
  const statement = async (part: PersistRow[]) => {
    const keys = await insert(client, part.map(toColumns));
    const fresh = new Set(keys.map(nameOf));
    // Of rows with the same key the first went in: it takes the name out of the set.
    for (const row of part) (fresh.delete(nameOf(row.submission)) ? inserted : left).push(row);
  };
  await isolating(client, rows, { statement, refuse });
  return { inserted, left };
}

/** Inserts what nothing stands in the way of; answers what went in. */
export async function insert(db: Queryable, rows: Columns[]): Promise<Key[]> {
  const arrays = NAMES.map(name => rows.map(row => row[name]));
  return (await db.query<Key>(INSERT, arrays)).rows;
}

/**
 * Sorts the rows that did not go in into the result, but for those that replace an older revision: `revised`. `gone`
 * are among the unchanged ones: of what is a tombstone, or to be one.
 */
async function settleLeft(
  client: PoolClient,
  left: PersistRow[],
  result: PersistResult,
  letters: DeadLetter[],
) {
  const revised: PersistRow[] = [];
  const gone: PersistRow[] = [];
  if (left.length === 0) return { revised, gone };
  const standings = await findStanding(client, left);
  for (const row of left) {
    const key = keyOf(row.submission);
    const fate = fateOf(row, standings);
    if (fate === 'gone') gone.push(row);
    if (fate === 'revised') revised.push(row);
    else if (fate === 'unchanged' || fate === 'gone') result.unchanged.push(key);
    else if (fate === 'conflict') {
      result.conflicts.push(key);
      letters.push({
        submission: row.submission,
        step: 'persist',
        cause: 'another message stands under this id',
      });
    } else result.duplicates.push({ ...key, ...fate });
  }
  return { revised, gone };
}

/** Removed by no moderation: whatever comes later leaves it so. */
const FINAL = new Set(['deleted', 'expired', 'erased']);

function fateOf(row: PersistRow, standings: Standings) {
  const { submission } = row;
  const same = standings.byId(submission);
  if (same === undefined) {
    const original = standings.byClient(submission);
    // Gone between the two statements, which nothing of ours does: the whole batch is tried again.
    if (original === undefined) throw new Error('the row that stood in the way of a message is gone');
    return { originalId: original.id };
  }
  // Who wrote it is no longer known.
  if (row.erasure !== undefined || same.reason === 'erased') return 'gone';
  const withdrawn = same.reason === 'duplicate' && same.client_id === null;
  if (same.user_id !== submission.user || !(withdrawn || same.client_id === submission.clientId))
    return 'conflict';
  if (withdrawn) return 'unchanged';
  if (same.status === 'removed' && FINAL.has(same.reason ?? '')) return 'gone';
  // A deletion comes with the revision that it deletes.
  const deletes = row.outcome.reason === 'deleted' && same.revision === submission.revision;
  const { decision, offset } = submission;
  const decides =
    decision !== undefined && same.revision === submission.revision && (same.ruling ?? 0) < offset;
  if (same.revision >= submission.revision && !deletes && !decides) return 'unchanged';
  same.revision = submission.revision;
  same.ruling = decision === undefined ? null : offset;
  return 'revised';
}

async function revise(client: PoolClient, row: PersistRow): Promise<void> {
  const columns = toColumns(row);
  await client.query(UPDATE, [columns.room, columns.id, ...REVISED.map(name => columns[name])]);
}

function keyOf({ room, id, revision }: Key): Key {
  return { room, id, revision };
}

function nameOf({ room, id, revision }: Key): string {
  return `${room} ${id} ${revision}`;
}
