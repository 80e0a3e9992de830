import type { Message, Tombstone } from '../message.ts';
import type { LoggedMessage } from '../rooms/log-types.ts';
import { maySee, publicMessage, tombstone, type Viewer } from '../rooms/view.ts';

/** What of a stored message pages are made of: nothing of the pipeline's, and never the original of a masked text. */
const KEPT = new Set<string>([
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
] satisfies (keyof LoggedMessage)[]);

/** A stored message without what no reader is shown. */
export function kept(stored: LoggedMessage): LoggedMessage {
  const copy: LoggedMessage & Record<string, unknown> = { ...stored };
  for (const name of Object.keys(copy)) if (!KEPT.has(name)) delete copy[name];
  return copy;
}

/** A stored message as this viewer sees it; a tombstone where it was removed or is not for this viewer. */
export function shown(stored: LoggedMessage, viewer: Viewer): Message | Tombstone {
  const message = kept(stored);
  const gone = message.status === 'removed' || !maySee(message, viewer);
  return gone ? tombstone(message) : publicMessage(message);
}
