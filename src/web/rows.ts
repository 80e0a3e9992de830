/** The lines of a room as the page shows them: days, groups of one author, own messages on their way. Pure. */
import type { PendingMessage, RoomMessage } from '../client/index.ts';

/** An own message that was refused; `reason` is for its author. */
export type FailedMessage = PendingMessage & { reason: string; retryable: boolean };

export type Shown = RoomMessage & {
  /** Not acknowledged yet, or refused: only here, and nowhere else. */
  local?: 'sending' | 'failed';
  failure?: FailedMessage;
};

export type Row =
  | { kind: 'day'; key: string; day: Date }
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
};

/** Messages of one author that follow each other within this stand in one group. */
const GROUP_MS = 5 * 60_000;

export function rowsOf(input: Input): Row[] {
  const rows: Row[] = [];
  let last: { user: string | undefined; at: Date } | undefined;
  for (const message of [...input.messages, ...localOnes(input)]) {
    if (message.status === 'removed' && message.reason === 'duplicate') continue;
    const at = new Date(message.timestamp);
    const newDay = last === undefined || last.at.toDateString() !== at.toDateString();
    if (newDay) rows.push({ kind: 'day', key: `d:${at.toDateString()}`, day: at });
    const follows =
      !newDay &&
      last !== undefined &&
      message.user !== undefined &&
      last.user === message.user &&
      at.getTime() - last.at.getTime() < GROUP_MS;
    const own = message.user !== undefined && message.user === input.user;
    const named =
      own && message.name === undefined && input.name ? { ...message, name: input.name } : message;
    rows.push({ kind: 'message', key: keyOf(message, own), message: named, own, starts: !follows, at });
    last = { user: message.user, at };
  }
  return rows;
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
