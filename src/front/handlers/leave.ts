import type { Hub, Presence } from '../../rooms/hub-types.ts';
import type { Connection } from '../connection.ts';
import type { LeaveFrame } from '../frames.ts';

export type LeaveDeps = { hub: Hub; presence: Presence };

/** `leave`: answers `left`, for a room that was not joined too; no frame of the room follows it. */
export function createLeave({ hub, presence }: LeaveDeps) {
  return async (connection: Connection, { room, ref }: LeaveFrame): Promise<undefined> => {
    hub.leave(connection.member, room);
    if (connection.rooms.delete(room)) {
      await presence.leave(room, connection.identity.user, connection.id);
    }
    connection.answer({ type: 'left', room }, ref);
  };
}
