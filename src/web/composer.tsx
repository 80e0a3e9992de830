import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { MAX_CONTENT_LENGTH } from '../message.ts';
import type { About } from './about.ts';
import { AboutLine } from './about-line.tsx';
import { Icon } from './icons.tsx';
import { TypingLine } from './room-state.tsx';
import type { RoomView } from './room-view.ts';

type Props = {
  view: RoomView;
  input: RefObject<HTMLTextAreaElement | null>;
  about: About | undefined;
  onAbout(about: About | undefined): void;
};

/** The counter shows itself for the last of what a message may hold. */
const COUNT_FROM = MAX_CONTENT_LENGTH - 300;
const MAX_HEIGHT = 200;

/**
 * Where one writes: Enter sends, Shift and Enter make a new line. Up in an empty field edits one's last message,
 * Escape gives up what the text is about.
 */
export function Composer({ view, input, about, onAbout }: Props) {
  const [text, setText] = useDraft(about);
  const left = MAX_CONTENT_LENGTH - [...text].length;
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

  function submit() {
    if (!sendable) return;
    if (about?.kind === 'edit') {
      const { id, content } = about.message;
      if (text !== content) void view.edit(id, text);
    } else {
      void view.send(text, about === undefined ? {} : { replyTo: about.message.id });
      setText('');
    }
    onAbout(undefined);
    input.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent) {
    // While a word is being composed (as in Chinese or Japanese) these keys belong to the input method.
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === 'Escape' && about !== undefined) onAbout(undefined);
    else if (event.key === 'ArrowUp' && text === '' && about === undefined) {
      const message = view.lastEditable();
      if (message === undefined) return;
      event.preventDefault();
      onAbout({ kind: 'edit', message });
    }
  }

  return (
    <form
      class="composer"
      onSubmit={event => {
        event.preventDefault();
        submit();
      }}
    >
      {about !== undefined && <AboutLine about={about} view={view} onDone={() => onAbout(undefined)} />}
      <div class="composer-box">
        <label for="text" class="hidden">
          {about?.kind === 'edit' ? 'New text of your message' : `Message to ${view.name}`}
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
          onInput={event => {
            setText(event.currentTarget.value);
            if (about?.kind !== 'edit' && event.currentTarget.value.trim() !== '') view.typing();
          }}
          onKeyDown={onKeyDown}
        />
        <Submit editing={about?.kind === 'edit'} enabled={sendable} />
      </div>
      <div class="under">
        <TypingLine view={view} />
        <Counter left={left} />
      </div>
    </form>
  );
}

/** What is being written: an edit begins with the message's text, and afterwards the draft is there again. */
function useDraft(about: About | undefined) {
  const [text, setText] = useState('');
  const draft = useRef('');
  const edited = about?.kind === 'edit' ? about.message.id : undefined;
  const was = useRef(edited);
  useLayoutEffect(() => {
    if (was.current === edited) return;
    if (was.current === undefined) draft.current = text;
    setText(edited === undefined ? draft.current : (about?.message.content ?? ''));
    was.current = edited;
  }, [edited]);
  return [text, setText] as const;
}

function Submit({ editing, enabled }: { editing: boolean; enabled: boolean }) {
  const words = editing ? 'Save' : 'Send';
  return (
    <button
      type="submit"
      class="send"
      data-testid="send"
      aria-label={words}
      title={words}
      disabled={!enabled}
    >
      <Icon name={editing ? 'check' : 'send'} />
    </button>
  );
}

function Counter({ left }: { left: number }) {
  const shown = left <= MAX_CONTENT_LENGTH - COUNT_FROM;
  return (
    <p id="text-left" class={`left ${left < 0 ? 'too-long' : ''}`} data-testid="counter" role="status">
      {shown && (left >= 0 ? `${left} characters left` : `${-left} characters too many`)}
    </p>
  );
}
