import { useRef, useState } from 'preact/hooks';
import type { RoomMessage } from '../client/index.ts';
import type { Chat } from './chat.ts';
import { Composer } from './composer.tsx';
import { ConnectionPill, OfflineBar } from './connection.tsx';
import { Icon } from './icons.tsx';
import { MessageList } from './message-list.tsx';
import type { RoomView } from './room-view.ts';
import { membersWords } from './words.ts';

type Props = { chat: Chat; view: RoomView | undefined; onMenu(): void };

/** The current room: its head, its messages, and the place to write. */
export function RoomPane({ chat, view, onMenu }: Props) {
  const [replyTo, setReplyTo] = useState<RoomMessage>();
  const input = useRef<HTMLTextAreaElement>(null);
  return (
    <main class="pane">
      <header class="pane-head">
        <button type="button" class="quiet menu" aria-label="Show the rooms" onClick={onMenu}>
          <Icon name="menu" />
        </button>
        <Title view={view} />
        <ConnectionPill chat={chat} />
      </header>
      <OfflineBar chat={chat} />
      {view === undefined ? (
        <p class="nothing">Pick a room on the left, or name a new one.</p>
      ) : (
        <>
          <MessageList
            view={view}
            onReply={message => {
              setReplyTo(message);
              input.current?.focus();
            }}
          />
          <Composer view={view} input={input} replyTo={replyTo} onReplied={() => setReplyTo(undefined)} />
        </>
      )}
    </main>
  );
}

function Title({ view }: { view: RoomView | undefined }) {
  if (view === undefined) return <h1 class="pane-title">Parley</h1>;
  const { users, members } = view.presence.value;
  return (
    <div class="pane-title">
      <h1>
        <span class="room-sign" aria-hidden="true">
          #
        </span>
        {view.name}
      </h1>
      {members > 0 && (
        <p class="members" data-testid="members" title={users.join(', ')}>
          {membersWords(members)}
        </p>
      )}
    </div>
  );
}
