import { type Refusal, refuse } from '../../errors.ts';
import type { Hub } from '../../rooms/hub-types.ts';
import type { Signals } from '../../rooms/signals.ts';
import type { Connection } from '../connection.ts';
import type { TypingFrame } from '../frames.ts';

export type SignalDeps = { hub: Hub; signals: Signals };

/** `typing`: told to the others in the room; has no answer. */
export function createTyping({ hub, signals }: SignalDeps) {
  return async ({ member, identity }: Connection, { room }: TypingFrame): Promise<Refusal | undefined> => {
    if (!hub.has(member, room)) return refuse('not_joined');
    await signals.typing(room, identity.user);
    return undefined;
  };
}
