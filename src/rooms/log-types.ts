/**
 * The shapes of the room log, shared by the log itself, the hub that fans it out and the steps that announce
 * into it. See LOG.md beside this file for the keys, the entries and what each script promises.
 */
import type { Refusal } from '../errors.ts';
import type { Decision, Message, Outcome, Reason, Submission, Verdict, Versions } from '../message.ts';

/** c created, u updated (outcomes), r removed, s restored, x expired or erased: gone, whether the log knows them or not. */
export type EntryKind = 'c' | 'u' | 'r' | 's' | 'x';

/** A message as the log knows it now. `audience: 'author'` hides it from everyone else. */
export type LoggedMessage = Message & {
  audience?: 'author';
  /** The text as its author wrote it, where it is masked or removed by moderation: for moderators alone. */
  original?: string;
  /** The moderator's decision that stands for this revision. */
  decision?: Decision;
  verdict?: Verdict;
  versions?: Versions;
  /** The batch whose outcome stands. */
  batch?: string;
  announcedAt?: string;
};

/** One entry as it is read back: thin, for the messages themselves are read as they stand now. */
export type LogEntry = {
  offset: number;
  kind: EntryKind;
  ids: number[];
  /** Given where author and others get different frames. */
  author?: string;
  reason?: Reason;
};

/** A stretch of the log, with the present state of every message that it names. */
export type LogSlice = {
  epoch: string;
  /** The log's end when this was read. */
  end: number;
  /** How far this slice reaches; less than `end` when there is more. */
  reaches: number;
  entries: LogEntry[];
  messages: Map<number, LoggedMessage>;
};

export type RoomHead = { epoch: string; end: number };

/** A log that cannot be told without a hole from where it was asked: where it stands, and where its epoch began. */
export type Lost = { lost: RoomHead & { base: number } };

/** How long a room waits for the pipeline before it shows a message to all, and what it does then. */
export type Gate = { deadlineMs: number; choice: 'open' | 'closed' };

/** Who sees a text at first, until the pipeline's outcome is announced. */
export type Release =
  /** Everyone; `content` is what they see where that is not what its author wrote. */
  | { to: 'all'; content?: string }
  | { to: 'author'; status: 'held' | 'pending'; gate?: Gate }
  /** Nobody: nothing is stored. What the log has already is answered as ever. */
  | { to: 'nobody'; refusal: Refusal };

export type AppendInput = {
  room: string;
  user: string;
  name?: string;
  clientId: string;
  content: string;
  replyTo?: number;
  /** Absent: to all, as it is. */
  release?: Release;
};

export type Ack = {
  room: string;
  id: number;
  offset: number;
  revision: number;
  /** Of a send alone. */
  clientId?: string;
  timestamp: string;
  duplicate: boolean;
};

/** What stands after an announcement, for one submission. */
export type Standing =
  /** This outcome, or an earlier one, stands for the revision; `last` is the newest entry that names it. */
  | { stands: 'outcome'; message: LoggedMessage; last: number }
  /** A newer revision exists, or the log no longer has the message: the store decides. */
  | { stands: 'stale' };

export type Announcement = { submission: Submission; outcome: Outcome };

/** What the gateway's hub receives over pub/sub: one offset, ready to send. */
export type LiveFrame = {
  epoch: string;
  offset: number;
  /** The frame for everyone, or for `author` alone where `others` is given. */
  frame: string;
  author?: string;
  others?: string;
  /** The frame for moderators, where they are told more. */
  moderators?: string;
};

/** How far the store reflects the log: read before the rows that it vouches for. */
export type Watermark = { epoch: string; processedThrough: number; storeVersion: number };
