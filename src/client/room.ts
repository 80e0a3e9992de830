/** One room as its users see it: its messages in order, own ones on their way, and who is here. */
import type { Calls } from './calls.ts';
import type { Clock } from './clock.ts';
import { createEmitter, type Emitter } from './emitter.ts';
import type { Http } from './http.ts';
import type { RoomMessage } from './merge.ts';
import { createOlder } from './older.ts';
import type { Outbox, PendingMessage, SendOptions } from './outbox.ts';
import { closedError, type ParleyError, timedOut } from './parley-error.ts';
import type { Ack, Gap, Presence, ServerFrame } from './protocol.ts';
import { createRoomSync, type RoomPhase } from './room-sync.ts';
import { type Change, createTimeline } from './timeline.ts';

export type RoomEvents = {
  /** Anything below, or a pending message: time to draw `messages()` and `pending()` again. */
  change: undefined;
  /** A message that was not there before, old or new: its id gives the place. */
  message: RoomMessage;
  updated: RoomMessage[];
  removed: { ids: number[]; reason: string | undefined };
  restored: RoomMessage[];
  /** Entries were lost or skipped; they are being fetched. */
  gap: Gap;
  /** What was kept is replaced by the newest page of history. */
  reset: undefined;
  presence: { users: string[]; members: number };
  /** `error` is given where the service refused the room. */
  phase: { phase: RoomPhase; error?: ParleyError };
};

export type Room = {
  readonly name: string;
  on: Emitter<RoomEvents>['on'];
  /**
   * Joins, and stays joined over reconnects until `leave`. Resolves once the room is live; rejects where it is
   * refused, or after `timeoutMs`, in which case the client goes on trying.
   */
  join(): Promise<void>;
  /**
   * Leaves for good: own messages that are not acknowledged are rejected with `closed`, and so is every later
   * call. `client.room(name)` then makes a new one.
   */
  leave(): void;
  /** Resolves with the acknowledgement: the message is stored durably. Rejects with a ParleyError. */
  send(content: string, options?: SendOptions): Promise<Ack>;
  /** Loads older messages (100 at most); resolves with whether there are more. */
  loadOlder(limit?: number): Promise<boolean>;
  /** All that is loaded, oldest first; removed ones without content. The same array until something changes. */
  messages(): readonly RoomMessage[];
  /** Own messages that are not acknowledged yet, oldest first. */
  pending(): PendingMessage[];
  hasOlder(): boolean;
  phase(): RoomPhase;
  /** Users present: the first 100 by name, and how many there are. */
  presence(): RoomEvents['presence'];
};

/** What the client hands a room: its frames, and the connection's comings and goings. */
export type RoomPort = Room & {
  receive(frame: ServerFrame): void;
  opened(): void;
  lost(): void;
  /** The client is closed for good. */
  closed(reason: ParleyError): void;
  /** The outbox changed. */
  changed(): void;
  acknowledged(message: PendingMessage, ack: Ack): void;
};

type Deps = {
  name: string;
  ask: Calls['ask'];
  connect(): void;
  isOpen(): boolean;
  user(): string | undefined;
  http: Http;
  clock: Clock;
  outbox: Outbox;
  timeoutMs: number;
  recent: number;
  maxMessages: number;
  onLeft(): void;
};

const MAX_USERS = 100;

