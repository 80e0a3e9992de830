/** One room as its users see it: its messages in order, own ones on their way, and what its members do. */
import { type Amendment, type AmendOptions, createAmends } from './amends.ts';
import type { Calls } from './calls.ts';
import type { Clock } from './clock.ts';
import { createEmitter } from './emitter.ts';
import { type Here, hereAfter } from './here.ts';
import type { Http } from './http.ts';
import { createOlder } from './older.ts';
import type { Outbox, PendingMessage, SendOptions } from './outbox.ts';
import { closedError, ParleyError, timedOut } from './parley-error.ts';
import type { Ack, ServerFrame } from './protocol.ts';
import { createReading } from './reading.ts';
import { createRoomSync } from './room-sync.ts';
import type { Room, RoomEvents } from './room-types.ts';
import { type Change, createTimeline } from './timeline.ts';
import { createTypists } from './typists.ts';

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
  tell(frame: object): boolean;
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

export function createRoom(deps: Deps): RoomPort {
  const { name, ask, http, clock, outbox, timeoutMs, recent, maxMessages } = deps;
  const events = createEmitter<RoomEvents>();
  const timeline = createTimeline(name, maxMessages);
  let wanted = false;
  let left = false;
  let here: Here = { users: [], members: 0 };

  const changed = () => events.emit('change', undefined);
  const isLive = () => deps.isOpen() && sync.phase() === 'live';
  const tellLive = (frame: object) => isLive() && deps.tell(frame);
  const typists = createTypists({
    clock,
    tell: () => tellLive({ type: 'typing', room: name }),
    onChange: changed,
  });
  const reading = createReading({
    clock,
    user: deps.user,
    tell: through => tellLive({ type: 'read', room: name, through }),
  });
  const amends = createAmends({
    room: name,
    ask,
    clock,
    isLive,
    get: timeline.get,
    rejoin: () => sync.begin(),
    onAcknowledged: amended,
    answerMs: timeoutMs,
  });

  function tell(changes: Change[]) {
    for (const change of changes) {
      if (change.kind === 'message') {
        const { user, clientId } = change.message;
        if (user === deps.user() && clientId !== undefined) outbox.arrived(name, clientId);
        if (user !== undefined) typists.stopped(user);
        events.emit('message', change.message);
      } else if (change.kind === 'removed') events.emit('removed', change);
      else events.emit(change.kind, change.messages);
    }
    if (changes.length > 0) changed();
  }

  function showHere(next: Here) {
    here = next;
    events.emit('presence', here);
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
        if (phase === 'live') {
          outbox.pump();
          amends.pump();
          reading.tellAgain();
        } else typists.clear();
        if (phase === 'refused') {
          wanted = false;
          fail(error ?? closedError());
        }
        events.emit('phase', error === undefined ? { phase } : { phase, error });
        changed();
      },
      changes: tell,
      joined({ users, members, readThrough }) {
        showHere({ users, members });
        reading.joined(readThrough);
      },
      gap: gap => events.emit('gap', gap),
      reset() {
        events.emit('reset', undefined);
        changed();
      },
    },
  });
  const loadOlder = createOlder({ name, http, timeline, sync, onChange: changed });

  /** Ends what is on its way. */
  function fail(error: ParleyError) {
    outbox.fail(error, name);
    amends.fail(error);
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
      case 'left':
        return sync.refuse(new ParleyError('forbidden', 'The room is no longer open.', { retryable: false }));
      case 'presence':
        for (const user of frame.left) typists.stopped(user);
        return showHere(hereAfter(here, frame));
      case 'typing':
        typists.heard(frame.user);
        return events.emit('typing', { user: frame.user });
      case 'receipt':
        reading.heard(frame.user, frame.through);
        events.emit('receipt', { user: frame.user, through: frame.through });
        return changed();
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
    typists.sent();
    return await outbox.send(name, content, options);
  }

  async function amend(change: Amendment, options?: AmendOptions) {
    if (left) throw closedError('The room was left.');
    deps.connect();
    return await amends.amend(change, options);
  }

  /** Shows an acknowledged change at once; the log's own frame is on its way. */
  function amended(change: Amendment, { id, offset, revision, timestamp, duplicate }: Ack) {
    const ahead = offset > (sync.position()?.offset ?? Number.MAX_SAFE_INTEGER);
    if (duplicate || !ahead || timeline.get(id) === undefined) return;
    const place = { room: name, offset };
    if (change.verb === 'delete')
      return tell(timeline.apply({ type: 'message.removed', ...place, ids: [id], reason: 'deleted' }));
    const { content } = change;
    const update = { id, revision, status: 'pending', content, editedAt: timestamp } as const;
    tell(timeline.apply({ type: 'message.updated', ...place, messages: [update] }));
  }

  function read(through?: number) {
    const end = sync.position()?.offset ?? 0;
    if (reading.read(Math.min(through ?? end, end))) changed();
  }

  function unread(): number {
    const messages = timeline.messages();
    const read = reading.through();
    let count = 0;
    for (let i = messages.length - 1; i >= 0 && messages[i]!.id > read; i -= 1) {
      const { user, status } = messages[i]!;
      if (user !== undefined && user !== deps.user() && status !== 'removed') count += 1;
    }
    return count;
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
    reading.stop();
    fail(closedError('The room was left.'));
    deps.onLeft();
  }

  return {
    name,
    on: events.on,
    join,
    leave,
    send,
    edit: (id, content, options) => amend({ verb: 'edit', id, content }, options),
    remove: (id, options) => amend({ verb: 'delete', id }, options),
    typing: typists.typing,
    typists: typists.users,
    read,
    readThrough: reading.through,
    unread,
    readers: reading.readers,
    loadOlder: (limit = 50) => loadOlder(limit),
    messages: timeline.messages,
    pending: () => outbox.pending(name),
    hasOlder: timeline.hasOlder,
    phase: sync.phase,
    presence: () => here,
    receive,
    opened: () => void (wanted && sync.begin()),
    lost: sync.stop,
    closed(reason) {
      wanted = false;
      sync.stop();
      reading.stop();
      amends.fail(reason);
      events.emit('phase', { phase: 'idle', error: reason });
    },
    changed,
    acknowledged,
  };
}
