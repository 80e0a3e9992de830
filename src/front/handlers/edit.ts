import { isRefusal, type Refusal, refuse } from '../../errors.ts';
import type { Amend } from '../../rooms/amend.ts';
import type { Hub } from '../../rooms/hub-types.ts';
import type { Connection } from '../connection.ts';
import type { EditFrame } from '../frames.ts';
import type { Sanctions } from '../sanctions.ts';

export type AmendDeps = { hub: Hub; amend: Amend; sanctions: Pick<Sanctions, 'isMuted'> };

/** `edit`: answers `ack` with the new revision, which goes through the pipeline as the first one did. */
export function createEdit({ hub, amend, sanctions }: AmendDeps) {
  return async (connection: Connection, frame: EditFrame): Promise<Refusal | undefined> => {
    const { room, id, content, ref } = frame;
    if (!hub.has(connection.member, room)) return refuse('not_joined');
    if (sanctions.isMuted(connection.identity, room)) return refuse('forbidden');
    const ack = await amend.edit({ room, id, content, user: connection.identity.user });
    if (isRefusal(ack)) return ack;
    connection.answer({ type: 'ack', ...ack }, ref);
    return undefined;
  };
}
