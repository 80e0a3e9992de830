import { useState } from 'preact/hooks';
import { Avatar } from './avatar.tsx';
import type { RoomView } from './room-view.ts';
import { membersWords, othersWords } from './words.ts';

/** How many are here, and on demand who: the first 100 by name. */
export function People({ view }: { view: RoomView }) {
  const [open, setOpen] = useState(false);
  const { users, members } = view.presence.value;
  if (members === 0) return null;
  return (
    <div class="people">
      <button
        type="button"
        class="members"
        data-testid="members"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        onKeyDown={event => {
          if (event.key === 'Escape') setOpen(false);
        }}
      >
        {membersWords(members)}
      </button>
      {open && (
        <section class="people-list" aria-label="Who is here" data-testid="people">
          <ul>
            {users.map(user => (
              <li key={user}>
                <Avatar user={user} name={view.nameOf(user)} />
                <span dir="auto" title={user}>
                  {view.nameOf(user)}
                </span>
              </li>
            ))}
          </ul>
          {members > users.length && <p>{othersWords(members - users.length)}</p>}
        </section>
      )}
    </div>
  );
}
