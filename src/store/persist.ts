/**
 * Batched writes. The whole batch goes in as one statement, in the order of its keys, so that two batches never
 * wait for each other crosswise. Only the rows that did not go in are looked at one by one. A row that the
 * database refuses is found by halving, each half behind a savepoint, and set aside; the rest is stored.
 */
import type { Pool, PoolClient } from 'pg';
import type { Submission } from '../message.ts';
import { sqlState } from './pool.ts';
import { COLUMNS, type Key, type PersistRow, toColumns } from './rows.ts';

export type PersistResult = {
  stored: Key[];
  unchanged: Key[];
  /** The same clientId of the same user under another id: to be withdrawn. */
  duplicates: (Key & { originalId: number })[];
  /** The database refuses them: dead letters, written in the same transaction. */
  refused: (Key & { cause: string })[];
  /** Another author's message stands under the id: dead letters too, and an alarm. */
  conflicts: Key[];
};
export type DeadLetter = { submission: Submission; step: string; cause: string };

const NAMES = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
const ARRAYS = NAMES.map((name, i) => `$${i + 1}::${COLUMNS[name]}[]`).join(', ');

const INSERT = `
  INSERT INTO messages (${NAMES.join(', ')})
  SELECT * FROM unnest(${ARRAYS}) AS batch (${NAMES.join(', ')})
  ON CONFLICT DO NOTHING
  RETURNING room, id, revision`;

/** Rows that stand in the way of one: under its id, or under its client key. */
const STANDING = `
  SELECT id, revision, user_id, client_id, status, reason FROM messages
  WHERE room = $1 AND (id = $2 OR (user_id = $3 AND client_id = $4))
  FOR UPDATE`;

const KEY_COLUMNS = ['room', 'id', 'epoch', 'user_id', 'client_id', 'created_at'];
const UPDATED = NAMES.filter(name => !KEY_COLUMNS.includes(name));
const UPDATE = `
  UPDATE messages SET ${UPDATED.map((name, i) => `${name} = $${i + 3}`).join(', ')}, stored_at = clock_timestamp()
  WHERE room = $1 AND id = $2`;

const ROOMS = `
  INSERT INTO rooms (room, last_id, last_message_at)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::timestamptz[])
  ON CONFLICT (room) DO UPDATE SET
    last_id = greatest(rooms.last_id, excluded.last_id),
    last_message_at = greatest(rooms.last_message_at, excluded.last_message_at)`;

const DEAD_LETTERS = `
  INSERT INTO dead_letters (room, message_id, revision, step, cause, entry)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::integer[], $4::text[], $5::text[], $6::jsonb[])
  ON CONFLICT DO NOTHING`;

/** Stores a batch; see PersistResult. Throws what `isTransient` tells from the rest, with nothing stored. */
export async function persist(pool: Pool, rows: PersistRow[]): Promise<PersistResult> {
  const result: PersistResult = { stored: [], unchanged: [], duplicates: [], refused: [], conflicts: [] };
  if (rows.length === 0) return result;
  const ordered = inKeyOrder(rows, result);
  await inTransaction(pool, async client => {
    await storeAll(client, ordered, result);
    const bad = new Map(
      [
        ...result.refused,
        ...result.conflicts.map(key => ({ ...key, cause: 'another message stands under this id' })),
      ].map(key => [nameOf(key), key.cause]),
    );
    const letters = ordered.flatMap(({ submission }) => {
      const cause = bad.get(nameOf(submission));
      return cause === undefined ? [] : [{ submission, step: 'persist', cause }];
    });
    if (letters.length > 0) await deadLetter(client, letters);
    const stored = new Set(result.stored.map(nameOf));
    await touchRooms(
      client,
      ordered.filter(({ submission }) => stored.has(nameOf(submission))),
    );
  });
  return result;
}

/** Stores withdrawn duplicates as tombstones without text; a repeat changes nothing. */
export async function withdraw(pool: Pool, rows: PersistRow[]): Promise<void> {
  if (rows.length === 0) return;
  const tombstones = rows.map(row => ({ ...toColumns(row), client_id: null, content: null, shown: null }));
  await pool.query(INSERT, columnArrays(tombstones));
}

/** Sets entries aside with their cause; an entry that was set aside by the same step before stays as it is. */
export async function deadLetter(client: Pick<PoolClient, 'query'>, letters: DeadLetter[]): Promise<void> {
  const columns = [
    letters.map(({ submission }) => submission.room),
    letters.map(({ submission }) => submission.id),
    letters.map(({ submission }) => submission.revision),
    letters.map(({ step }) => step),
    letters.map(({ cause }) => cause),
    letters.map(({ submission }) => storable(submission)),
  ];
  await client.query(DEAD_LETTERS, columns);
}

