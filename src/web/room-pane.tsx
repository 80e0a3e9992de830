import { useRef, useState } from 'preact/hooks';
import type { About } from './about.ts';
import type { Chat } from './chat.ts';
import { Composer } from './composer.tsx';
import { ConnectionPill, OfflineBar } from './connection.tsx';
import { DigestPanel } from './digest/digest-panel.tsx';
import { Icon } from './icons.tsx';
import { isModerator } from './identity.ts';
import { MessageList } from './message-list.tsx';
import { People } from './people.tsx';
import { GapLine, NoticeLine } from './room-state.tsx';
import type { RoomView } from './room-view.ts';

type Props = {
  chat: Chat;
  view: RoomView | undefined;
  onMenu(): void;
  moderating: boolean;
  onModerate(): void;
};

/** The current room: its head, its messages, and the place to write. */
export function RoomPane({ chat, view, onMenu, moderating, onModerate }: Props) {
  const [about, setAbout] = useState<About>();
  const [digest, setDigest] = useState(false);
  const digestButton = useRef<HTMLButtonElement>(null);
  const input = useRef<HTMLTextAreaElement>(null);
  // What is removed while one replies to it or edits it is gone.
  const standing =
    about !== undefined && view?.find(about.message.id)?.status === 'removed' ? undefined : about;
  return (
    <main class="pane">
      <header class="pane-head">
        <button type="button" class="quiet menu" aria-label="Show the rooms" onClick={onMenu}>
          <Icon name="menu" />
        </button>
        <Title view={view} />
        {view !== undefined && (
          <button
            type="button"
            class="quiet"
            ref={digestButton}
            data-testid="digest-button"
            aria-label="The last days"
            title="The last days"
            aria-expanded={digest}
            onClick={() => setDigest(!digest)}
          >
            <Icon name="chart" />
          </button>
        )}
        {view !== undefined && isModerator.value && (
          <button
            type="button"
            id="moderate"
            class="quiet"
            data-testid="moderate"
            aria-label="Moderation"
            title="Moderation"
            aria-expanded={moderating}
            onClick={onModerate}
          >
            <Icon name="shield" />
          </button>
        )}
        <ConnectionPill chat={chat} />
      </header>
      <OfflineBar chat={chat} />
      {view === undefined ? (
        <p class="nothing">Pick a room on the left, or name a new one.</p>
      ) : (
        <>
          {digest && (
            <DigestPanel
              digest={view.digest}
              onClose={() => {
                setDigest(false);
                digestButton.current?.focus();
              }}
            />
          )}
          <GapLine view={view} />
          <MessageList
            view={view}
            onAbout={next => {
              setAbout(next);
              input.current?.focus();
            }}
          />
          <NoticeLine view={view} />
          <Composer view={view} input={input} about={standing} onAbout={setAbout} />
        </>
      )}
    </main>
  );
}

function Title({ view }: { view: RoomView | undefined }) {
  if (view === undefined) return <h1 class="pane-title">Parley</h1>;
  return (
    <div class="pane-title">
      <h1>
        <span class="room-sign" aria-hidden="true">
          #
        </span>
        {view.name}
      </h1>
      <People view={view} />
    </div>
  );
}
