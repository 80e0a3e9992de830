import { isRefusal, type Refusal, refuse } from '../../errors.ts';
import type { Connection } from '../connection.ts';
import type { DeleteFrame } from '../frames.ts';
import type { AmendDeps } from './edit.ts';

/** `delete`: answers `ack` once the message is removed for everyone; for its author and for moderators. */
export function createDelete({ hub, amend }: AmendDeps) {
  return async (connection: Connection, frame: DeleteFrame): Promise<Refusal | undefined> => {
    const { room, id, ref } = frame;
    const { user, moderator } = connection.identity;
    if (!hub.has(connection.member, room)) return refuse('not_joined');
    const ack = await amend.remove({ room, id, user, moderator });
    if (isRefusal(ack)) return ack;
    connection.answer({ type: 'ack', ...ack }, ref);
    return undefined;
  };
}