export function createRoom(deps: Deps): RoomPort {
  const { name, ask, http, clock, outbox, timeoutMs, recent, maxMessages } = deps;
  const events = createEmitter<RoomEvents>();
  const timeline = createTimeline(name, maxMessages);
  let wanted = false;
  let left = false;
  let presence: RoomEvents['presence'] = { users: [], members: 0 };

  const changed = () => events.emit('change', undefined);

  function tell(changes: Change[]) {
    for (const change of changes) {
      if (change.kind === 'message') {
        const { user, clientId } = change.message;
        if (user === deps.user() && clientId !== undefined) outbox.arrived(name, clientId);
        events.emit('message', change.message);
      } else if (change.kind === 'removed') events.emit('removed', change);
      else events.emit(change.kind, change.messages);
    }
    if (changes.length > 0) changed();
  }

  function showPresence(next: RoomEvents['presence']) {
    presence = next;
    events.emit('presence', presence);
  }

  const sync = createRoomSync({
    name,
    timeline,
    ask,
    http,
    clock,
    timeoutMs,
    recent,
    told: {
      phase(phase, error) {
        if (phase === 'live') outbox.pump();
        if (phase === 'refused') {
          wanted = false;
          outbox.fail(error ?? closedError(), name);
        }
        events.emit('phase', error === undefined ? { phase } : { phase, error });
        changed();
      },
      changes: tell,
      joined: ({ users, members }) => showPresence({ users, members }),
      gap: gap => events.emit('gap', gap),
      reset() {
        events.emit('reset', undefined);
        changed();
      },
    },
  });
  const loadOlder = createOlder({ name, http, timeline, sync, onChange: changed });

  function onPresence({ joined, left, members }: Presence) {
    const here = new Set([...presence.users, ...joined]);
    for (const user of left) here.delete(user);
    showPresence({ users: [...here].sort().slice(0, MAX_USERS), members });
  }

  function receive(frame: ServerFrame) {
    switch (frame.type) {
      case 'message.created':
      case 'message.updated':
      case 'message.removed':
      case 'message.restored':
      case 'message.hidden':
        return sync.follow(frame);
      case 'joined':
        return sync.renewed();
      case 'gap':
        return sync.lose(frame);
      case 'presence':
        return onPresence(frame);
    }
  }

  /** Resolves at the next `live`. */
  function untilLive(): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        cancel();
        off();
        settle();
      };
      const cancel = clock.setTimer(() => end(() => reject(timedOut('The join'))), timeoutMs);
      const off = events.on('phase', ({ phase, error }) => {
        if (phase === 'live') end(resolve);
        else if (phase === 'refused' || !wanted)
          end(() => reject(error ?? closedError('The room was left.')));
      });
    });
  }

  async function join() {
    if (left) throw closedError('The room was left.');
    deps.connect();
    if (sync.phase() === 'live') return;
    wanted = true;
    const live = untilLive();
    if (sync.phase() !== 'joining' && deps.isOpen()) sync.begin();
    await live;
  }

  async function send(content: string, options: SendOptions = {}) {
    if (left) throw closedError('The room was left.');
    deps.connect();
    return await outbox.send(name, content, options);
  }

  /** Shows an acknowledged message at once; the log's own frame is on its way. */
  function acknowledged({ clientId, content, replyTo }: PendingMessage, ack: Ack) {
    const { id, revision, timestamp, duplicate } = ack;
    const user = deps.user();
    const ahead = id > (sync.position()?.offset ?? Number.MAX_SAFE_INTEGER);
    if (duplicate || !ahead || user === undefined || timeline.get(id) !== undefined) return;
    const reply = replyTo === undefined ? {} : { replyTo };
    const status = 'pending';
    const message = {
      id,
      revision,
      room: name,
      user,
      content,
      timestamp,
      clientId,
      ...reply,
      status,
    } as const;
    timeline.add(message);
    tell([{ kind: 'message', message }]);
  }

  function leave() {
    if (left) return;
    wanted = false;
    left = true;
    if (deps.isOpen()) ask({ type: 'leave', room: name }, timeoutMs, () => true).catch(() => undefined);
    sync.stop();
    outbox.fail(closedError('The room was left.'), name);
    deps.onLeft();
  }

  return {
    name,
    on: events.on,
    join,
    leave,
    send,
    loadOlder: (limit = 50) => loadOlder(limit),
    messages: timeline.messages,
    pending: () => outbox.pending(name),
    hasOlder: timeline.hasOlder,
    phase: sync.phase,
    presence: () => presence,
    receive,
    opened: () => void (wanted && sync.begin()),
    lost: sync.stop,
    closed(reason) {
      wanted = false;
      sync.stop();
      events.emit('phase', { phase: 'idle', error: reason });
    },
    changed,
    acknowledged,
  };
}
