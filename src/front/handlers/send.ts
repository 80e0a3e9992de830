import { isRefusal, type Refusal, refuse } from '../../errors.ts';
import type { Hub } from '../../rooms/hub-types.ts';
import type { Connection } from '../connection.ts';
import type { SendFrame } from '../frames.ts';
import type { Submit } from '../submit.ts';

export type SendDeps = { hub: Hub; submit: Submit };

/** `send`: answers `ack` once the message is durable; in a room that this connection has joined. */
export function createSend({ hub, submit }: SendDeps) {
  return async (connection: Connection, frame: SendFrame): Promise<Refusal | undefined> => {
    const { room, ref } = frame;
    if (!hub.has(connection.member, room)) return refuse('not_joined');
    const ack = await submit(connection.identity, room, frame);
    if (isRefusal(ack)) return ack;
    connection.answer({ type: 'ack', ...ack }, ref);
    return undefined;
  };
}
