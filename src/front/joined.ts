import type { JoinedPage } from '../rooms/hub-types.ts';
import type { Ref } from './frames.ts';

/** Who was present when the room was joined: first 100 by name, and how many distinct users. */
export type Present = { users: string[]; members: number };

/** A `joined` frame. Its events are encoded already and are set in as they are. */
export function encodeJoined(page: JoinedPage, present: Present, ref?: Ref): string {
  const { events, ...place } = page;
  const frame = {
    type: 'joined',
    ...(ref === undefined ? {} : { ref }),
    ...place,
    ...present,
    readThrough: 0,
  };
  return `${JSON.stringify(frame).slice(0, -1)},"events":[${events.join(',')}]}`;
}
