import type { Submission } from '../message.ts';
import type { Queryable } from './transaction.ts';

export type DeadLetter = { submission: Submission; step: string; cause: string };
/** A dead letter as it is kept. In the texts of `entry` a NUL or a lone surrogate stands as the six characters of its escape. */
export type KeptLetter = {
  id: number;
  room: string;
  messageId: number;
  revision: number;
  step: string;
  /** Of the newest failure. */
  cause: string;
  entry: Submission;
  createdAt: string;
  /** How often the entry failed at this step. */
  failures: number;
  /** When it was last put back into the pipeline; absent where it was not, or has failed again since. */
  redrivenAt?: string;
};
export type DeadLettersQuery = { limit: number; after?: number };

/** A longer cause is cut. */
const MAX_CAUSE = 1_000;

const INSERT = `
  INSERT INTO dead_letters (room, message_id, revision, log_offset, step, cause, entry, failed, redrive)
  SELECT room, message_id, revision, log_offset, step, cause, entry, failed, failed
  FROM unnest($1::text[], $2::bigint[], $3::integer[], $4::bigint[], $5::text[], $6::text[], $7::jsonb[],
    $8::integer[]) AS given (room, message_id, revision, log_offset, step, cause, entry, failed)
  ON CONFLICT (room, message_id, revision, log_offset, step) DO UPDATE SET
    cause = excluded.cause, failed = excluded.failed, redrive = greatest(dead_letters.redrive, excluded.failed),
    failures = dead_letters.failures + 1, redriven_at = NULL
  WHERE excluded.failed > dead_letters.failed`;

const COLUMNS =
  'id, room, message_id, revision, step, cause, entry, created_at, failures, redriven_at AS redriven';
const LIST = `SELECT ${COLUMNS} FROM dead_letters WHERE id > $1 ORDER BY id LIMIT $2`;
const BY_ID = `SELECT ${COLUMNS} FROM dead_letters WHERE id = $1`;

/** One more than any redrive of the same entry, whichever step it failed at. */
const NUMBER = `
  UPDATE dead_letters AS letter SET redrive = (
    SELECT max(redrive) + 1 FROM dead_letters AS other
    WHERE (other.room, other.message_id, other.revision, other.log_offset)
      = (letter.room, letter.message_id, letter.revision, letter.log_offset))
  WHERE id = $1 RETURNING redrive`;

/** Where the entry has failed again already, the letter stays as it is. */
const REDRIVEN = `
  UPDATE dead_letters SET redriven_at = clock_timestamp() WHERE id = $1 AND failed < $2`;

type Row = Omit<KeptLetter, 'messageId' | 'createdAt' | 'redrivenAt'> & {
  message_id: number;
  created_at: Date;
  redriven: Date | null;
};

/**
 * Sets entries aside with their cause. One that the same step set aside before stays as it is, unless it was
 * redriven since: then it has the new cause, and one failure more.
 */
export async function addDeadLetters(db: Queryable, letters: DeadLetter[]): Promise<void> {
  if (letters.length === 0) return;
  const rows = inKeyOrder(letters);
  await db.query(INSERT, [
    rows.map(({ submission }) => escaped(submission.room)),
    rows.map(({ submission }) => submission.id),
    rows.map(({ submission }) => submission.revision),
    rows.map(({ submission }) => submission.offset),
    rows.map(({ step }) => escaped(step)),
    rows.map(({ cause }) => escaped(cause).slice(0, MAX_CAUSE)),
    rows.map(({ submission: { redrive: _redrive, ...entry } }) => JSON.stringify(entry, escapeText)),
    rows.map(({ submission }) => submission.redrive ?? 0),
  ]);
}

/** Each key once, its first letter, in an order that keeps two batches from waiting for each other crosswise. */
function inKeyOrder(letters: DeadLetter[]): DeadLetter[] {
  const byKey = new Map<string, DeadLetter>();
  for (const letter of letters) {
    const { room, id, revision, offset } = letter.submission;
    const key = [
      room,
      ...[id, revision, offset].map(number => String(number).padStart(16, '0')),
      letter.step,
    ];
    const name = key.join(' ');
    if (!byKey.has(name)) byKey.set(name, letter);
  }
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, letter]) => letter);
}

/** Dead letters in the order of their making, those after the id `after`; at most `limit`. */
export async function listDeadLetters(db: Queryable, { limit, after = 0 }: DeadLettersQuery) {
  const { rows } = await db.query<Row>(LIST, [after, limit]);
  return rows.map(fromRow);
}

export async function readDeadLetter(db: Queryable, id: number): Promise<KeptLetter | undefined> {
  const { rows } = await db.query<Row>(BY_ID, [id]);
  return rows.map(fromRow)[0];
}

/** A number for the next redrive of a letter's entry, never given before; undefined where there is no letter. */
export async function numberRedrive(db: Queryable, id: number): Promise<number | undefined> {
  const { rows } = await db.query<{ redrive: number }>(NUMBER, [id]);
  return rows[0]?.redrive;
}

/** Notes that a letter's entry is in the pipeline again under this number. */
export async function markRedriven(db: Queryable, id: number, redrive: number): Promise<void> {
  await db.query(REDRIVEN, [id, redrive]);
}

function fromRow({ message_id, created_at, redriven, ...row }: Row): KeptLetter {
  return {
    ...row,
    messageId: message_id,
    createdAt: created_at.toISOString(),
    ...(redriven === null ? {} : { redrivenAt: redriven.toISOString() }),
  };
}

/** NUL and lone surrogates, which neither text nor jsonb can hold: the very thing that brings a letter here. */
const UNSTORABLE = /\0|\p{Surrogate}/gu;

function escaped(text: string): string {
  return text.replace(UNSTORABLE, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function escapeText(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? escaped(value) : value;
}
