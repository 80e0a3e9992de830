/**
 * Edits and deletions. A change is based on the message as it stands and takes effect only if that still holds;
 * otherwise it is looked at again. Messages that the log no longer has are changed as the store has them.
 */
import { isRefusal, type Refusal, refuse, Unavailable } from '../errors.ts';
import type { Ack, LoggedMessage } from './log-types.ts';
import { reachable } from './redis.ts';
import { updateOf } from './replay.ts';
import { type LogOptions, parseState, type RoomLog } from './room-log.ts';
import { publicMessage } from './view.ts';

export type Change = { room: string; id: number; user: string };
/** The message as the store has it; undefined where it has none. Throws what the store throws. */
export type Lookup = (room: string, id: number) => Promise<LoggedMessage | undefined>;

type Deps = {
  log: RoomLog;
  options: LogOptions;
  state(room: string, id: number): Promise<string | null>;
  stored: Lookup;
};
type Entry = { kind: 'u' | 'r' | 's'; message: LoggedMessage; decided: number };
/** What to do with a message as it stands: an entry, nothing (it is so already), or a refusal. */
type Decide = (message: LoggedMessage) => Entry | 'unchanged' | Refusal;

const MAX_TRIES = 5;
const RETRY_AFTER_MS = 1_000;
/** Removed for these reasons a message stays removed, whatever its author does. */
const FINAL = new Set(['deleted', 'duplicate', 'expired', 'erased']);

export type Amend = ReturnType<typeof createAmend>;

export function createAmend({ log, options, state, stored }: Deps) {
  async function amend(change: Change, decide: Decide): Promise<Ack | Refusal> {
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      const base = await reachable(() => state(change.room, change.id));
      const message = base === null ? await stored(change.room, change.id) : parseState(base);
      if (message === undefined) return refuse('not_found');
      const decided = decide(message);
      if (decided === 'unchanged') return ackOf(message, Number(base?.split(';', 3)[2] ?? message.id), true);
      if (isRefusal(decided)) return decided;
      const [answer, offset] = await apply(change, base ?? '', decided);
      if (answer === 'ok') return ackOf(decided.message, Number(offset), false);
      if (answer === 'overloaded') return refuse('overloaded', { retryAfterMs: RETRY_AFTER_MS });
    }
    throw new Unavailable('the message kept changing');
  }

  async function apply(
    { room, id }: Change,
    base: string,
    { kind, message, decided }: Entry,
  ): Promise<string[]> {
    const keys = log.keysOf(room);
    const names = [keys.partition, keys.meta, keys.log, keys.state, keys.open, keys.intake, keys.rooms];
    const frame = frameParts(room, kind, message);
    const alone = message.audience === 'author' ? message.user : '';
    const hidden = [`{"type":"message.hidden","room":"${room}","offset":`, `,"id":${id}}`];
    const args = [
      ...[
        room,
        keys.channel,
        id,
        base,
        `${message.revision};${decided};`,
        JSON.stringify(message),
        kind,
        alone,
      ],
      ...frame,
      ...(alone === '' ? ['', ''] : hidden),
      ...[options.maxUnstored, options.retentionEntries, options.retentionMs],
    ];
    const reply = await reachable(() => log.run(room, 'amend', names, () => args));
    const [answer, offset] = reply.map(String);
    return [answer!, offset ?? ''];
  }

  return {
    /** A new revision, by the author alone. The same text again changes nothing. Throws Unavailable. */
    edit: (change: Change & { content: string }): Promise<Ack | Refusal> =>
      amend(change, message => {
        if (message.user !== change.user) return refuse('forbidden');
        const removed = message.status === 'removed';
        if (removed && FINAL.has(message.reason ?? '')) return refuse('not_found');
        if (message.content === change.content && message.status !== 'masked') return 'unchanged';
        return { kind: removed ? 's' : 'u', message: revised(message, change.content), decided: 0 };
      }),

    /** Removes a message for everyone, by its author or a moderator. Again, it changes nothing. Throws Unavailable. */
    remove: (change: Change & { moderator: boolean }): Promise<Ack | Refusal> =>
      amend(change, message => {
        if (message.user !== change.user && !change.moderator) return refuse('forbidden');
        if (message.status === 'removed' && FINAL.has(message.reason ?? '')) return 'unchanged';
        return { kind: 'r', message: deleted(message), decided: message.revision };
      }),
  };
}

/** What of a message outlives a change of its text: neither verdict nor enrichment. */
function lasting({ id, room, user, name, timestamp, clientId, replyTo }: LoggedMessage) {
  return { id, room, user, name, timestamp, clientId, replyTo };
}

function revised(message: LoggedMessage, content: string): LoggedMessage {
  return {
    ...strip(lasting(message)),
    revision: message.revision + 1,
    content,
    editedAt: new Date().toISOString(),
    status: 'pending',
    ...(message.audience === undefined || message.status === 'removed' ? {} : { audience: message.audience }),
  };
}

function deleted(message: LoggedMessage): LoggedMessage {
  const { revision, editedAt } = message;
  return {
    ...strip(lasting(message)),
    revision,
    ...(editedAt === undefined ? {} : { editedAt }),
    status: 'removed',
    reason: 'deleted',
  };
}

function strip<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return JSON.parse(JSON.stringify(value)) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** The frame before and after its offset. */
function frameParts(room: string, kind: Entry['kind'], message: LoggedMessage): [string, string] {
  const before = (type: string) => `{"type":"${type}","room":"${room}","offset":`;
  if (kind === 'r') return [before('message.removed'), `,"ids":[${message.id}],"reason":"deleted"}`];
  if (kind === 's')
    return [before('message.restored'), `,"messages":[${JSON.stringify(publicMessage(message))}]}`];
  return [before('message.updated'), `,"messages":[${JSON.stringify(updateOf(message))}]}`];
}

function ackOf(
  { room, id, revision, timestamp, editedAt }: LoggedMessage,
  offset: number,
  duplicate: boolean,
): Ack {
  return { room, id, offset, revision, timestamp: editedAt ?? timestamp, duplicate };
}
