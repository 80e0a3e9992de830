import { useEffect, useRef, useState } from 'preact/hooks';
import { type Chat, createChat } from './chat.ts';
import { identity, isModerator } from './identity.ts';
import { ModerationPanel } from './moderation/panel.tsx';
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
  const [moderating, setModerating] = useState(false);
  useEffect(() => {
    const made = createChat();
    setChat(made);
    return made.close;
  }, []);
  const view = chat?.view.value;
  const beside = moderating && isModerator.value ? view : undefined;
  useFocusBack(beside !== undefined);
  if (chat === undefined) return null;
  const classes = ['shell', (menu || view === undefined) && 'menu-open', beside && 'with-moderation'];
  return (
    <div class={classes.filter(Boolean).join(' ')}>
      <Sidebar chat={chat} onChosen={() => setMenu(false)} />
      <button
        type="button"
        class="scrim"
        aria-label="Close the list of rooms"
        onClick={() => setMenu(false)}
      />
      <RoomPane
        key={view?.name}
        chat={chat}
        view={view}
        onMenu={() => setMenu(true)}
        moderating={beside !== undefined}
        onModerate={() => setModerating(beside === undefined)}
      />
      {beside && (
        <ModerationPanel
          key={`of ${beside.name}`}
          view={beside}
          everywhere={chat.everywhere}
          onClose={() => setModerating(false)}
        />
      )}
    </div>
  );
}

/** Whoever closes the panel is back at the button that opened it. */
function useFocusBack(open: boolean) {
  const was = useRef(open);
  useEffect(() => {
    if (was.current && !open) document.getElementById('moderate')?.focus();
    was.current = open;
  }, [open]);
}
