import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { About } from './about.ts';
import { Icon } from './icons.tsx';
import { MessageRow } from './message-row.tsx';
import type { RoomView } from './room-view.ts';
import type { Row, Shown } from './rows.ts';
import { dayWords, newWords } from './words.ts';

type Props = { view: RoomView; onAbout(about: About): void };

/** Within this many pixels of the end one is taken to be reading along. */
const NEAR_END = 48;
/** Older messages are fetched before the reader has come to the top. */
const NEAR_TOP = 400;

const isMessage = (row: Row) => row.kind === 'message';

type Place = { first: string | undefined; last: string | undefined; height: number; top: number };

/** The room's messages: follows the newest while one reads there, and stays where one reads elsewhere. */
export function MessageList({ view, onAbout }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const rows = view.rows.value;
  const atEnd = useSignal(true);
  const missed = useSignal(0);
  const before = useRef<Place>(undefined);
  const lines = useLines(view, onAbout);

  function place() {
    const { scrollTop: top, scrollHeight: height } = list.current!;
    const [first, last] = [rows.find(isMessage)?.key, rows.findLast(isMessage)?.key];
    before.current = { first, last, height, top };
  }

  // The browser's own scroll anchoring gives up at the very top, where older messages come in: done by hand.
  useLayoutEffect(() => {
    const area = list.current!;
    const was = before.current;
    if (atEnd.value) area.scrollTop = area.scrollHeight;
    else if (was !== undefined) {
      const stillThere = rows.some(row => row.key === was.first);
      const first = rows.find(isMessage)?.key;
      if (stillThere && first !== was.first) area.scrollTop = was.top + area.scrollHeight - was.height;
      if (rows.findLast(isMessage)?.key !== was.last) missed.value += 1;
    }
    place();
  }, [rows]);

  const fill = () => {
    const area = list.current;
    if (area !== null && area.scrollTop < NEAR_TOP) void view.loadOlder();
  };
  useEffect(fill, [rows, view.hasOlder.value, view.phase.value, view.loadingOlder.value]);

  // Read is what stands at the end of the list while one looks at it.
  const isLive = view.phase.value === 'live';
  useEffect(() => {
    const readOn = () => {
      if (document.visibilityState === 'visible' && atEnd.value && isLive) view.read();
    };
    const onVisible = () => {
      if (document.visibilityState === 'visible' && view.unread.value > 0) view.mark();
      readOn();
    };
    readOn();
    document.addEventListener('visibilitychange', onVisible);
    return () => document.removeEventListener('visibilitychange', onVisible);
  }, [rows, atEnd.value, isLive]);

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
        <ol>{lines(rows)}</ol>
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

type Drawn = { message: Shown; starts: boolean; line: VNode };

/** Draws rows, and each message anew only where it changed: in a busy room most of them did not. */
function useLines(view: RoomView, onAbout: Props['onAbout']) {
  const drawn = useRef(new Map<string, Drawn>());
  return (rows: readonly Row[]) => {
    const next = new Map<string, Drawn>();
    const lines = rows.map(row => {
      const line = <Line key={row.key} row={row} view={view} onAbout={onAbout} />;
      if (row.kind !== 'message') return line;
      const { message, starts } = row;
      const known = drawn.current.get(row.key);
      const same = known !== undefined && known.message === message && known.starts === starts;
      const kept = same ? known : { message, starts, line };
      next.set(row.key, kept);
      return kept.line;
    });
    drawn.current = next;
    return lines;
  };
}

function Line({ row, view, onAbout }: { row: Row } & Props) {
  if (row.kind === 'message') return <MessageRow row={row} view={view} onAbout={onAbout} />;
  if (row.kind === 'new') {
    return (
      <li class="day new" data-testid="new-line">
        <span>{newWords(view.marker.value?.count ?? 0)}</span>
      </li>
    );
  }
  if (row.kind === 'seen') {
    return (
      <li class="seen" data-testid="seen" title={row.seen.title}>
        {row.seen.words}
      </li>
    );
  }
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
  if (view.isFull.value) return <p class="top">Messages before these are not shown here.</p>;
  if (view.hasOlder.value) return <p class="top">Loading older messages…</p>;
  return (
    <div class={empty ? 'beginning alone' : 'beginning'}>
      <h2>#{view.name}</h2>
      <p>{empty ? 'Nobody has said anything here yet. Be the first.' : 'This is where the room begins.'}</p>
    </div>
  );
}
