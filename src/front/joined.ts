import type { JoinedPage } from '../rooms/hub-types.ts';
import type { Ref } from './frames.ts';

/** Who was present when the room was joined (first 100 by name, and how many), and how far the user has read. */
export type Present = { users: string[]; members: number; readThrough: number };
export const NOBODY: Present = { users: [], members: 0, readThrough: 0 };

/** A `joined` frame. Its events are encoded already and are set in as they are. */
export function encodeJoined(page: JoinedPage, present: Present, ref?: Ref): string {
  const { events, ...place } = page;
  const frame = {
    type: 'joined',
    ...(ref === undefined ? {} : { ref }),
    ...place,
    ...present,
  };
  return `${JSON.stringify(frame).slice(0, -1)},"events":[${events.join(',')}]}`;
}
