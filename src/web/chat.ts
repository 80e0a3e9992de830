/** What is open at this tab: the connection, the list of rooms, and the rooms that were visited. */
import { computed, signal } from '@preact/signals';
import { createClient, type RoomSummary } from '../client/index.ts';
import { signOut, tokenFor } from './identity.ts';
import { createEverywhereView } from './moderation/views.ts';
import { roomNameProblem } from './names.ts';
import { createRoomView, type RoomView } from './room-view.ts';

export type Chat = ReturnType<typeof createChat>;

/** Rooms that stay joined after a visit, so that they can show what is new; beyond it the oldest is left. */
const MAX_OPEN = 20;
const MAX_MESSAGES = 2_000;
const MAX_LISTED = 100;
const LIST_EVERY_MS = 30_000;

export function createChat() {
  const client = createClient({ url: location.origin, token: tokenFor, maxMessages: MAX_MESSAGES });
  const connection = signal(client.state());
  const listed = signal<RoomSummary[]>([]);
  const open = signal<ReadonlyMap<string, RoomView>>(new Map());
  const current = signal<string | undefined>(undefined);

  const offState = client.on('state', state => {
    connection.value = state;
    if (state.state === 'open') void refreshRooms();
  });

  async function refreshRooms() {
    try {
      const { rooms } = await client.listRooms({ limit: MAX_LISTED });
      listed.value = rooms;
    } catch {
      // The list that is there stays; the next turn brings a newer one.
    }
  }

  function enter(name: string) {
    const views = new Map(open.value);
    const view = views.get(name) ?? createRoomView(client, client.room(name));
    views.delete(name);
    views.set(name, view);
    for (const [oldest, left] of views) {
      if (views.size <= MAX_OPEN) break;
      views.delete(oldest);
      left.close();
    }
    view.mark();
    open.value = views;
    current.value = name;
    if (roomOfAddress() !== name) history.replaceState(null, '', `#${name}`);
  }

  function followAddress() {
    const name = roomOfAddress();
    if (name !== undefined && name !== current.value) enter(name);
  }

  function online() {
    client.retry();
  }

  function seen() {
    if (document.visibilityState !== 'visible') return;
    client.retry();
    void refreshRooms();
  }

  const listing = setInterval(() => {
    if (document.visibilityState === 'visible' && client.state().state === 'open') void refreshRooms();
  }, LIST_EVERY_MS);
  addEventListener('hashchange', followAddress);
  addEventListener('online', online);
  document.addEventListener('visibilitychange', seen);
  client.connect();
  followAddress();

  function close() {
    clearInterval(listing);
    removeEventListener('hashchange', followAddress);
    removeEventListener('online', online);
    document.removeEventListener('visibilitychange', seen);
    offState();
    client.close();
  }

  return {
    connection,
    user: () => client.user(),
    /** Every room that is known here: those of the list, and those that were entered and have no message yet. */
    rooms: computed(() => {
      const names = new Set([...listed.value.map(({ room }) => room), ...open.value.keys()]);
      return [...names].sort();
    }),
    open,
    current,
    /** For admins. */
    everywhere: createEverywhereView(client.moderation),
    view: computed(() => (current.value === undefined ? undefined : open.value.get(current.value))),
    enter,
    retry: client.retry,
    close,
    signOut() {
      close();
      history.replaceState(null, '', location.pathname);
      signOut();
    },
  };
}

/** The room that the address names after its `#`, if it is one. */
function roomOfAddress(): string | undefined {
  const name = location.hash.slice(1);
  return roomNameProblem(name) === undefined ? name : undefined;
}
