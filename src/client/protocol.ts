/** The frames of the protocol as the client reads them. Fields and types that it does not know are ignored. */
import type { Decision, Message, Reason, Verdict } from '../message.ts';

/** A place in a room's log; opaque to users of the client. */
export type Position = { epoch: string; offset: number };

export type Limits = {
  frameBytes: number;
  contentLength: number;
  rooms: number;
  sendPerSecond: number;
  sendBurst: number;
};

export type Welcome = {
  type: 'welcome';
  protocol: number;
  user: string;
  connection: string;
  heartbeatMs: number;
  limits: Limits;
};

/** What a server frame says about an error, and the body of a refused HTTP call. */
export type ErrorBody = {
  code: string;
  message: string;
  retryable: boolean;
  retryAfterMs?: number;
  path?: string;
};

/** What moderators get beside a message, wherever moderation has something to say of it. */
export type ModeratorFields = {
  /** Nobody but its author, and moderators, sees it. */
  audience?: 'author';
  /** The text as it was written, where others see it masked or not at all. */
  original?: string;
  verdict?: Verdict;
  decision?: Decision;
};

/** The part of a message that an outcome or an edit changes; `content` only where it differs. */
export type Update = Pick<Message, 'id' | 'revision' | 'status'> &
  Partial<Pick<Message, 'content' | 'language' | 'sentiment' | 'editedAt'>> &
  ModeratorFields;

type InRoom = { room: string; offset: number };

/** The entries of a room's log: each has an offset, and every member gets one frame for each offset. */
export type LogFrame =
  | (InRoom & { type: 'message.created'; message: Message & ModeratorFields })
  | (InRoom & { type: 'message.updated'; messages: Update[] })
  | (InRoom & { type: 'message.removed'; ids: number[]; reason: Reason; messages?: Update[] })
  | (InRoom & { type: 'message.restored'; messages: (Message & ModeratorFields)[] })
  | (InRoom & { type: 'message.hidden'; id?: number });

export type Joined = InRoom & {
  type: 'joined';
  epoch: string;
  recovered: boolean;
  more: boolean;
  events: LogFrame[];
  users: string[];
  members: number;
  readThrough: number;
};

/** The receipt for a send: the message is in the log and in the pipeline's intake. */
export type Ack = {
  room: string;
  id: number;
  offset: number;
  revision: number;
  clientId?: string;
  timestamp: string;
  duplicate: boolean;
};

export type Presence = { room: string; joined: string[]; left: string[]; members: number };
export type Gap = { room: string; from: number; to: number };

/** Every server frame that the client knows. */
export type ServerFrame = { ref?: string | number } & (
  | Welcome
  | Joined
  | LogFrame
  | (Ack & { type: 'ack' })
  | (ErrorBody & { type: 'error' })
  | (Presence & { type: 'presence' })
  | (Gap & { type: 'gap' })
  | { type: 'left'; room: string }
  | { type: 'typing'; room: string; user: string }
  | { type: 'receipt'; room: string; user: string; through: number }
  | { type: 'refreshed'; expiresAt: string }
  | { type: 'token.expiring'; expiresAt: string }
  | { type: 'draining'; reconnectAfterMs: number }
  | { type: 'pong' }
);

/** A page of a room's history, oldest first. */
export type HistoryPage = {
  room: string;
  epoch: string | null;
  messages: StoredMessage[];
  hasOlder: boolean;
  hasNewer: boolean;
  processedThrough: number | null;
};

/** A message, or the tombstone of a removed one, which has neither author nor text. */
export type StoredMessage =
  | (Message & ModeratorFields)
  | { id: number; status: 'removed'; reason: Reason; timestamp: string };

/** What a day of a room came to; days and hours are of UTC. `removals` and `moderation` are for moderators. */
export type Digest = {
  day: string;
  /** The day is over: the counts stay as they are. */
  final: boolean;
  messages: number;
  authors: number;
  hours: number[];
  busiestHour: number;
  languages: Record<string, number>;
  mood: { mean: number | null; negative: number; neutral: number; positive: number };
  removals?: Record<'deleted' | 'moderated' | 'held', number>;
  moderation?: Record<'flagged' | 'masked' | 'held' | 'shadowed', number>;
};

/** One room as the list of rooms shows it. */
export type RoomSummary = { room: string; lastMessageAt: string | null; lastId: number | null };

/** Reads a text frame; `undefined` for what is not a JSON object with a type. */
export function parseFrame(text: string): ServerFrame | undefined {
  try {
    const frame: unknown = JSON.parse(text);
    if (typeof frame !== 'object' || frame === null || !('type' in frame)) return undefined;
    return typeof frame.type === 'string' ? (frame as ServerFrame) : undefined;
  } catch {
    return undefined;
  }
}
