import { useState } from 'preact/hooks';
import { Avatar } from './avatar.tsx';
import type { Chat } from './chat.ts';
import { Icon } from './icons.tsx';
import { identity } from './identity.ts';
import { roomNameProblem } from './names.ts';

type Props = { chat: Chat; onChosen(): void };

/** The rooms, a way to a new one, and who one is. */
export function Sidebar({ chat, onChosen }: Props) {
  const [typed, setTyped] = useState('');
  const [problem, setProblem] = useState<string>();
  const name = typed.trim().toLowerCase();
  const rooms = chat.rooms.value.filter(room => room.includes(name) || roomNameProblem(name) !== undefined);

  function choose(room: string) {
    setTyped('');
    setProblem(undefined);
    chat.enter(room);
    onChosen();
  }

  function submit(event: Event) {
    event.preventDefault();
    const wrong = roomNameProblem(name);
    if (wrong === undefined) choose(name);
    else setProblem(wrong);
  }

  return (
    <aside class="sidebar" aria-label="Rooms">
      <p class="brand">
        <Icon name="mark" /> Parley
      </p>
      <form class="room-form" onSubmit={submit}>
        <label for="room" class="hidden">
          Find or create a room
        </label>
        <input
          id="room"
          data-testid="room-input"
          placeholder="Find or create a room"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          value={typed}
          aria-invalid={problem !== undefined}
          aria-describedby="room-problem"
          onInput={event => {
            setTyped(event.currentTarget.value);
            setProblem(undefined);
          }}
        />
        <p class="problem" id="room-problem" role="alert">
          {problem}
        </p>
      </form>
      <nav aria-label="Rooms">
        <ul class="rooms" data-testid="room-list">
          {rooms.map(room => (
            <RoomItem key={room} chat={chat} room={room} onChoose={choose} />
          ))}
        </ul>
        {rooms.length === 0 && problem === undefined && (
          <p class="hint">
            {name === '' ? 'No rooms yet. Name one above to begin.' : `Press Enter to open “${name}”.`}
          </p>
        )}
      </nav>
      <Me chat={chat} />
    </aside>
  );
}

function RoomItem({ chat, room, onChoose }: { chat: Chat; room: string; onChoose(room: string): void }) {
  const isCurrent = chat.current.value === room;
  const unread = isCurrent ? 0 : (chat.open.value.get(room)?.unread.value ?? 0);
  return (
    <li>
      <button
        type="button"
        class="room"
        aria-current={isCurrent ? 'page' : undefined}
        onClick={() => onChoose(room)}
      >
        <span class="room-sign" aria-hidden="true">
          #
        </span>
        <span class="room-name">{room}</span>
        {unread > 0 && (
          <span class="unread" title={`${unread} new`}>
            {unread > 99 ? '99+' : unread}
          </span>
        )}
      </button>
    </li>
  );
}

function Me({ chat }: { chat: Chat }) {
  const state = chat.connection.value;
  const user = state.state === 'open' ? state.user : (chat.user() ?? identity.value?.user ?? '');
  const name = identity.value?.name || user;
  return (
    <div class="me">
      <Avatar user={user} name={name} />
      <span class="me-name" dir="auto" title={user}>
        {name}
      </span>
      <button type="button" class="quiet" aria-label="Sign out" title="Sign out" onClick={chat.signOut}>
        <Icon name="leave" />
      </button>
    </div>
  );
}
