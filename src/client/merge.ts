/** How two accounts of one message become one. Pure. */
import type { Message, Reason, Status } from '../message.ts';
import type { StoredMessage, Update } from './protocol.ts';

/** A message as the client keeps it. Only a removed one may lack its author. */
export type RoomMessage = Omit<Message, 'user'> & { user?: string };

/** `log`: a frame of the room's log, newer than anything kept. `history`: a page that may lag behind it. */
export type Source = 'log' | 'history';

const RANK: Record<Status, number> = { pending: 0, visible: 1, masked: 1, held: 1, removed: 2 };

/**
 * The higher revision wins; of the same revision the one that is further decided: removed before visible,
 * masked or held before pending. Where both are alike the log wins over history. Answers `known` itself where
 * nothing changes.
 */
export function mergeMessage(
  known: RoomMessage | undefined,
  found: RoomMessage,
  source: Source,
): RoomMessage {
  if (known === undefined) return found;
  if (known.status === 'removed') {
    return source === 'log' && found.revision > known.revision ? found : known;
  }
  if (found.status === 'removed') return removeMessage(known, found.reason);
  if (found.revision !== known.revision) return found.revision > known.revision ? found : known;
  const ahead = RANK[found.status] - RANK[known.status];
  return ahead > 0 || (ahead === 0 && source === 'log') ? found : known;
}

/**
 * The message after an outcome or an edit; one of an older revision changes nothing, and removed stays. Language
 * and sentiment are of one revision, and do not outlive it.
 */
export function updateMessage(known: RoomMessage, update: Update): RoomMessage {
  if (known.status === 'removed' || update.revision < known.revision) return known;
  const { content, language, sentiment, editedAt } = update;
  const { language: _language, sentiment: _sentiment, ...lasting } = known;
  return {
    ...(update.revision > known.revision ? lasting : known),
    revision: update.revision,
    status: update.status,
    ...(content === undefined ? {} : { content }),
    ...(language === undefined ? {} : { language }),
    ...(sentiment === undefined ? {} : { sentiment }),
    ...(editedAt === undefined ? {} : { editedAt }),
  };
}

/** The message without its text: nothing of a removed message is kept but its place and author. */
export function removeMessage(known: RoomMessage, reason: Reason = 'moderated'): RoomMessage {
  const { content: _content, language: _language, sentiment: _sentiment, ...rest } = known;
  return { ...rest, status: 'removed', reason };
}

/** A row of history as the client keeps it. */
export function fromHistory(room: string, row: StoredMessage): RoomMessage {
  return 'revision' in row ? row : { ...row, room, revision: 0 };
}
