/** What moderators and admins are answered. */
import type { Decision, Message, Was } from '../message.ts';
import type { Policy } from '../moderation/policy/types.ts';
import type { ModeratorFields } from './protocol.ts';

/** A message that a rule hit and nobody decided on, as moderators get it. */
export type QueuedMessage = Message & ModeratorFields;

/** A mute or ban that stands; without `until` for good. */
export type Sanction = { user: string; by: string; reason?: string; until?: string; createdAt: string };

/** What a moderator did: decisions on messages have `messageId`, `revision` and `was`, mutes and bans `until`. */
export type ModerationEntry = {
  id: number;
  action: Decision['action'] | 'mute' | 'unmute' | 'ban' | 'unban';
  by: string;
  /** The author of the message, or who is muted or banned. */
  user: string;
  messageId?: number;
  revision?: number;
  was?: Was;
  reason?: string;
  until?: string;
  at: string;
};

/** A stored version of a policy; 0 stands for none, which has no author. */
export type PolicyVersion = {
  version: number;
  policy: Policy;
  author?: string;
  reason?: string;
  createdAt?: string;
};

/** The policy that counts: of a room, `effective` is what it comes to with the default's version `inherits`. */
export type CurrentPolicy = PolicyVersion & { scope: string; effective?: Policy; inherits?: number };

export type RunState = 'running' | 'paused' | 'parked' | 'done' | 'cancelled';
/** What became of messages that a run looked at (PROTOCOL.md, "Runs over history"). */
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

/** What a run goes over; without rooms it is all of them. `to` is exclusive; ids are of the one room named. */
type RunRange = { rooms?: readonly string[]; from?: string; to?: string; fromId?: number; toId?: number };

/** What may be asked: a dry run of everything, unless it says otherwise. */
export type RunRequest = RunRange & {
  redo?: 'moderation' | 'enrichment' | 'both';
  dryRun?: boolean;
  /** This version judges in place of the scope's own; the scope is `default` or a room. */
  policy?: { scope: string; version: number };
  /** A policy to try as the default, in dry runs. */
  draft?: Policy;
  /** Passes by what the policy that counts has judged already. */
  outdated?: boolean;
  /** Messages a second at most. */
  rate?: number;
  /** Before the page that would take more away from readers the run is parked. */
  maxRemovals?: number;
  reason?: string;
};

/** A run over history: what was asked, and how far it is. It has ended once it has `endedAt`. */
export type Run = RunRange & {
  run: string;
  state: RunState;
  redo: 'moderation' | 'enrichment' | 'both';
  dryRun: boolean;
  outdated?: boolean;
  policy?: { scope: string; version: number };
  /** It tried a draft, which no policy says. */
  drafted?: true;
  reason?: string;
  rate: number;
  maxRemovals?: number;
  counts: RunCounts;
  /** Messages in the range, as far as that could be told soon. */
  total?: number;
  secondsLeft?: number;
  /** Why it stands still. */
  note?: string;
  /** The run that this one takes back, and the one that takes back this one. */
  undoes?: string;
  undoneBy?: string;
  author: string;
  createdAt: string;
  endedAt?: string;
};

/**
 * `removed`, `hidden` (its author alone sees it), `masked` and `restored` are what readers notice; `remasked` stars
 * other parts; `verdict` is news for moderators alone, `enriched` another language or mood.
 */
export type RunChangeKind =
  | 'removed'
  | 'hidden'
  | 'masked'
  | 'restored'
  | 'remasked'
  | 'verdict'
  | 'enriched';

/** A verdict's part in a sample; null where there was none. */
type Judged = { action: string | null; rules: string[] | null };

/** What a run found or did. `text` is what was written, cut; absent where it is gone. */
export type RunReport = {
  run: Run;
  /** By kind and by what became of the change: `found` in dry runs. */
  kinds: { kind: RunChangeKind; state: string; count: number }[];
  rooms: { room: string; kind: RunChangeKind; count: number }[];
  /** Messages that a rule hits now and did not before, and the other way round. */
  rules: { rule: string; hits: number; misses: number }[];
  samples: {
    room: string;
    id: number;
    kind: RunChangeKind;
    state: string;
    before: Judged;
    after: Judged;
    text?: string;
  }[];
};
