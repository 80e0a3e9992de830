/** How messages stand in the table: to rows and back. Pure. */
import {
  type Decision,
  maskSpans,
  type Outcome,
  type Reason,
  type Submission,
  type Verdict,
  type Versions,
} from '../message.ts';
import type { LoggedMessage } from '../rooms/log-types.ts';

export type PersistRow = {
  submission: Submission;
  outcome: Outcome;
  batch: string;
  announcedAt: string;
  /** Offset of the log entry that told the outcome, where it is known. */
  last?: number | undefined;
  /** Its author was erased since it was written: a tombstone is stored (erased.ts). */
  erasure?: { id: number; user: string };
};
export type Key = { room: string; id: number; revision: number };

/**
 * A stored message. `content` is what readers see, absent where the message is removed; `original` is what the
 * author wrote where that differs: for moderators alone.
 */
export type StoredMessage = LoggedMessage & { original?: string; storedAt: string; epoch: string };

/** The columns that persist writes, in the order of `toColumns`, with their types. */
export const COLUMNS = {
  room: 'text',
  id: 'bigint',
  revision: 'integer',
  epoch: 'text',
  user_id: 'text',
  name: 'text',
  client_id: 'text',
  content: 'text',
  shown: 'text',
  reply_to: 'bigint',
  status: 'text',
  reason: 'text',
  audience: 'text',
  created_at: 'timestamptz',
  edited_at: 'timestamptz',
  language: 'text',
  language_confidence: 'double precision',
  sentiment: 'double precision',
  sentiment_label: 'text',
  verdict: 'jsonb',
  versions: 'jsonb',
  batch: 'text',
  announced_at: 'timestamptz',
  decision: 'jsonb',
  ruling: 'bigint',
} as const;

/** What reading takes: in the order of COLUMNS, and when the row was last written. */
export const READ_COLUMNS = [...Object.keys(COLUMNS), 'stored_at'].join(', ');

type Value = string | number | null;
export type Columns = Record<keyof typeof COLUMNS, Value>;

/** A row of which nothing is left but its place and time, who wrote it, and why it is gone. */
export const WIPED = {
  name: null,
  content: null,
  shown: null,
  reply_to: null,
  status: 'removed',
  audience: 'all',
  edited_at: null,
  language: null,
  language_confidence: null,
  sentiment: null,
  sentiment_label: null,
  verdict: null,
  versions: null,
  decision: null,
} as const satisfies Partial<Columns>;

/** One row's values, by column. */
export function toColumns({ submission, outcome, batch, announcedAt, erasure }: PersistRow): Columns {
  const { content } = submission;
  return {
    room: submission.room,
    id: submission.id,
    revision: submission.revision,
    epoch: submission.epoch,
    user_id: submission.user,
    name: submission.name ?? null,
    client_id: submission.clientId,
    content,
    shown: outcome.status === 'masked' ? maskSpans(content, outcome.verdict.spans) : null,
    reply_to: submission.replyTo ?? null,
    status: outcome.status,
    reason: outcome.reason ?? null,
    audience: outcome.audience,
    created_at: submission.timestamp,
    edited_at: submission.editedAt ?? null,
    language: outcome.language.code,
    language_confidence: outcome.language.confidence,
    sentiment: outcome.sentiment.score,
    sentiment_label: outcome.sentiment.label,
    verdict: JSON.stringify(outcome.verdict),
    versions: JSON.stringify(outcome.versions),
    batch,
    announced_at: announcedAt === '' ? null : announcedAt,
    decision: submission.decision === undefined ? null : JSON.stringify(submission.decision),
    ruling: submission.decision === undefined ? null : submission.offset,
    ...(erasure === undefined ? {} : { ...WIPED, client_id: null, reason: 'erased' }),
  };
}

/**
 * A repeat of a client key as a tombstone. It holds neither text nor the key, which belongs to the first message.
 */
