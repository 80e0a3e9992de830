/**
 * Dead letters whose texts have to go. A letter accounts for its entry, so a tombstone takes its place in history:
 * only what no version could read, and no message is known of, stays a letter, without its content.
 */
import type { Pool } from 'pg';
import type { Submission } from '../message.ts';
import { addDeadLetters, type DeadLetter } from './dead-letters.ts';
import { blank, countErased, erasuresOf } from './erased.ts';
import { insert } from './persist.ts';
import { type Columns, WIPED } from './rows.ts';
import { addTallies } from './tallies.ts';
import { inTransaction, type Queryable } from './transaction.ts';
import { type Erasure, raiseRevision, tellLater } from './wipe.ts';

/** Why a letter goes. */
export type Burial = { reason: 'expired' } | { reason: 'erased'; erasure: Erasure };
type Letter = { id: number; revision: number; entry: Submission };

const PAGE = 100;
const OF_USER = `
  SELECT id, revision, entry FROM dead_letters
  WHERE entry ->> 'user' = $1 AND (entry ->> 'timestamp')::timestamptz <= $2 ORDER BY id LIMIT ${PAGE} FOR UPDATE`;
/** A room's own setting goes before the default, also where it says: for good. */
const EXPIRED = `
  SELECT d.id, d.revision, d.entry, d.room, kept.days FROM dead_letters d CROSS JOIN LATERAL (
    SELECT days FROM retention_now WHERE scope IN (d.room, '*') ORDER BY scope = '*' LIMIT 1) kept
  WHERE (d.entry ->> 'timestamp')::timestamptz < now() - make_interval(days => kept.days)
    AND (d.revision > 0 OR d.entry ->> 'content' <> '')
  ORDER BY d.id LIMIT ${PAGE} FOR UPDATE OF d`;
const EMPTY = `UPDATE dead_letters SET entry = jsonb_set(entry, '{content}', '""') WHERE id = ANY($1::bigint[])`;
const DELETE = 'DELETE FROM dead_letters WHERE id = ANY($1::bigint[])';
/** Such a letter holds the fields of an intake entry as JSON, and the message as JSON in that. */
const UNREADABLE = `
  UPDATE dead_letters SET entry = jsonb_set(entry, '{content}', '""')
  WHERE revision = 0 AND position($1 IN entry ->> 'content') > 0`;

/** Sets entries aside; those that an erasure covers become tombstones at once. */
export function setAside(pool: Pool, letters: DeadLetter[]): Promise<void> {
  return inTransaction(pool, async client => {
    const erasures = await erasuresOf(
      client,
      letters.map(({ submission }) => submission),
    );
    await addDeadLetters(
      client,
      letters.filter((_, i) => erasures[i] === undefined),
    );
    for (const [i, { submission }] of letters.entries()) {
      const erasure = erasures[i];
      if (erasure === undefined) continue;
      await replace(client, [submission], { reason: 'erased', erasure });
      await countErased(client, erasure, 'late', 1);
    }
  });
}

/** Takes a page of a user's letters away; answers how many, 0 when there are none left. */
export function buryOfUser(pool: Pool, erasure: Erasure & { at: Date }): Promise<number> {
  return inTransaction(pool, async client => {
    const { rows } = await client.query<Letter>(OF_USER, [erasure.user, erasure.at]);
    await bury(client, rows, { reason: 'erased', erasure });
    const unreadable = await client.query(UNREADABLE, [`\\"user\\":\\"${erasure.user}\\"`]);
    const count = rows.length + (unreadable.rowCount ?? 0);
    await countErased(client, erasure, 'deadLetters', count);
    return count;
  });
}

/** Letters older than their rooms keep anything. */
export async function expiredLetters(db: Queryable): Promise<(Letter & { room: string; days: number })[]> {
  return (await db.query<Letter & { room: string; days: number }>(EXPIRED)).rows;
}

/** Puts tombstones in the place of letters. */
export async function bury(db: Queryable, letters: Letter[], burial: Burial): Promise<void> {
  if (letters.length === 0) return;
  const known = letters.filter(({ revision }) => revision > 0);
  await replace(
    db,
    known.map(({ entry }) => entry),
    burial,
  );
  await db.query(DELETE, [known.map(({ id }) => id)]);
  await db.query(EMPTY, [letters.filter(({ revision }) => revision === 0).map(({ id }) => id)]);
}

async function replace(db: Queryable, entries: Submission[], burial: Burial): Promise<void> {
  const rows = entries.map(entry => tombstoneOf(entry, burial));
  const inserted = await insert(db, rows);
  for (const entry of entries) await raiseRevision(db, entry);
  await addTallies(db, { inserted, settled: entries.map(submission => ({ submission })) });
  for (const { room, id } of inserted) await tellLater(db, { ...burial, room, ids: [id] });
}

function tombstoneOf(entry: Submission, burial: Burial): Columns {
  const { room, id, revision, epoch, user, timestamp } =
    burial.reason === 'erased' ? blank(entry, burial.erasure) : entry;
  return {
    ...WIPED,
    ...{ room, id, revision, epoch, user_id: user, created_at: timestamp, reason: burial.reason },
    client_id: null,
    batch: null,
    announced_at: null,
    ruling: null,
  };
}
