import { useEffect, useState } from 'preact/hooks';
import { type Chat, createChat } from './chat.ts';
import { identity } from './identity.ts';
import { RoomPane } from './room-pane.tsx';
import { Sidebar } from './sidebar.tsx';
import { SignIn } from './sign-in.tsx';

/** The whole page: signing in first, then the rooms. */
export function App() {
  return identity.value === undefined ? <SignIn /> : <Rooms />;
}

function Rooms() {
  const [chat, setChat] = useState<Chat>();
  const [menu, setMenu] = useState(false);
  useEffect(() => {
    const made = createChat();
    setChat(made);
    return made.close;
  }, []);
  if (chat === undefined) return null;
  const view = chat.view.value;
  return (
    <div class={`shell ${menu || view === undefined ? 'menu-open' : ''}`}>
      <Sidebar chat={chat} onChosen={() => setMenu(false)} />
      <button
        type="button"
        class="scrim"
        aria-label="Close the list of rooms"
        onClick={() => setMenu(false)}
      />
      <RoomPane key={view?.name} chat={chat} view={view} onMenu={() => setMenu(true)} />
    </div>
  );
}
