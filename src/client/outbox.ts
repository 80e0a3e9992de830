/**
 * Messages on their way: kept until acknowledged, over every retry and reconnect with the same clientId, so that
 * the service stores each once. Two states: *queued* (waits for its room to be live, for a place in the window,
 * or for a pause to end) and *sent* (waits for its answer). A lost answer leads back to queued.
 */
import type { Calls } from './calls.ts';
import { type Clock, randomId } from './clock.ts';
import { ParleyError, timedOut } from './parley-error.ts';
import { createPause } from './pause.ts';
import type { Ack } from './protocol.ts';

export type SendOptions = {
  /** The id of the message that this one answers. */
  replyTo?: number;
  /** Given to repeat a send whose end is not known; else a new one is made. */
  clientId?: string;
  /** Until when the send keeps trying. Default 30 s. */
  timeoutMs?: number;
};

/** An own message that is not acknowledged yet. `createdAtMs` is the client's clock. */
export type PendingMessage = { clientId: string; content: string; replyTo?: number; createdAtMs: number };

type Entry = PendingMessage & {
  room: string;
  state: 'queued' | 'sent';
  arrived: boolean;
  settle(end: Ack | ParleyError): void;
};

export type Outbox = ReturnType<typeof createOutbox>;

type Deps = {
  ask: Calls['ask'];
  clock: Clock;
  /** True while the room is joined on an open connection. */
  isLive(room: string): boolean;
  onChange(room: string): void;
  /** Called before the promise resolves and the message leaves `pending`. */
  onAcknowledged(room: string, message: PendingMessage, ack: Ack): void;
  /** The service does not know the room as joined. */
  rejoin(room: string): void;
  maxUnacknowledged: number;
  answerMs: number;
};

/** Sends under way at once: enough to fill a connection, few enough that a refusal for haste is cheap. */
const WINDOW = 16;
const DEFAULT_TIMEOUT_MS = 30_000;

export function createOutbox(deps: Deps) {
  const { ask, clock, isLive, onChange, maxUnacknowledged, answerMs } = deps;
  const entries = new Set<Entry>();
  const pause = createPause({ clock, onEnd: pump });
  let sent = 0;

  function pump() {
    if (pause.isRunning()) return;
    for (const entry of entries) {
      if (sent >= WINDOW) return;
      if (entry.state === 'queued' && isLive(entry.room)) void attempt(entry);
    }
  }

  async function attempt(entry: Entry) {
    entry.state = 'sent';
    sent += 1;
    try {
      const { room, clientId, content, replyTo } = entry;
      const reply = replyTo === undefined ? {} : { replyTo };
      const frame = { type: 'send', room, clientId, content, ...reply };
      const ack = await ask(frame, answerMs, answer => (answer.type === 'ack' ? answer : undefined));
      pause.succeeded();
      entry.settle(ack);
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error;
      if (error.code === 'not_joined') deps.rejoin(entry.room);
      if (error.retryable || error.code === 'not_joined') again(entry, error);
      else entry.settle(error);
    } finally {
      sent -= 1;
      pump();
    }
  }

  function again(entry: Entry, error: ParleyError) {
    entry.state = 'queued';
    // A lost connection or answer says nothing about the service's load: the next attempt needs no pause.
    if (error.code !== 'unreachable' && error.code !== 'timeout') pause.refused(error.retryAfterMs);
  }

  function send(room: string, content: string, options: SendOptions): Promise<Ack> {
    if (entries.size >= maxUnacknowledged) {
      const details = { retryable: true };
      return Promise.reject(new ParleyError('overloaded', 'Too many messages are on their way.', details));
    }
    const { replyTo, clientId = randomId(), timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        room,
        clientId,
        content,
        ...(replyTo === undefined ? {} : { replyTo }),
        createdAtMs: clock.now(),
        state: 'queued',
        arrived: false,
        settle(end) {
          if (!entries.delete(entry)) return;
          cancel();
          if (end instanceof ParleyError) reject(end);
          else {
            deps.onAcknowledged(room, entry, end);
            resolve(end);
          }
          onChange(room);
        },
      };
      const cancel = clock.setTimer(() => entry.settle(timedOut('The message')), timeoutMs);
      entries.add(entry);
      onChange(room);
      pump();
    });
  }

  return {
    send,
    pump,
    /** The room's log has shown the message: it is no longer to be listed as pending. */
    arrived(room: string, clientId: string) {
      for (const entry of entries)
        if (entry.room === room && entry.clientId === clientId) entry.arrived = true;
    },
    /** Own messages of a room that neither log nor acknowledgement has shown yet, oldest first. */
    pending(room: string): PendingMessage[] {
      return [...entries].filter(entry => entry.room === room && !entry.arrived);
    },
    /** Ends the sends of one room, or all of them. */
    fail(error: ParleyError, room?: string) {
      for (const entry of [...entries]) if (room === undefined || entry.room === room) entry.settle(error);
    },
    close: pause.cancel,
  };
}
