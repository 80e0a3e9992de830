import { useLayoutEffect, useRef } from 'preact/hooks';

/** A deletion cannot be taken back: it is asked for once more. Takes the focus; Escape keeps. */
export function Confirm({ onDelete, onKeep }: { onDelete(): void; onKeep(): void }) {
  const button = useRef<HTMLButtonElement>(null);
  // Before the next keystroke, which is meant for it.
  useLayoutEffect(() => button.current?.focus(), []);
  return (
    <fieldset
      class="confirm"
      onKeyDown={event => {
        if (event.key === 'Escape') onKeep();
      }}
    >
      <legend class="hidden">Delete this message for everyone?</legend>
      <button type="button" class="danger" ref={button} onClick={onDelete}>
        Delete
      </button>
      <button type="button" class="link" onClick={onKeep}>
        Keep
      </button>
    </fieldset>
  );
}
