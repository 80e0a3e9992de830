/** How two accounts of one message become one. Pure. */
import type { Message, Reason, Status } from '../message.ts';
import type { ModeratorFields, StoredMessage, Update } from './protocol.ts';

/** A message as the client keeps it. Only a removed one may lack its author; some fields are for moderators. */
export type RoomMessage = Omit<Message, 'user'> & { user?: string } & ModeratorFields;

/** `log`: a frame of the room's log, newer than anything kept. `history`: a page that may lag behind it. */
export type Source = 'log' | 'history';

const RANK: Record<Status, number> = { pending: 0, visible: 1, masked: 1, held: 1, removed: 2 };

/**
 * The higher revision wins; of the same revision the one that is further decided: removed before visible,
 * masked or held before pending. Where both are alike the log wins over history. What moderators may know of a
 * removed message is taken from either. Answers `known` itself where nothing changes.
 */
export function mergeMessage(
  known: RoomMessage | undefined,
  found: RoomMessage,
  source: Source,
): RoomMessage {
  if (known === undefined) return found;
  if (known.status === 'removed') {
    if (source === 'log' && found.revision > known.revision) return found;
    const isTold = known.verdict === undefined && known.decision === undefined && alike(known, found);
    return isTold ? { ...known, ...moderatorFields(found) } : known;
  }
  if (found.status === 'removed') return removeMessage(known, found.reason, found);
  if (found.revision !== known.revision) return found.revision > known.revision ? found : known;
  const ahead = RANK[found.status] - RANK[known.status];
  return ahead > 0 || (ahead === 0 && source === 'log') ? found : known;
}

/** The same removal, of which `found` tells more. */
function alike(known: RoomMessage, found: RoomMessage): boolean {
  const told = found.verdict !== undefined || found.decision !== undefined;
  return told && found.status === 'removed' && found.reason === known.reason;
}

/**
 * The message after an outcome or an edit; one of an older revision changes nothing, and removed stays. Language
 * and sentiment are of one revision, and do not outlive it. What moderators are told is told anew each time.
 */
export function updateMessage(known: RoomMessage, update: Update): RoomMessage {
  if (known.status === 'removed' || update.revision < known.revision) return known;
  const { content, language, sentiment, editedAt } = update;
  const plain = withoutModeratorFields(known);
  const { language: _language, sentiment: _sentiment, ...lasting } = plain;
  return {
    ...(update.revision > known.revision ? lasting : plain),
    revision: update.revision,
    status: update.status,
    ...(content === undefined ? {} : { content }),
    ...(language === undefined ? {} : { language }),
    ...(sentiment === undefined ? {} : { sentiment }),
    ...(editedAt === undefined ? {} : { editedAt }),
    ...moderatorFields(update),
  };
}

/**
 * The message without its text: nothing of a removed message is kept but its place and author, and what moderators
 * are told with the removal.
 */
export function removeMessage(
  known: RoomMessage,
  reason: Reason = 'moderated',
  told: ModeratorFields = {},
): RoomMessage {
  const { content: _content, language: _language, sentiment: _sentiment, ...rest } = known;
  return { ...withoutModeratorFields(rest), status: 'removed', reason, ...moderatorFields(told) };
}

function moderatorFields({ audience, original, verdict, decision }: ModeratorFields): ModeratorFields {
  return {
    ...(audience === undefined ? {} : { audience }),
    ...(original === undefined ? {} : { original }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(decision === undefined ? {} : { decision }),
  };
}

function withoutModeratorFields<T extends ModeratorFields>(message: T) {
  const {
    audience: _audience,
    original: _original,
    verdict: _verdict,
    decision: _decision,
    ...rest
  } = message;
  return rest;
}

/** A row of history as the client keeps it. */
export function fromHistory(room: string, row: StoredMessage): RoomMessage {
  return 'revision' in row ? row : { ...row, room, revision: 0 };
}
