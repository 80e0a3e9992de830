import type { RoomMessage } from '../client/index.ts';

/** The message that what is being written is about: a reply to it, or another text for it. */
export type About = { kind: 'reply' | 'edit'; message: RoomMessage };
