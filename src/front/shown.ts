import type { Message, Tombstone } from '../message.ts';
import type { LoggedMessage } from '../rooms/log-types.ts';
import {
  mayRephrase,
  maySee,
  messageFor,
  moderatorFields,
  publicMessage,
  tombstone,
  type Viewer,
} from '../rooms/view.ts';

/** What of a stored message pages are made of: nothing of the pipeline's, and never the original of a masked text. */
const KEPT = [
  'id',
  'revision',
  'room',
  'user',
  'name',
  'content',
  'timestamp',
  'clientId',
  'replyTo',
  'status',
  'language',
  'sentiment',
  'editedAt',
  'reason',
  'audience',
] as const satisfies (keyof LoggedMessage)[];

/** A stored message without what no reader but moderators is shown; of a verdict, what its author is told. */
export function kept(stored: LoggedMessage): LoggedMessage {
  const copy: Record<string, unknown> = {};
  for (const name of KEPT) if (stored[name] !== undefined) copy[name] = stored[name];
  if (mayRephrase(stored)) copy.verdict = BOUNCED;
  return copy as object as LoggedMessage;
}

const BOUNCED = { action: 'bounce' as const, rules: [], spans: [], policy: '' };

/**
 * A stored message as this viewer sees it; a tombstone where it was removed or is not for this viewer. Moderators
 * see it whole, if the message is, unless it was deleted.
 */
export function shown(stored: LoggedMessage, viewer: Viewer): Message | Tombstone {
  if (viewer.moderator && moderatorFields(stored) !== undefined) return messageFor(stored, viewer);
  const gone = stored.status === 'removed' || !maySee(stored, viewer);
  return gone ? tombstone(stored, viewer) : publicMessage(stored);
}
