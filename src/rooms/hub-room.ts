import type { JoinRequest, Member } from './hub-types.ts';
import type { LiveFrame } from './log-types.ts';
import type { createPresenceDigest } from './presence-digest.ts';
import type { Gathering } from './windows.ts';

type PresenceDigest = ReturnType<typeof createPresenceDigest>;

/** A room as the hub of one process knows it; see hub.ts for its phases. */
export type Room = {
  name: string;
  epoch: string;
  position: number;
  members: Map<Member, { from: number }>;
  /** Joins under way: the room stays subscribed for them, and a leave or a newer join ends an older one. */
  joiners: Map<Member, JoinRequest>;
  opened: Promise<void>;
  filling: boolean;
  waiting: LiveFrame[];
  presence: PresenceDigest;
  /** In order, on their way to the members: handed on to those whose `from` lies before them. */
  live: Gathering<LiveFrame>;
  /** The newest frames, for a join whose answer was overtaken by them. */
  ring: LiveFrame[];
};