/** jsonb refuses NUL and lone surrogates, which JSON.stringify escapes: the escape itself is escaped once more. */
function storable(submission: Submission): string {
  return JSON.stringify(submission).replace(/\\u(0000|d[89a-f][0-9a-f]{2})/gi, '\\\\u$1');
}

/** By room and id; of the same message the highest revision; of the same client key the lowest id. */
function inKeyOrder(rows: PersistRow[], result: PersistResult): PersistRow[] {
  const byKey = new Map<string, PersistRow>();
  for (const row of rows) {
    const { room, id, revision } = row.submission;
    const known = byKey.get(`${room} ${id}`);
    if (known === undefined || known.submission.revision < revision) byKey.set(`${room} ${id}`, row);
    if (known !== undefined) {
      const older = known.submission.revision < revision ? known : row;
      result.unchanged.push(keyOf(older.submission));
    }
  }
  const ordered = [...byKey.values()].sort((a, b) =>
    a.submission.room === b.submission.room
      ? a.submission.id - b.submission.id
      : a.submission.room < b.submission.room
        ? -1
        : 1,
  );
  const first = new Map<string, number>();
  return ordered.filter(({ submission }) => {
    const client = `${submission.room} ${submission.user} ${submission.clientId}`;
    const originalId = first.get(client);
    if (originalId === undefined) first.set(client, submission.id);
    else result.duplicates.push({ ...keyOf(submission), originalId });
    return originalId === undefined;
  });
}

async function storeAll(client: PoolClient, rows: PersistRow[], result: PersistResult): Promise<void> {
  if (rows.length === 0) return;
  await client.query('SAVEPOINT part');
  try {
    const { rows: inserted } = await client.query<Key>(INSERT, columnArrays(rows.map(toColumns)));
    await client.query('RELEASE SAVEPOINT part');
    result.stored.push(...inserted);
    const done = new Set(inserted.map(nameOf));
    for (const row of rows) if (!done.has(nameOf(row.submission))) await storeOne(client, row, result);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT part');
    if (rows.length === 1) {
      result.refused.push({ ...keyOf(rows[0]!.submission), cause: sqlState(error)! });
      return;
    }
    const half = Math.ceil(rows.length / 2);
    await storeAll(client, rows.slice(0, half), result);
    await storeAll(client, rows.slice(half), result);
  }
}

/** A row that did not go in: finds what stands in its way. */
async function storeOne(client: PoolClient, row: PersistRow, result: PersistResult): Promise<void> {
  const { room, id, user, clientId, revision } = row.submission;
  const { rows } = await client.query(STANDING, [room, id, user, clientId]);
  const same = rows.find(standing => standing.id === id);
  const key = keyOf(row.submission);
  if (same === undefined) {
    const original = rows[0];
    // Deleted between the two statements: the whole batch is tried again.
    if (original === undefined) throw new Error('a row that stood in the way is gone');
    result.duplicates.push({ ...key, originalId: original.id });
  } else if (same.reason === 'duplicate' && same.client_id === null) result.unchanged.push(key);
  else if (same.user_id !== user || same.client_id !== clientId) result.conflicts.push(key);
  else if (same.revision >= revision || same.reason === 'deleted' || same.reason === 'erased')
    result.unchanged.push(key);
  else {
    const columns = toColumns(row);
    await client.query(UPDATE, [room, id, ...UPDATED.map(name => columns[name])]);
    result.stored.push(key);
  }
}

async function touchRooms(client: PoolClient, rows: PersistRow[]): Promise<void> {
  const rooms = new Map<string, Submission>();
  for (const { submission } of rows) rooms.set(submission.room, submission);
  if (rooms.size === 0) return;
  const newest = [...rooms.values()];
  await client.query(ROOMS, [
    newest.map(({ room }) => room),
    newest.map(({ id }) => id),
    newest.map(({ timestamp }) => timestamp),
  ]);
}

function columnArrays(rows: ReturnType<typeof toColumns>[]) {
  return NAMES.map(name => rows.map(row => row[name]));
}

/** Classes 22 (data) and 23 (constraints): the row's own fault, and the same the next time. */
function isRefusal(error: unknown): boolean {
  return /^2[23]/.test(sqlState(error) ?? '');
}

async function inTransaction(pool: Pool, work: (client: PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query('BEGIN');
    await work(client);
    await client.query('COMMIT');
    broken = false;
  } finally {
    client.release(broken);
  }
}

function keyOf({ room, id, revision }: Key): Key {
  return { room, id, revision };
}

function nameOf({ room, id, revision }: Key): string {
  return `${room} ${id} ${revision}`;
}
