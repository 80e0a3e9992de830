import { useRef } from 'preact/hooks';
import type { About } from './about.ts';
import { Avatar } from './avatar.tsx';
import { Icon } from './icons.tsx';
import { MessageActions } from './message-actions.tsx';
import { MessageStatus } from './message-status.tsx';
import type { RoomView } from './room-view.ts';
import type { Row, Shown } from './rows.ts';
import { exactTimeWords, removalWords, shortTimeWords, timeWords } from './words.ts';

type MessageRowProps = {
  row: Extract<Row, { kind: 'message' }>;
  view: RoomView;
  onAbout(about: About): void;
};

/** One message. Its text is text: what looks like markup is shown, never obeyed. */
export function MessageRow({ row, view, onAbout }: MessageRowProps) {
  const { message, own, starts, at } = row;
  const changed = useChanged(message);
  const name = message.name ?? message.user;
  const classes = [
    'message',
    message.local ?? message.status,
    starts && 'starts',
    own && 'own',
    changed && 'changed',
  ];
  return (
    <li
      class={classes.filter(Boolean).join(' ')}
      data-testid="message"
      data-id={message.local === undefined ? message.id : undefined}
      data-status={message.local ?? message.status}
    >
      <div class="gutter">
        {starts && name !== undefined ? (
          <Avatar user={message.user ?? ''} name={name} />
        ) : (
          <time class="side-time" dateTime={message.timestamp} title={exactTimeWords(at)}>
            {shortTimeWords(at)}
          </time>
        )}
      </div>
      <div class="body">
        {starts && name !== undefined && (
          <p class="byline">
            <b dir="auto" title={message.user}>
              {name}
            </b>
            <time dateTime={message.timestamp} title={exactTimeWords(at)}>
              {timeWords(at)}
            </time>
          </p>
        )}
        {message.replyTo !== undefined && message.status !== 'removed' && (
          <Quote id={message.replyTo} view={view} />
        )}
        <Text message={message} own={own} />
        {message.failure !== undefined && (
          <p class="failure" role="alert">
            {message.failure.reason}{' '}
            <button type="button" class="link" onClick={() => view.resend(message.failure!)}>
              Try again
            </button>{' '}
            <button type="button" class="link" onClick={() => view.discard(message.failure!)}>
              Discard
            </button>
          </p>
        )}
      </div>
      <div class="aside">
        {message.local === undefined && message.status !== 'removed' && (
          <MessageActions message={message} own={own} view={view} onAbout={onAbout} />
        )}
        <MessageStatus message={message} own={own} />
      </div>
    </li>
  );
}

function Text({ message, own }: { message: Shown; own: boolean }) {
  if (message.status === 'removed') return <p class="text gone">{removalWords(message, own)}</p>;
  return (
    <p class="text" dir="auto">
      {message.content}
    </p>
  );
}

function Quote({ id, view }: { id: number; view: RoomView }) {
  const to = view.find(id);
  const words = to === undefined ? 'an earlier message' : (to.content ?? 'a removed message');
  return (
    <p class="quote" dir="auto">
      <Icon name="reply" />
      {to !== undefined && <b>{to.name ?? to.user}</b>} {words}
    </p>
  );
}

/** True once the message was masked, held or removed before the reader's eyes: it then shows that it changed. */
function useChanged(message: Shown): boolean {
  const first = useRef(message.status);
  return first.current !== message.status && message.status !== 'visible' && message.status !== 'pending';
}