export function toTombstone(row: PersistRow): Columns {
  if (row.erasure !== undefined) return toColumns(row);
  return {
    ...toColumns(row),
    client_id: null,
    content: null,
    shown: null,
    status: 'removed',
    reason: 'duplicate',
    audience: 'all',
  };
}

/** A row as Postgres gives it. */
export type Row = {
  room: string;
  id: number;
  revision: number;
  epoch: string;
  user_id: string;
  name: string | null;
  client_id: string | null;
  content: string | null;
  shown: string | null;
  reply_to: number | null;
  status: 'visible' | 'masked' | 'held' | 'removed';
  reason: Reason | null;
  audience: 'all' | 'author';
  created_at: Date;
  edited_at: Date | null;
  language: string | null;
  language_confidence: number | null;
  sentiment: number | null;
  sentiment_label: 'negative' | 'neutral' | 'positive' | null;
  verdict: Verdict | null;
  versions: Versions | null;
  batch: string | null;
  announced_at: Date | null;
  decision: Decision | null;
  ruling: number | null;
  stored_at: Date;
};

/** What readers see of a row, as Postgres gives it. */
export type ShownRow = Omit<
  Row,
  'epoch' | 'shown' | 'verdict' | 'versions' | 'batch' | 'announced_at' | 'decision' | 'ruling' | 'stored_at'
> & { bounced: boolean | null };

/**
 * What readers' pages are made of: nothing that moderators or the pipeline alone know, but whether its author may
 * say it in other words. Reading this costs half of what a whole row does (test/bench/history.ts).
 */
export const SHOWN_COLUMNS = `
  room, id, revision, user_id, name, client_id, reply_to, status, reason, audience, created_at, edited_at,
  language, language_confidence, sentiment, sentiment_label,
  CASE WHEN status <> 'removed' THEN coalesce(shown, content) END AS content,
  status = 'removed' AND decision IS NULL AND verdict ->> 'action' = 'bounce' AS bounced`;

const BOUNCED: Verdict = { action: 'bounce', rules: [], spans: [], policy: '' };

export function fromShownRow(row: ShownRow): LoggedMessage {
  const message = seen(row, row.content);
  if (row.bounced) message.verdict = BOUNCED;
  return message;
}

export function fromRow(row: Row): StoredMessage {
  const { content } = row;
  const shown = row.status === 'removed' ? null : (row.shown ?? content);
  const stored = { storedAt: row.stored_at.toISOString(), epoch: row.epoch };
  const message: StoredMessage = Object.assign(seen(row, shown), stored);
  if (row.verdict !== null) message.verdict = row.verdict;
  if (row.versions !== null) message.versions = row.versions;
  if (row.decision !== null) message.decision = row.decision;
  if (row.batch !== null) message.batch = row.batch;
  if (row.announced_at !== null) message.announcedAt = row.announced_at.toISOString();
  if (content !== null && content !== shown) message.original = content;
  return message;
}

/** Assigned name by name: pages are made of many, and spreading cost three times as much. */
function seen(row: Omit<ShownRow, 'content' | 'bounced'>, content: string | null): LoggedMessage {
  const { language, sentiment, sentiment_label: label } = row;
  const message: LoggedMessage = {
    id: row.id,
    revision: row.revision,
    room: row.room,
    user: row.user_id,
    timestamp: row.created_at.toISOString(),
    status: row.status,
  };
  if (row.name !== null) message.name = row.name;
  if (content !== null) message.content = content;
  if (row.client_id !== null) message.clientId = row.client_id;
  if (row.reply_to !== null) message.replyTo = row.reply_to;
  if (language !== null) message.language = { code: language, confidence: row.language_confidence ?? 0 };
  if (sentiment !== null && label !== null) message.sentiment = { score: sentiment, label };
  if (row.edited_at !== null) message.editedAt = row.edited_at.toISOString();
  if (row.reason !== null) message.reason = row.reason;
  if (row.audience === 'author') message.audience = 'author';
  return message;
}
