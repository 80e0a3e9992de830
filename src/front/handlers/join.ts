import { type Refusal, refuse } from '../../errors.ts';
import type { Hub, Presence } from '../../rooms/hub-types.ts';
import type { Signals } from '../../rooms/signals.ts';
import type { Connection } from '../connection.ts';
import type { JoinFrame } from '../frames.ts';
import type { MayEnter } from '../identity.ts';
import { NOBODY, type Present } from '../joined.ts';

export type JoinDeps = {
  hub: Hub;
  presence: Presence;
  signals: Signals;
  maxRooms: number;
  mayEnter: MayEnter;
};

const DEFAULT_RECENT = 50;

/** `join`: one or more `joined`, then every frame of the room from there on. Joining a joined room starts anew. */
export function createJoin({ hub, presence, signals, maxRooms, mayEnter }: JoinDeps) {
  async function leave({ rooms, member, identity, id }: Connection, room: string) {
    rooms.delete(room);
    hub.leave(member, room);
    await presence.leave(room, identity.user, id);
  }

  return async (connection: Connection, frame: JoinFrame): Promise<Refusal | undefined> => {
    const { room, since, recent = DEFAULT_RECENT, ref } = frame;
    const { rooms, member, identity } = connection;
    if (!mayEnter(identity, room)) return refuse('forbidden');
    if (!rooms.has(room) && rooms.size >= maxRooms) return refuse('room_limit');
    // Counted before the first wait, so that joins side by side cannot pass the limit together.
    rooms.set(room, rooms.get(room) ?? NOBODY);
    const endTurn = await connection.joinTurn();
    let isAnswered = false;
    try {
      const [here, readThrough] = await Promise.all([
        presence.enter(room, identity.user, connection.id),
        signals.readThrough(room, identity.user),
      ]);
      const present = { ...here, readThrough };
      if (connection.isOpen()) {
        rooms.set(room, present);
        const request = { room, recent, ...(since === undefined ? {} : { since }) };
        await hub.join(member, request, page => {
          isAnswered = !page.more;
          return connection.page(page, present, ref);
        });
        // Joined it is: what this second look cannot be told, the next news of presence will.
        const now = await presence.enter(room, identity.user, connection.id).catch(() => here);
        const change = changeOf(present, now);
        if (change && connection.isOpen()) connection.answer({ type: 'presence', room, ...change });
      }
    } catch (error) {
      await leave(connection, room);
      throw error;
    } finally {
      endTurn();
    }
    // A socket that closed meanwhile, whose new token covers less, or that was banned, has left its rooms before this
    // one was entered, or on the way into it, where the hub stops without a word.
    const isCovered = mayEnter(connection.identity, room);
    if (connection.isOpen() && isCovered && isAnswered) return undefined;
    await leave(connection, room);
    if (!connection.isOpen()) return undefined;
    if (!isAnswered) return refuse(isCovered ? 'unavailable' : 'forbidden');
    connection.answer({ type: 'left', room });
    return undefined;
  };
}

/**
 * Who came or went between the answer's look at the room and the first live frame, which tells only of what comes
 * later: a second look, now that this member hears the rest.
 */
function changeOf(before: Present, now: { users: string[]; members: number }) {
  const joined = now.users.filter(user => !before.users.includes(user));
  const left = before.users.filter(user => !now.users.includes(user));
  if (joined.length + left.length === 0 && now.members === before.members) return undefined;
  return { joined, left, members: now.members };
}
