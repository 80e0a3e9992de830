/**
 * Edits, deletions and what moderators decide. A change is based on the message as it stands and takes effect only if that still holds;
 * otherwise it is looked at again. Messages that the log no longer has are changed as the store has them.
 */
import { isRefusal, type Refusal, refuse, Unavailable } from '../errors.ts';
import type { Reason } from '../message.ts';
import { decided, type Ruling } from './decisions.ts';
import type { Ack, Gate, LoggedMessage, Release } from './log-types.ts';
import { reachable } from './redis.ts';
import { notedUpdateOf, updateOf } from './replay.ts';
import { contentAs, type LogOptions, parseState, type RoomLog, statusAs } from './room-log.ts';
import { isFinal, messageFor, moderatorFields, publicMessage } from './view.ts';

export type Change = { room: string; id: number; user: string };
/** `release` absent: shown to all, as it is written. */
export type Edit = Change & { content: string; release?: Release };
/** The message as the store has it; undefined where it has none. Throws what the store throws. */
export type Lookup = (room: string, id: number) => Promise<LoggedMessage | undefined>;

type Deps = {
  log: RoomLog;
  options: LogOptions;
  state(room: string, id: number): Promise<string | null>;
  stored: Lookup;
};
export type Entry = {
  kind: 'u' | 'r' | 's';
  /** As it stands from here on. */
  message: LoggedMessage;
  decided: number;
  /** What is told to those who may not see it any more; else it is no news to them. */
  reason?: Reason;
  /** The text for the pipeline, where that is another one. */
  written?: string;
  gate?: Gate | undefined;
};
/** What to do with a message as it stands: an entry, nothing (it is so already), or a refusal. */
type Decide = (message: LoggedMessage) => Entry | 'unchanged' | Refusal;

const MODERATOR = { user: '', moderator: true };
const MAX_TRIES = 5;
const RETRY_AFTER_MS = 1_000;
export type Amend = ReturnType<typeof createAmend>;

export function createAmend({ log, options, state, stored }: Deps) {
  /** The message of a state with its original, which states of older versions left to the store. */
  async function whole(message: LoggedMessage): Promise<LoggedMessage> {
    const lacks = message.status === 'masked' || (message.status === 'removed' && !isFinal(message));
    if (!lacks || message.original !== undefined) return message;
    const original = (await stored(message.room, message.id))?.original;
    if (original === undefined) throw new Unavailable('the original is not stored yet');
    return { ...message, original };
  }

  async function amend(
    change: Change,
    decide: Decide,
    complete: (message: LoggedMessage) => Promise<LoggedMessage> = async message => message,
  ): Promise<Ack | Refusal> {
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      const base = await reachable(() => state(change.room, change.id));
      const message = base === null ? await stored(change.room, change.id) : await complete(parseState(base));
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
    { kind, message, decided, reason, written, gate }: Entry,
  ): Promise<string[]> {
    const keys = log.keysOf(room);
    const names = [
      keys.partition,
      keys.meta,
      keys.log,
      keys.state,
      keys.open,
      keys.intake,
      keys.rooms,
      keys.gates,
    ];
    const frame = frameParts(room, kind, message);
    const alone = message.audience === 'author' ? message.user : '';
    const others = alone === '' ? ['', ''] : othersParts(room, id, reason);
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
      ...others,
      ...[options.maxUnstored, options.retentionEntries, options.retentionMs],
      (kind === 'r' ? message.reason : reason) ?? '',
      ...notedParts(room, kind, message),
      written === undefined ? '' : JSON.stringify({ ...message, content: written }),
      ...[message.revision, gate?.deadlineMs ?? '', gate?.choice ?? ''],
    ];
    const reply = await reachable(() => log.run(room, 'amend', names, () => args));
    const [answer, offset] = reply.map(String);
    return [answer!, offset ?? ''];
  }

  return {
    /** A new revision, by the author alone, shown as `release` says. The same text again changes nothing. Throws Unavailable. */
    edit: ({ release = { to: 'all' }, ...change }: Edit): Promise<Ack | Refusal> =>
      amend(change, message => {
        if (message.user !== change.user) return refuse('forbidden');
        if (isFinal(message)) return refuse('not_found');
        if (message.content === change.content && message.status !== 'masked') return 'unchanged';
        return release.to === 'nobody' ? release.refusal : revision(message, change.content, release);
      }),

    /** Removes a message for everyone, by its author or a moderator. Again, it changes nothing. Throws Unavailable. */
    remove: (change: Change & { moderator: boolean }): Promise<Ack | Refusal> =>
      amend(change, message => {
        if (message.user !== change.user && !change.moderator) return refuse('forbidden');
        if (isFinal(message)) return 'unchanged';
        return { kind: 'r', message: deleted(message), decided: message.revision };
      }),

    /**
     * Releases or removes a message, as a moderator decided; nobody is asked here whether he may. It stands for the
     * revision. Again, it changes nothing. Throws Unavailable.
     */
    decide: ({ room, id, ...ruling }: Omit<Change, 'user'> & Ruling): Promise<Ack | Refusal> =>
      amend({ room, id, user: ruling.by }, message => decided(message, ruling), whole),
  };
}

