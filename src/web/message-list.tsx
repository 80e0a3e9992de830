import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { RoomMessage } from '../client/index.ts';
import { Icon } from './icons.tsx';
import { MessageRow } from './message-row.tsx';
import type { RoomView } from './room-view.ts';
import type { Row } from './rows.ts';
import { dayWords } from './words.ts';

type Props = { view: RoomView; onReply(message: RoomMessage): void };

/** Within this many pixels of the end one is taken to be reading along. */
const NEAR_END = 48;
/** Older messages are fetched before the reader has come to the top. */
const NEAR_TOP = 400;

type Place = { first: string | undefined; last: string | undefined; height: number; top: number };

/** The room's messages: follows the newest while one reads there, and stays where one reads elsewhere. */
export function MessageList({ view, onReply }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const rows = view.rows.value;
  const atEnd = useSignal(true);
  const missed = useSignal(0);
  const before = useRef<Place>(undefined);

  function place() {
    const { scrollTop: top, scrollHeight: height } = list.current!;
    const first = rows.find(row => row.kind === 'message')?.key;
    before.current = { first, last: rows.at(-1)?.key, height, top };
  }

  // The browser's own scroll anchoring gives up at the very top, where older messages come in: done by hand.
  useLayoutEffect(() => {
    const area = list.current!;
    const was = before.current;
    if (atEnd.value) area.scrollTop = area.scrollHeight;
    else if (was !== undefined) {
      const stillThere = rows.some(row => row.key === was.first);
      const first = rows.find(row => row.kind === 'message')?.key;
      if (stillThere && first !== was.first) area.scrollTop = was.top + area.scrollHeight - was.height;
      if (rows.at(-1)?.key !== was.last) missed.value += 1;
    }
    place();
  }, [rows]);

  const fill = () => {
    const area = list.current;
    if (area !== null && area.scrollTop < NEAR_TOP) void view.loadOlder();
  };
  useEffect(fill, [rows, view.hasOlder.value, view.phase.value, view.loadingOlder.value]);

  function onScroll() {
    const { scrollTop, scrollHeight, clientHeight } = list.current!;
    atEnd.value = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (atEnd.value) missed.value = 0;
    place();
    fill();
  }

  function toEnd() {
    atEnd.value = true;
    missed.value = 0;
    list.current!.scrollTop = list.current!.scrollHeight;
  }

  // A window that changes its size keeps the newest in view for those who read there.
  useEffect(() => {
    const area = list.current!;
    const observer = new ResizeObserver(() => {
      if (atEnd.peek()) area.scrollTop = area.scrollHeight;
    });
    observer.observe(area);
    return () => observer.disconnect();
  }, []);

  return (
    <div class="scroller">
      <div
        class="list"
        ref={list}
        onScroll={onScroll}
        role="log"
        aria-live="polite"
        aria-label={`Messages in ${view.name}`}
      >
        <Top view={view} empty={rows.length === 0} />
        <ol>
          {rows.map(row => (
            <Line key={row.key} row={row} view={view} onReply={onReply} />
          ))}
        </ol>
      </div>
      {!atEnd.value && (
        <button type="button" class="jump" data-testid="jump" onClick={toEnd}>
          <Icon name="down" />
          {missed.value > 0 ? 'New messages' : 'Jump to newest'}
        </button>
      )}
    </div>
  );
}

function Line({ row, view, onReply }: { row: Row; view: RoomView; onReply(message: RoomMessage): void }) {
  if (row.kind === 'message') return <MessageRow row={row} view={view} onReply={onReply} />;
  return (
    <li class="day">
      <span>{dayWords(row.day)}</span>
    </li>
  );
}

/** What stands above the oldest message that is loaded. */
function Top({ view, empty }: { view: RoomView; empty: boolean }) {
  if (view.refusal.value !== undefined) return <p class="nothing">{view.refusal.value}</p>;
  if (!view.joinedOnce.value)
    return (
      <p class="top" data-testid="loading">
        Opening the room…
      </p>
    );
  if (view.olderProblem.value !== undefined) {
    return (
      <p class="top">
        Older messages did not load.{' '}
        <button type="button" class="link" onClick={() => void view.loadOlder()}>
          Try again
        </button>
      </p>
    );
  }
  if (view.hasOlder.value) return <p class="top">Loading older messages…</p>;
  return (
    <div class={empty ? 'beginning alone' : 'beginning'}>
      <h2>#{view.name}</h2>
      <p>{empty ? 'Nobody has said anything here yet. Be the first.' : 'This is where the room begins.'}</p>
    </div>
  );
}
