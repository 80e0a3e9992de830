import type { Room, RoomMessage } from '../../src/client/index.ts';
import { until } from './until.ts';

/** A message as a client of the room has it. */
export const find = (room: Room, id: number) => room.messages().find(message => message.id === id);

/** Waits until a client of the room has the message, and it is so. */
export const stands = (room: Room, id: number, test: (message: RoomMessage) => boolean) =>
  until(
    'the message stands so',
    () => {
      const message = find(room, id);
      return message !== undefined && test(message);
    },
    60_000,
  );
