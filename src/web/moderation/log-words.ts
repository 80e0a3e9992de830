/** The moderation log in plain words. Pure, but for the reader's clock. */
import type { ModerationEntry } from '../../client/index.ts';
import { untilWords } from './moment-words.ts';

const BEFORE: Readonly<Record<NonNullable<ModerationEntry['was']>, string>> = {
  pending: 'not judged yet',
  visible: 'seen by all',
  masked: 'starred out',
  held: 'held',
  shadowed: 'seen by its author alone',
  removed: 'removed',
};

/** Who did what, and whom it was about. */
export function logWords({ action, by, user, messageId, was, until }: ModerationEntry): string {
  switch (action) {
    case 'release':
    case 'remove': {
      const before = was === undefined ? '' : `; it was ${BEFORE[was]}`;
      return `${by} ${action}d message ${messageId ?? '?'} of ${user}${before}.`;
    }
    case 'mute':
      return `${by} muted ${user} ${untilWords(until)}.`;
    case 'ban':
      return `${by} banned ${user} ${untilWords(until)}.`;
    case 'unmute':
      return `${by} let ${user} write again.`;
    case 'unban':
      return `${by} let ${user} in again.`;
  }
}
