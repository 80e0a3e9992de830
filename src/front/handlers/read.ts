import { type Refusal, refuse } from '../../errors.ts';
import type { Connection } from '../connection.ts';
import type { ReadFrame } from '../frames.ts';
import type { SignalDeps } from './typing.ts';

/** `read`: how far the user has read, told to the room as a `receipt`; has no answer. */
export function createRead({ hub, signals }: SignalDeps) {
  return async (
    { member, identity }: Connection,
    { room, through }: ReadFrame,
  ): Promise<Refusal | undefined> => {
    if (!hub.has(member, room)) return refuse('not_joined');
    await signals.read(room, identity.user, through);
    return undefined;
  };
}
