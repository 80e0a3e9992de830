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

/** The message in its public shape, without what only moderators and the pipeline know. */
export function publicMessage(message: LoggedMessage): Message {
  const {
    audience: _audience,
    verdict: _verdict,
    versions: _versions,
    batch: _batch,
    announcedAt: _at,
    ...shown
  } = message;
  if (shown.status === 'removed') {
    const { content: _content, language: _language, sentiment: _sentiment, ...bare } = shown;
    return bare;
  }
  const { reason: _reason, ...whole } = shown;
  return whole;
}

/** A removed message, or one that this viewer may not see, in a history page. */
export function tombstone(message: LoggedMessage): Tombstone {
  const reason = message.reason ?? (message.status === 'held' ? 'held' : 'moderated');
  return { id: message.id, status: 'removed', reason, timestamp: message.timestamp };
}
