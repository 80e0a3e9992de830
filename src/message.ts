/**
 * The vocabulary of Parley: what a message is on its way from a socket to the store.
 * Pure: no imports, so that workflows, pages and clients can share it.
 */

/** Version of log and intake entries. A reader sets an entry with another version aside as a dead letter. */
export const SCHEMA_VERSION = 1;

/** A room name as protocol.md allows it. */
export const ROOM_PATTERN = /^[a-z0-9][a-z0-9_.-]{0,63}$/;
/** A user id as protocol.md allows it. */
export const USER_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$/;
/** A client's own id for a send, unique per user and room. */
export const CLIENT_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;
/** Longest content, in Unicode code points. */
export const MAX_CONTENT_LENGTH = 4000;

export type Status = 'pending' | 'visible' | 'masked' | 'held' | 'removed';
export type Reason = 'deleted' | 'moderated' | 'held' | 'duplicate' | 'expired' | 'erased';
/** In rising order of strictness; the strictest rule that hits decides. */
export const ACTIONS = ['allow', 'flag', 'mask', 'hold', 'shadow', 'bounce', 'block'] as const;
export type Action = (typeof ACTIONS)[number];

/** ISO 639-1 code, or `und` where there is nothing to tell; confidence 0..1. */
export type Language = { code: string; confidence: number };
/** Score -1..1. */
export type Sentiment = { score: number; label: 'negative' | 'neutral' | 'positive' };
/** Half-open range of UTF-16 indices into the content as its author wrote it. */
export type Span = [start: number, end: number];

/** One rule that hit: what it asks for, where (at most 32 places), and by what score or count. */
export type RuleHit = { rule: string; action: Action; spans: Span[]; score?: number };

/**
 * What a verdict rests on beside the text: counts by the shape of their window (`flood/60`, `repeats/600/near`), the
 * provider's scores (0..1) by category. What could not be had is absent.
 */
export type Fetched = {
  counts?: Readonly<Record<string, number>>;
  scores?: Readonly<Record<string, number>>;
};
export type Degraded = 'windows' | 'provider' | 'windows+provider';

/**
 * What moderation found. Never holds message text. `rules` are the ids of what hit, `spans` what is starred out,
 * `policy` names what judged, with its version. Verdicts stored by older versions lack what is optional here.
 */
export type Verdict = {
  action: Action;
  rules: string[];
  spans: Span[];
  policy: string;
  /** How likely the text is rude, and an advertisement: 0..1. */
  toxicity?: number;
  spam?: number;
  hits?: RuleHit[];
  /** What rules ask for and could not be had; those rules did not hit. */
  degraded?: Degraded;
  /** Kept so that the text can be judged again without asking anew. For the pipeline alone. */
  fetched?: Fetched;
};

/** Which version of what made each result, for example `{ language: 'eld-2.1.0/medium' }`. */
export type Versions = { language: string; moderation: string; sentiment: string };

/** What a moderator decided about one revision, with what it was before. `reason` is for the audit trail alone. */
export type Decision = {
  action: 'release' | 'remove';
  by: string;
  at: string;
  was: Was;
  reason?: string;
};
/** How a message stood before a decision; `shadowed` is what only its author saw as visible. */
export type Was = Status | 'shadowed';

/**
 * One revision of a message as its author wrote it: what the intake, the engines and the steps carry.
 * `id` is the offset at which the message was created, `offset` that of this revision's own log entry.
 */
export type Submission = {
  room: string;
  epoch: string;
  id: number;
  offset: number;
  revision: number;
  user: string;
  name?: string;
  clientId: string;
  content: string;
  replyTo?: number;
  /** Acceptance of the message, ISO 8601 with milliseconds. */
  timestamp: string;
  editedAt?: string;
  /** Given where it was set aside and put back: the number of that redrive, from 1. */
  redrive?: number;
  /** This entry is a moderator's decision about the revision; it stands, whatever the verdict says. */
  decision?: Decision;
};

/** What the pipeline decided for one revision. There is one for each (room, id, revision): the first announced. */
export type Outcome = {
  id: number;
  revision: number;
  status: Exclude<Status, 'pending'>;
  reason?: Reason;
  /** `author`: only the author still sees it (held or shadowed). */
  audience: 'all' | 'author';
  language: Language;
  sentiment: Sentiment;
  verdict: Verdict;
  versions: Versions;
};

/** A message as clients see it (protocol.md, section 3). */
export type Message = {
  id: number;
  revision: number;
  room: string;
  user: string;
  name?: string;
  content?: string;
  timestamp: string;
  clientId?: string;
  replyTo?: number;
  status: Status;
  language?: Language;
  sentiment?: Sentiment;
  editedAt?: string;
  reason?: Reason;
  /** Told to the author of a bounced message alone: it may be said in other words. */
  rephrase?: true;
};

/** A removed message in a history page. */
export type Tombstone = {
  id: number;
  status: 'removed';
  reason: Reason;
  timestamp: string;
  /** Told to the author of a bounced message alone. */
  rephrase?: true;
};

/**
 * The content as readers may see it: every code point inside a span is starred out, white space stays.
 * Spans may touch or overlap; parts outside the content are ignored.
 */
export function maskSpans(content: string, spans: readonly Span[]): string {
  if (spans.length === 0) return content;
  const merged = [...spans].sort((a, b) => a[0] - b[0]);
  let out = '';
  let at = 0;
  for (const [start, end] of merged) {
    const from = Math.max(start, at);
    if (end <= from) continue;
    out += content.slice(at, from) + content.slice(from, end).replace(/\S/gu, '*');
    at = end;
  }
  return out + content.slice(at);
}