/** What of a message outlives a change of its text: neither verdict nor enrichment. */
function lasting({ id, room, user, name, timestamp, clientId, replyTo }: LoggedMessage) {
  return { id, room, user, name, timestamp, clientId, replyTo };
}

function revision(message: LoggedMessage, content: string, release: Release): Entry {
  const removed = message.status === 'removed';
  const seen = !removed && message.audience === undefined;
  const shown = contentAs(release, content);
  return {
    kind: removed ? 's' : 'u',
    message: revised(message, content, release),
    decided: 0,
    ...(seen && release.to === 'author' ? { reason: release.status === 'held' ? 'held' : 'moderated' } : {}),
    ...(shown === content ? {} : { written: content }),
    ...(release.to === 'author' ? { gate: release.gate } : {}),
  };
}

function revised(message: LoggedMessage, content: string, release: Release): LoggedMessage {
  const alone = release.to === 'author' || (message.audience === 'author' && message.status !== 'removed');
  return {
    ...strip(lasting(message)),
    revision: message.revision + 1,
    content: contentAs(release, content),
    editedAt: new Date().toISOString(),
    status: statusAs(release),
    ...(alone ? { audience: 'author' } : {}),
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
  if (kind === 'r')
    return [before('message.removed'), `,"ids":[${message.id}],"reason":"${message.reason}"}`];
  if (kind === 's')
    return [before('message.restored'), `,"messages":[${JSON.stringify(publicMessage(message))}]}`];
  return [before('message.updated'), `,"messages":[${JSON.stringify(updateOf(message))}]}`];
}

/** The same for moderators, where they are told more; else empty. */
function notedParts(room: string, kind: Entry['kind'], message: LoggedMessage): [string, string] {
  if (moderatorFields(message) === undefined) return ['', ''];
  const [before, after] = frameParts(room, kind, message);
  const noted = kind === 's' ? messageFor(message, MODERATOR) : notedUpdateOf(message);
  const messages = `"messages":[${JSON.stringify(noted)}]}`;
  return [before, kind === 'r' ? `${after.slice(0, -1)},${messages}` : `,${messages}`];
}

/** The same for those who may not see the message: removed for a reason, or nothing new. */
function othersParts(room: string, id: number, reason: Reason | undefined): [string, string] {
  const type = reason === undefined ? 'message.hidden' : 'message.removed';
  return [
    `{"type":"${type}","room":"${room}","offset":`,
    reason === undefined ? `,"id":${id}}` : `,"ids":[${id}],"reason":"${reason}"}`,
  ];
}

function ackOf(
  { room, id, revision, timestamp, editedAt }: LoggedMessage,
  offset: number,
  duplicate: boolean,
): Ack {
  return { room, id, offset, revision, timestamp: editedAt ?? timestamp, duplicate };
}
