import { Icon } from './icons.tsx';
import type { Shown } from './rows.ts';
import { exactTimeWords, languageWords, sentimentWords } from './words.ts';

/** Where a message stands, and what the service made of it: small, with the words in titles. */
export function MessageStatus({ message, own }: { message: Shown; own: boolean }) {
  const state = message.local ?? message.status;
  const { language, sentiment, editedAt, status } = message;
  const mark = markOf(message, own);
  return (
    <span class="status" data-testid="message-status" data-status={state}>
      {editedAt !== undefined && status !== 'removed' && (
        <span class="edited" title={exactTimeWords(new Date(editedAt))}>
          edited
        </span>
      )}
      {language !== undefined && language.code !== 'und' && (
        <abbr class="language" title={languageWords(language)}>
          {language.code}
        </abbr>
      )}
      {sentiment !== undefined && sentiment.label !== 'neutral' && (
        <span
          class={`sentiment ${sentiment.label}`}
          title={sentimentWords(sentiment)}
          role="img"
          aria-label={sentimentWords(sentiment)}
        />
      )}
      {mark !== undefined && (
        <span class="mark" title={mark.words}>
          <Icon name={mark.icon} />
          <span class="hidden">{mark.words}</span>
        </span>
      )}
    </span>
  );
}

const HELD_OWN = 'Only you see this until it was reviewed';
/** Nobody else is shown it but moderators. */
const HELD = 'Held for review: the room does not see it';

function markOf({ local, status, changing }: Shown, own: boolean) {
  if (changing) return { icon: 'clock', words: 'Saving' } as const;
  if (local === 'sending') return { icon: 'clock', words: 'Sending' } as const;
  if (local === 'failed') return { icon: 'alert', words: 'Not sent' } as const;
  if (status === 'masked') return { icon: 'shield', words: 'Parts were hidden by moderation' } as const;
  if (status === 'held') return { icon: 'eye', words: own ? HELD_OWN : HELD } as const;
  if (!own || status === 'removed') return undefined;
  return status === 'pending'
    ? ({ icon: 'check', words: 'Sent' } as const)
    : ({ icon: 'checks', words: 'Sent and checked' } as const);
}
