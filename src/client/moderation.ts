/** What moderators do in a room, and admins everywhere. Each is a call over HTTP, which needs no connection. */
import type { Policy } from '../moderation/policy/types.ts';
import { type Call, query } from './http.ts';
import type {
  CurrentPolicy,
  ModerationEntry,
  PolicyVersion,
  QueuedMessage,
  Run,
  RunReport,
  RunRequest,
  Sanction,
} from './moderation-types.ts';
import type { Ack } from './protocol.ts';

/** Why, for the log of moderation: 500 characters at most. */
type Reasoned = { reason?: string };

/** Mutes and bans of one room, or everywhere. Without `seconds` they stand for good; again, they are replaced. */
export type Sanctions = {
  /** Who is muted reads, and may not write. */
  mute(user: string, options?: Reasoned & { seconds?: number }): Promise<Sanction>;
  /** Resolves also where no mute stands. */
  unmute(user: string): Promise<void>;
  /** Who is banned may not enter; everywhere, not sign in. */
  ban(user: string, options?: Reasoned & { seconds?: number }): Promise<Sanction>;
  unban(user: string): Promise<void>;
  /** Those that stand, by user; `after` is the last user of the page before. `limit` 1-100, else 50. */
  mutes(page?: { after?: string; limit?: number }): Promise<{ mutes: Sanction[]; hasMore: boolean }>;
  bans(page?: { after?: string; limit?: number }): Promise<{ bans: Sanction[]; hasMore: boolean }>;
};

/** A room's own policy, or the default that all rooms inherit. */
export type Policies = {
  read(): Promise<CurrentPolicy>;
  /**
   * Stores the version after `version`, which counts everywhere within two seconds. Rejects with `id_conflict` where
   * that is not the last one any more, and with `invalid_field`, whose `path` names what is wrong in `policy`.
   */
  save(given: Reasoned & { policy: Policy; version: number }): Promise<PolicyVersion>;
  /** Newest first, 20 at most, those below `before`. */
  versions(page?: { before?: number }): Promise<{ versions: PolicyVersion[] }>;
};

/** For moderators of the room. */
export type RoomModeration = Sanctions & {
  policy: Policies;
  /** Shows a message whole to all, in its place; `duplicate` where it was shown so already. */
  release(id: number, options?: Reasoned): Promise<Ack>;
  /** Takes a message away from all, by moderation; a deletion is `Room.remove`. */
  remove(id: number, options?: Reasoned): Promise<Ack>;
  /** What a rule hit and nobody decided on, oldest first; `after` is the last id of the page before. */
  queue(page?: { after?: number; limit?: number }): Promise<{ messages: QueuedMessage[]; hasMore: boolean }>;
  /** What was done, newest first; `before` is the last id of the page before. */
  log(page?: { before?: number; limit?: number }): Promise<{ entries: ModerationEntry[]; hasMore: boolean }>;
};

/** Runs over history, for admins whose token covers every room (PROTOCOL.md). */
export type Runs = {
  /** Begins a run; a dry run, which changes nothing, unless it says otherwise. */
  begin(request: RunRequest): Promise<Run>;
  read(run: string): Promise<Run>;
  /** Newest first; `before` is the `createdAt` of the last one of the page before. */
  list(page?: { before?: string; limit?: number }): Promise<{ runs: Run[]; hasMore: boolean }>;
  report(run: string): Promise<RunReport>;
  pause(run: string): Promise<Run>;
  /** Goes on; a parked run needs leave for more removals. */
  resume(run: string, options?: { maxRemovals?: number }): Promise<Run>;
  rate(run: string, messagesPerSecond: number): Promise<Run>;
  /** Ends it behind the page under way; what was applied stays. */
  cancel(run: string): Promise<Run>;
  /** Begins a run that takes back what this one changed, where it still stands so. */
  undo(run: string): Promise<Run>;
};

export type Moderation = {
  room(name: string): RoomModeration;
  /** Mutes and bans everywhere, for admins. */
  everywhere: Sanctions;
  /** The policy that all rooms inherit: read by moderators, set by admins. */
  defaultPolicy: Policies;
  runs: Runs;
};

/** Every call rejects with a ParleyError; `path` names the field at fault. */
export function createModeration(call: Call): Moderation {
  return {
    room(name) {
      const room = `/v1/rooms/${encodeURIComponent(name)}`;
      return {
        ...sanctionsAt(call, room),
        policy: policiesAt(call, `${room}/policy`),
        release: (id, options = {}) => call('POST', `${room}/messages/${id}/release`, options),
        remove: (id, options = {}) => call('POST', `${room}/messages/${id}/remove`, options),
        queue: (page = {}) => call('GET', `${room}/moderation/queue${query(page)}`),
        log: (page = {}) => call('GET', `${room}/moderation/log${query(page)}`),
      };
    },
    everywhere: sanctionsAt(call, '/v1'),
    defaultPolicy: policiesAt(call, '/v1/policies/default'),
    runs: runsOver(call),
  };
}

function sanctionsAt(call: Call, base: string): Sanctions {
  const of = (kind: 'mutes' | 'bans', user: string) => `${base}/${kind}/${encodeURIComponent(user)}`;
  return {
    mute: (user, options = {}) => call('PUT', of('mutes', user), options),
    unmute: user => call('DELETE', of('mutes', user)),
    ban: (user, options = {}) => call('PUT', of('bans', user), options),
    unban: user => call('DELETE', of('bans', user)),
    mutes: (page = {}) => call('GET', `${base}/mutes${query(page)}`),
    bans: (page = {}) => call('GET', `${base}/bans${query(page)}`),
  };
}

function policiesAt(call: Call, path: string): Policies {
  return {
    read: () => call('GET', path),
    save: given => call('PUT', path, given),
    versions: (page = {}) => call('GET', `${path}/versions${query(page)}`),
  };
}

function runsOver(call: Call): Runs {
  const of = (run: string, what = '') => `/v1/reprocess/${encodeURIComponent(run)}${what}`;
  return {
    begin: request => call('POST', '/v1/reprocess', request),
    read: run => call('GET', of(run)),
    list: (page = {}) => call('GET', `/v1/reprocess${query(page)}`),
    report: run => call('GET', of(run, '/report')),
    pause: run => call('POST', of(run, '/pause')),
    resume: (run, options = {}) => call('POST', of(run, '/resume'), options),
    rate: (run, rate) => call('POST', of(run, '/rate'), { rate }),
    cancel: run => call('POST', of(run, '/cancel')),
    undo: run => call('POST', of(run, '/undo')),
  };
}
