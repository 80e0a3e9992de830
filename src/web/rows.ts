/** The lines of a room as the page shows them: days, groups of one author, own messages on their way. Pure. */
import type { PendingMessage, RoomMessage } from '../client/index.ts';

/** An own message that was refused; `reason` is for its author. */
export type FailedMessage = PendingMessage & { reason: string; retryable: boolean };

export type Shown = RoomMessage & {
  /** Not acknowledged yet, or refused: only here, and nowhere else. */
  local?: 'sending' | 'failed';
  failure?: FailedMessage;
  /** An edit or the deletion of it is on its way. */
  changing?: true;
};

/** The newest own message that others have read, and the words for who did. */
export type Seen = { id: number; words: string; title: string };

export type Row =
  | { kind: 'day'; key: string; day: Date }
  /** Above the first message of others that was not read. */
  | { kind: 'new'; key: string }
  | { kind: 'seen'; key: string; seen: Seen }
  /** `starts` is true for the first of a group: it shows author and time. */
  | { kind: 'message'; key: string; message: Shown; own: boolean; starts: boolean; at: Date };

type Input = {
  room: string;
  user: string | undefined;
  /** The reader's own name, for messages that only this page knows yet. */
  name: string | undefined;
  messages: readonly RoomMessage[];
  pending: readonly PendingMessage[];
  failed: readonly FailedMessage[];
  /** What others wrote after this id was new when the reader came. */
  newAfter?: number | undefined;
  changing?: ReadonlySet<number>;
  seen?: Seen | undefined;
};

/** Messages of one author that follow each other within this stand in one group. */
const GROUP_MS = 5 * 60_000;

export function rowsOf(input: Input): Row[] {
  const rows: Row[] = [];
  let last: { user: string | undefined; at: Date } | undefined;
  let newAfter = input.newAfter ?? Number.MAX_SAFE_INTEGER;
  const all: readonly Shown[] = [...input.messages, ...localOnes(input)];
  for (const message of all) {
    if (message.status === 'removed' && message.reason === 'duplicate') continue;
    const at = new Date(message.timestamp);
    const newDay = last === undefined || last.at.toDateString() !== at.toDateString();
    if (newDay) rows.push({ kind: 'day', key: `d:${at.toDateString()}`, day: at });
    const own = message.user !== undefined && message.user === input.user;
    const isNew = message.id > newAfter && !own && message.local === undefined;
    if (isNew) {
      rows.push({ kind: 'new', key: 'new' });
      newAfter = Number.MAX_SAFE_INTEGER;
    }
    const follows =
      !newDay &&
      !isNew &&
      last !== undefined &&
      message.user !== undefined &&
      last.user === message.user &&
      at.getTime() - last.at.getTime() < GROUP_MS;
    const shown = shownAs(message, own, input);
    rows.push({ kind: 'message', key: keyOf(message, own), message: shown, own, starts: !follows, at });
    if (message.id === input.seen?.id) rows.push({ kind: 'seen', key: 'seen', seen: input.seen });
    last = { user: message.user, at };
  }
  return rows;
}

/** The message with what only this page knows of it. */
function shownAs(message: Shown, own: boolean, { name, changing }: Input): Shown {
  const named = own && message.name === undefined && name ? { ...message, name } : message;
  return changing?.has(message.id) === true ? { ...named, changing: true } : named;
}

/** An own message keeps its key, and so its place on the page, when it is acknowledged. */
function keyOf(message: Shown, own: boolean): string {
  return own && message.clientId !== undefined ? `c:${message.clientId}` : `m:${message.id}`;
}

function localOnes({ room, user, pending, failed }: Input): Shown[] {
  const local = (of: PendingMessage, state: 'sending' | 'failed'): Shown => ({
    id: Number.MAX_SAFE_INTEGER,
    revision: 1,
    room,
    ...(user === undefined ? {} : { user }),
    content: of.content,
    timestamp: new Date(of.createdAtMs).toISOString(),
    clientId: of.clientId,
    ...(of.replyTo === undefined ? {} : { replyTo: of.replyTo }),
    status: 'pending',
    local: state,
  });
  return [
    ...failed.map(failure => ({ ...local(failure, 'failed'), failure })),
    ...pending.map(one => local(one, 'sending')),
  ];
}

/** The newest own message that can be edited. */
export function lastEditable(
  messages: readonly RoomMessage[],
  user: string | undefined,
): RoomMessage | undefined {
  return messages.findLast(message => message.user === user && message.status !== 'removed');
}
