/**
 * What one viewer sees of a message. The log, the hub and history all render through here,
 * so that a message cannot be hidden in one and shown in another.
 */
import type { Message, Tombstone } from '../message.ts';
import type { LoggedMessage } from './log-types.ts';

export type Viewer = { user: string; moderator: boolean };

/** True when this viewer may see that the message exists, with its content. */
export function maySee(message: LoggedMessage, viewer: Viewer): boolean {
  return message.audience !== 'author' || message.user === viewer.user;
}

/** What a removed message shows, and what any other one shows besides; nothing else leaves the service. */
const BARE = [
  'id',
  'revision',
  'room',
  'user',
  'name',
  'timestamp',
  'clientId',
  'replyTo',
  'status',
  'editedAt',
] as const;
const WHOLE = [...BARE, 'content', 'language', 'sentiment'] as const;

/** The message in its public shape, without what only moderators and the pipeline know. */
export function publicMessage(message: LoggedMessage): Message {
  const shown = message.status === 'removed' ? ([...BARE, 'reason'] as const) : WHOLE;
  return Object.fromEntries(
    shown.filter(name => message[name] !== undefined).map(name => [name, message[name]]),
  ) as Message;
}

/** A removed message, or one that this viewer may not see, in a history page. */
export function tombstone(message: LoggedMessage): Tombstone {
  const reason = message.reason ?? (message.status === 'held' ? 'held' : 'moderated');
  return { id: message.id, status: 'removed', reason, timestamp: message.timestamp };
}
