/** What the front needs of the hub: who is connected here, and how a room's log reaches them. */
import type { Viewer } from './view.ts';

/** One `joined` answer without what only the connection knows (users, members, readThrough, ref). */
export type JoinedPage = {
  room: string;
  epoch: string;
  offset: number;
  recovered: boolean;
  more: boolean;
  /** Encoded server frames, oldest first; together below 192 KiB. */
  events: string[];
};

/** A socket in a room, as the hub sees it. Neither function may throw or wait. */
export type Member = {
  viewer: Viewer;
  /** Encoded frames of one room: entries of its log in order, each offset once, or one that is not of the log. */
  deliver(frames: readonly string[]): void;
  /** The room's log began a new epoch: to be sent as an unasked `joined`. */
  renewed(page: JoinedPage): void;
};

export type JoinRequest = { room: string; since?: { epoch: string; offset: number }; recent: number };

/** Takes a page of an answer. A page that is not the last may be waited for: the log is read no further till then. */
export type OnPage = (page: JoinedPage) => Promise<void> | void | undefined;

export type Hub = {
  /**
   * Joins, or joins anew. Calls `onPage` for each `joined` page, in order; live frames follow the last one from
   * its offset + 1 without hole or double. Throws Unavailable when the log cannot be read; then not joined. Who
   * leaves meanwhile is not joined either, and gets no more pages.
   */
  join(member: Member, request: JoinRequest, onPage: OnPage): Promise<void>;
  leave(member: Member, room: string): void;
  has(member: Member, room: string): boolean;
  close(): Promise<void>;
};

/** Who is present in a room, over all gateways, by leases of 45 s that each gateway renews. */
export type Presence = {
  /** Counts a connection in; answers who is present (first 100 by name) and how many distinct users. */
  enter(room: string, user: string, connection: string): Promise<{ users: string[]; members: number }>;
  leave(room: string, user: string, connection: string): Promise<void>;
  close(): Promise<void>;
};
