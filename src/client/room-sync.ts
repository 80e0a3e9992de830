/**
 * How a room is joined, followed and found again. Phases:
 * - *idle*: not wanted, or no connection yet.
 * - *joining*: a `join` is under way. Log frames are ignored: its answer covers them.
 * - *live*: each frame's offset is the last one's plus 1; a hole leads back to joining, from what was heard.
 * - *refused*: the service does not let this user in. `begin` may be tried again.
 *
 * The first join takes the newest messages from the log. After a loss the client resumes from its position;
 * where the log cannot tell what happened since (`recovered: false`), the room is *reset*: the newest page of
 * history, then a join from where that page ends. So history and live meet without hole or double.
 */
import { createBackoff } from './backoff.ts';
import type { Calls } from './calls.ts';
import type { Clock } from './clock.ts';
import { standingOf } from './continuity.ts';
import type { Http } from './http.ts';
import { ParleyError } from './parley-error.ts';
import type { Gap, HistoryPage, Joined, LogFrame, Position } from './protocol.ts';
import type { Change, Timeline } from './timeline.ts';

export type RoomPhase = 'idle' | 'joining' | 'live' | 'refused';

type Deps = {
  name: string;
  timeline: Timeline;
  ask: Calls['ask'];
  http: Http;
  clock: Clock;
  timeoutMs: number;
  recent: number;
  /** What listeners are told. None may throw. */
  told: {
    phase(phase: RoomPhase, error?: ParleyError): void;
    changes(changes: Change[]): void;
    joined(answer: Joined): void;
    gap(gap: Gap): void;
    reset(): void;
  };
};

export type RoomSync = ReturnType<typeof createRoomSync>;

/** How often a reset looks for a page that the log can still continue, before it takes the log's newest alone. */
const RESET_TRIES = 3;
const RESET_RECENT = 100;
const PAGE = 50;

export function createRoomSync({ name, timeline, ask, http, clock, timeoutMs, recent, told }: Deps) {
  const backoff = createBackoff({ random: clock.random });
  let phase: RoomPhase = 'idle';
  let position: Position | undefined;
  let filled = false;
  /** Counts attempts and resets: what an older one still brings is dropped. */
  let attempt = 0;
  let cancelRetry = () => {};

  function become(next: RoomPhase, error?: ParleyError) {
    phase = next;
    told.phase(next, error);
  }

  function begin() {
    attempt += 1;
    cancelRetry();
    become('joining');
    void run(attempt);
  }

  function stop() {
    attempt += 1;
    cancelRetry();
    if (phase !== 'idle') become('idle');
  }

  async function run(mine: number): Promise<void> {
    try {
      await synchronise(mine);
      if (mine === attempt) backoff.reset();
    } catch (error) {
      if (mine !== attempt) return;
      if (!(error instanceof ParleyError)) throw error;
      if (!error.retryable) return become('refused', error);
      cancelRetry = clock.setTimer(() => void run(mine), backoff.next(error.retryAfterMs));
    }
  }

  async function synchronise(mine: number) {
    if (position !== undefined) {
      const answer = await join(mine, { since: position });
      if (mine !== attempt || answer.recovered) return;
      position = undefined;
    }
    if (filled) await reload(mine);
    else await join(mine, { recent });
  }

  async function reload(mine: number) {
    for (let tries = 0; tries < RESET_TRIES; tries += 1) {
      const page = await newestPage();
      if (mine !== attempt) return;
      reset(page);
      if (page === undefined || page.epoch === null || page.processedThrough === null) break;
      const answer = await join(mine, { since: { epoch: page.epoch, offset: page.processedThrough } });
      if (mine !== attempt || answer.recovered) return;
    }
    await join(mine, { recent: RESET_RECENT });
  }

  /** The newest page, or undefined where history does not answer: chat goes on without it. */
  async function newestPage(): Promise<HistoryPage | undefined> {
    try {
      return await http.history(name, { limit: PAGE });
    } catch (error) {
      if (error instanceof ParleyError && error.retryable) return undefined;
      throw error;
    }
  }

  function reset(page: HistoryPage | undefined) {
    timeline.clear();
    if (page !== undefined) timeline.addPage(page);
    told.reset();
  }

  function join(mine: number, want: { since: Position } | { recent: number }): Promise<Joined> {
    const since = 'since' in want ? want.since : undefined;
    let first: number | undefined;
    return ask({ type: 'join', room: name, ...want }, timeoutMs, frame => {
      if (frame.type !== 'joined') return undefined;
      if (mine === attempt && (since === undefined || frame.recovered)) {
        first ??= frame.events[0]?.offset;
        told.changes(frame.events.flatMap(event => timeline.apply(event)));
        // At once, and not when the promise is heard: the next frame must find the room live.
        if (!frame.more) live(frame, since, first);
      }
      return frame.more ? undefined : frame;
    });
  }

  function live(answer: Joined, since: Position | undefined, first: number | undefined) {
    position = { epoch: answer.epoch, offset: answer.offset };
    if (since === undefined) timeline.startsAt(first ?? answer.offset + 1, answer.offset);
    else timeline.reachesBack(since.offset);
    filled = true;
    told.joined(answer);
    become('live');
  }

  function follow(frame: LogFrame) {
    if (phase !== 'live' || position === undefined) return;
    const standing = standingOf(position.offset, frame.offset);
    if (standing === 'known') return;
    if (standing === 'hole') {
      lose({ room: name, from: position.offset + 1, to: frame.offset - 1 });
      return;
    }
    position = { epoch: position.epoch, offset: frame.offset };
    told.changes(timeline.apply(frame));
    timeline.trim(position.offset);
  }

  function lose(gap: Gap) {
    if (phase !== 'live') return;
    told.gap(gap);
    begin();
  }

  return {
    phase: () => phase,
    position: () => position,
    begin,
    stop,
    follow,
    /** Frames were lost, or skipped for a slow connection: joins again from what was heard. */
    lose,
    /** The log began anew, or cannot tell what happened: an unasked `joined`. While joining, the answer tells. */
    renewed() {
      if (phase !== 'live') return;
      position = undefined;
      begin();
    },
    /** The service has put this user out of the room. */
    refuse(error: ParleyError) {
      attempt += 1;
      cancelRetry();
      become('refused', error);
    },
    /** Joins again from an earlier place, to hear what a page of history does not reflect yet. */
    resumeFrom(earlier: Position) {
      position = earlier;
      begin();
    },
  };
}
