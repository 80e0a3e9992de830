/**
 * Edits and deletions on their way. Two states: *queued* (waits for its room to be live, for an earlier change of
 * the same message, for a place in the window, or for a pause to end) and *sent* (waits for its answer).
 *
 * A deletion says the same however often it is said, so it is repeated like a send. An edit has no clientId: after
 * an end that is not known (a lost connection or answer, `unavailable`, `internal`) it is repeated only while the
 * message stands as it stood before, or already has the very text, which the service answers with a duplicate.
 * Otherwise somebody's later edit would be undone, and the edit is rejected with `changed`.
 */
import type { Calls } from './calls.ts';
import type { Clock } from './clock.ts';
import type { RoomMessage } from './merge.ts';
import { ParleyError, timedOut } from './parley-error.ts';
import { createPause } from './pause.ts';
import type { Ack } from './protocol.ts';

export type AmendOptions = {
  /** Until when it keeps trying. Default 30 s. */
  timeoutMs?: number;
};

export type Amendment = { id: number } & ({ verb: 'edit'; content: string } | { verb: 'delete' });

type Entry = {
  change: Amendment;
  state: 'queued' | 'sent';
  /** The revision that the change was first sent for. */
  base: number | undefined;
  /** It may have been done already. */
  uncertain: boolean;
  settle(end: Ack | ParleyError): void;
};

export type Amends = ReturnType<typeof createAmends>;

type Deps = {
  room: string;
  ask: Calls['ask'];
  clock: Clock;
  isLive(): boolean;
  get(id: number): RoomMessage | undefined;
  /** The service does not know the room as joined. */
  rejoin(): void;
  /** Called before the promise resolves. */
  onAcknowledged(change: Amendment, ack: Ack): void;
  answerMs: number;
};

const WINDOW = 4;
/** Changes under way in one room; beyond it a further one is rejected with `overloaded`. */
const MAX_CHANGES = 100;
const DEFAULT_TIMEOUT_MS = 30_000;

export function createAmends(deps: Deps) {
  const { room, ask, clock, isLive, get, answerMs } = deps;
  const entries = new Set<Entry>();
  const pause = createPause({ clock, onEnd: pump });

  function pump() {
    if (pause.isRunning() || !isLive()) return;
    const busy = new Set<number>();
    let sent = [...entries].filter(({ state }) => state === 'sent').length;
    for (const entry of [...entries]) {
      const { id } = entry.change;
      if (entry.state === 'queued' && !busy.has(id) && sent < WINDOW) {
        sent += 1;
        void attempt(entry);
      }
      if (entries.has(entry)) busy.add(id);
    }
  }

  function mayRepeat({ change, base }: Entry): boolean {
    if (change.verb === 'delete') return true;
    const message = get(change.id);
    if (message === undefined || base === undefined) return false;
    return message.revision === base || message.content === change.content;
  }

  async function attempt(entry: Entry) {
    const { change } = entry;
    if (entry.uncertain && !mayRepeat(entry)) return entry.settle(changed());
    entry.base ??= get(change.id)?.revision;
    entry.state = 'sent';
    const { verb: type, ...fields } = change;
    try {
      const frame = { type, room, ...fields };
      const ack = await ask(frame, answerMs, answer => (answer.type === 'ack' ? answer : undefined));
      pause.succeeded();
      entry.settle(ack);
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error;
      again(entry, error);
    }
    pump();
  }

  function again(entry: Entry, error: ParleyError) {
    const { code } = error;
    if (code === 'not_joined') deps.rejoin();
    else if (!error.retryable) return entry.settle(error);
    entry.state = 'queued';
    if (code !== 'not_joined' && code !== 'rate_limited' && code !== 'overloaded') entry.uncertain = true;
    if (code === 'not_joined' || code === 'unreachable' || code === 'timeout') return;
    pause.refused(error.retryAfterMs);
  }

  return {
    pump,
    /** Resolves with the acknowledgement, `duplicate` where nothing changed. Rejects with a ParleyError. */
    amend(change: Amendment, { timeoutMs = DEFAULT_TIMEOUT_MS }: AmendOptions = {}): Promise<Ack> {
      if (entries.size >= MAX_CHANGES) {
        const details = { retryable: true };
        return Promise.reject(new ParleyError('overloaded', 'Too many changes are on their way.', details));
      }
      return new Promise((resolve, reject) => {
        const entry: Entry = {
          change,
          state: 'queued',
          base: undefined,
          uncertain: false,
          settle(end) {
            if (!entries.delete(entry)) return;
            cancel();
            if (end instanceof ParleyError) return reject(end);
            deps.onAcknowledged(change, end);
            resolve(end);
          },
        };
        const cancel = clock.setTimer(() => entry.settle(timedOut('The change')), timeoutMs);
        entries.add(entry);
        pump();
      });
    },
    /** Ends all changes of the room. */
    fail(error: ParleyError) {
      pause.cancel();
      for (const entry of [...entries]) entry.settle(error);
    },
  };
}

const changed = () =>
  new ParleyError(
    'changed',
    'The message was changed meanwhile; whether this edit came first is not known.',
    {
      retryable: false,
    },
  );
