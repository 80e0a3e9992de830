import { useRef, useState } from 'preact/hooks';
import type { QueuedMessage } from '../../client/index.ts';
import { exactTimeWords, timeWords } from '../words.ts';
import { useEvery } from './every.ts';
import { DURATIONS } from './moment-words.ts';
import type { QueueView } from './queue-view.ts';
import { Told } from './told.tsx';
import { piecesOf, ruleWords, standingWords } from './waiting.ts';

/** The list is read anew this often while it is shown and the page is in view. */
const EVERY_MS = 3_000;

/** Flagged, masked, held and removed messages that nobody decided on yet, the oldest first. */
export function Queue({ queue }: { queue: QueueView }) {
  const list = useRef<HTMLUListElement>(null);
  useEvery(EVERY_MS, queue.load);
  const waiting = queue.waiting.value;

  async function decide(message: QueuedMessage, action: 'release' | 'remove', reason: string) {
    if (await queue.decide(message, action, reason)) list.current?.focus();
  }

  return (
    <>
      <Told name="queue" problem={queue.problem.value} told={queue.told.value} />
      {waiting?.length === 0 && <p class="hint">Nothing waits here.</p>}
      <ul class="queue" aria-label="Messages that wait" tabIndex={-1} ref={list} data-testid="queue">
        {waiting?.map(message => (
          <Item
            key={`${message.id}.${message.revision}`}
            message={message}
            busy={queue.busy.value.has(message.id)}
            onDecide={(action, reason) => void decide(message, action, reason)}
            onMute={(seconds, reason) => void queue.mute(message, seconds, reason)}
          />
        ))}
      </ul>
      {queue.hasMore.value && <p class="hint">More wait; they are shown as these are decided.</p>}
    </>
  );
}

type ItemProps = {
  message: QueuedMessage;
  busy: boolean;
  onDecide(action: 'release' | 'remove', reason: string): void;
  onMute(seconds: number | undefined, reason: string): void;
};

function Item({ message, busy, onDecide, onMute }: ItemProps) {
  const [reason, setReason] = useState('');
  const [time, setTime] = useState(0);
  const { id, user, name = user, timestamp } = message;
  const at = new Date(timestamp);
  const isRemoved = message.status === 'removed';
  return (
    <li data-testid="waiting" data-id={id} data-status={message.status} aria-busy={busy}>
      <p class="byline">
        <b dir="auto" title={user}>
          {name}
        </b>{' '}
        <time dateTime={timestamp} title={exactTimeWords(at)}>
          {timeWords(at)}
        </time>
      </p>
      <p class="waiting-text" dir="auto">
        {piecesOf(message).map((piece, i) =>
          piece.hit ? <mark key={i}>{piece.text}</mark> : <span key={i}>{piece.text}</span>,
        )}
      </p>
      <p class="hint">
        {standingWords(message)}. <code>{ruleWords(message).join(', ')}</code>
      </p>
      <p class="decide">
        <button type="button" class="second" onClick={() => onDecide('release', reason)}>
          Release
        </button>
        <button type="button" class="second bad" onClick={() => onDecide('remove', reason)}>
          {isRemoved ? 'Keep it removed' : 'Remove'}
        </button>
      </p>
      <details>
        <summary>Reason, mute</summary>
        <div class="field">
          <label for={`reason-${id}`}>Reason, for the log of moderation (may stay empty)</label>
          <input
            id={`reason-${id}`}
            type="text"
            maxLength={500}
            dir="auto"
            autocomplete="off"
            value={reason}
            onInput={event => setReason(event.currentTarget.value)}
          />
        </div>
        <div class="add">
          <div class="field">
            <label for={`mute-${id}`}>Mute {name}</label>
            <select
              id={`mute-${id}`}
              value={String(time)}
              onChange={event => setTime(Number(event.currentTarget.value))}
            >
              {DURATIONS.map(([, words], i) => (
                <option key={words} value={String(i)}>
                  {words}
                </option>
              ))}
            </select>
          </div>
          <button type="button" class="second" onClick={() => onMute(DURATIONS[time]?.[0], reason)}>
            Mute
          </button>
        </div>
      </details>
    </li>
  );
}
