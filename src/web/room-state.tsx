import { Icon } from './icons.tsx';
import type { RoomView } from './room-view.ts';
import { typingWords } from './words.ts';

/** A line above the messages while some of them are missing, and for a moment after they came. */
export function GapLine({ view }: { view: RoomView }) {
  const gap = view.gap.value;
  const catchingUp = view.joinedOnce.value && view.phase.value === 'joining';
  const words =
    gap === 'healing'
      ? 'Some messages were lost on the way. Fetching them…'
      : gap === 'healed'
        ? 'Some messages were lost on the way. They are here now.'
        : catchingUp && 'Catching up…';
  return (
    <p class="gap-line" role="status" data-testid="gap" data-state={gap ?? (catchingUp ? 'joining' : 'none')}>
      {words}
    </p>
  );
}

/** What could not be done, with a way to try again. */
export function NoticeLine({ view }: { view: RoomView }) {
  const notice = view.notice.value;
  if (notice === undefined) return null;
  return (
    <div class="notice" role="alert" data-testid="notice">
      <p>{notice.words}</p>
      {notice.again !== undefined && (
        <button type="button" class="link" onClick={notice.again}>
          Try again
        </button>
      )}
      <button
        type="button"
        class="quiet"
        aria-label="Dismiss"
        onClick={() => {
          view.notice.value = undefined;
        }}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

/** Who is typing. Not read aloud: it changes too often. */
export function TypingLine({ view }: { view: RoomView }) {
  return (
    <p class="typing" data-testid="typing">
      {typingWords(view.typists.value.map(view.nameOf))}
    </p>
  );
}
