import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import type { RoomMessage } from '../client/index.ts';
import { MAX_CONTENT_LENGTH } from '../message.ts';
import { Icon } from './icons.tsx';
import type { RoomView } from './room-view.ts';

type Props = {
  view: RoomView;
  input: RefObject<HTMLTextAreaElement | null>;
  replyTo: RoomMessage | undefined;
  onReplied(): void;
};

/** The counter shows itself for the last of what a message may hold. */
const COUNT_FROM = MAX_CONTENT_LENGTH - 300;
const MAX_HEIGHT = 200;

/** Where one writes: Enter sends, Shift and Enter make a new line. */
export function Composer({ view, input, replyTo, onReplied }: Props) {
  const [text, setText] = useState('');
  const length = [...text].length;
  const left = MAX_CONTENT_LENGTH - length;
  const sendable = text.trim() !== '' && left >= 0 && view.refusal.value === undefined;

  useLayoutEffect(() => {
    const area = input.current;
    if (area === null) return;
    area.style.height = 'auto';
    area.style.height = `${Math.min(area.scrollHeight, MAX_HEIGHT)}px`;
  }, [text]);

  // Where a keyboard covers no part of the screen one can write at once.
  useEffect(() => {
    if (matchMedia('(pointer: fine)').matches) input.current?.focus();
  }, []);

  function send() {
    if (!sendable) return;
    void view.send(text, replyTo === undefined ? {} : { replyTo: replyTo.id });
    setText('');
    onReplied();
    input.current?.focus();
  }

  return (
    <form
      class="composer"
      onSubmit={event => {
        event.preventDefault();
        send();
      }}
    >
      {replyTo !== undefined && <Replying to={replyTo} onCancel={onReplied} />}
      <div class="composer-box">
        <label for="text" class="hidden">
          Message to {view.name}
        </label>
        <textarea
          id="text"
          ref={input}
          data-testid="composer"
          rows={1}
          dir="auto"
          placeholder={`Message #${view.name}`}
          value={text}
          aria-describedby="text-left"
          onInput={event => setText(event.currentTarget.value)}
          onKeyDown={event => {
            // While a word is being composed (as in Chinese or Japanese) Enter belongs to the input method.
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <button
          type="submit"
          class="send"
          data-testid="send"
          aria-label="Send"
          title="Send"
          disabled={!sendable}
        >
          <Icon name="send" />
        </button>
      </div>
      <p id="text-left" class={`left ${left < 0 ? 'too-long' : ''}`} data-testid="counter" role="status">
        {length >= COUNT_FROM && (left >= 0 ? `${left} characters left` : `${-left} characters too many`)}
      </p>
    </form>
  );
}

function Replying({ to, onCancel }: { to: RoomMessage; onCancel(): void }) {
  return (
    <p class="replying">
      <Icon name="reply" />
      <span class="quote" dir="auto">
        <b>{to.name ?? to.user}</b> {to.content}
      </span>
      <button type="button" class="quiet" aria-label="Do not reply" onClick={onCancel}>
        <Icon name="close" />
      </button>
    </p>
  );
}
