import { errorBody, isRefusal, type Refusal, refuse } from '../../errors.ts';
import type { Hub, Presence } from '../../rooms/hub-types.ts';
import type { Connection } from '../connection.ts';
import type { RefreshFrame } from '../frames.ts';
import type { MayEnter } from '../identity.ts';
import type { VerifyToken } from '../token.ts';

export type RefreshDeps = {
  hub: Hub;
  presence: Presence;
  /** Refuses a revoked token too. */
  verify: VerifyToken;
  mayEnter: MayEnter;
};

/**
 * `refresh`: the connection goes on with a new token of the same user, under its claims and until its end.
 * Answers `refreshed`. Rooms that it does not cover are left, each with an `error` that names it and a `left`.
 * A token that is refused changes nothing.
 */
export function createRefresh({ hub, presence, verify, mayEnter }: RefreshDeps) {
  return async (connection: Connection, { token, ref }: RefreshFrame): Promise<Refusal | undefined> => {
    const identity = await verify(token);
    if (isRefusal(identity)) return identity;
    if (identity.user !== connection.identity.user) return refuse('forbidden');
    if (!connection.isOpen()) return undefined;
    connection.renew(identity);
    connection.answer({ type: 'refreshed', expiresAt: new Date(identity.expiresAt).toISOString() }, ref);
    const lost = [...connection.rooms.keys()].filter(room => !mayEnter(identity, room));
    for (const room of lost) {
      hub.leave(connection.member, room);
      connection.rooms.delete(room);
      connection.answer({ type: 'error', ...errorBody(NOT_COVERED), room });
      connection.answer({ type: 'left', room });
    }
    await Promise.all(lost.map(room => presence.leave(room, identity.user, connection.id)));
    return undefined;
  };
}

const NOT_COVERED = refuse('forbidden', { message: 'The new token does not cover this room.' });
