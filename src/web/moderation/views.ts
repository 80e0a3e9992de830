/** What the moderators' panel shows, of one room and of all. Nothing is asked for before it is opened. */
import type { Moderation } from '../../client/index.ts';
import { createLogView } from './log-view.ts';
import { createPolicyView } from './policy-view.ts';
import { createQueueView } from './queue-view.ts';
import { createRunsView } from './runs-view.ts';
import { createSanctionsView } from './sanctions-view.ts';

export type RoomModerationView = ReturnType<typeof createRoomModerationView>;
export type EverywhereView = ReturnType<typeof createEverywhereView>;

export function createRoomModerationView(moderation: Moderation, name: string) {
  const room = moderation.room(name);
  return {
    queue: createQueueView(room),
    sanctions: createSanctionsView(room, 'in this room'),
    log: createLogView(room),
    policy: createPolicyView(room.policy, moderation.defaultPolicy),
    runs: createRunsView(moderation.runs, name),
  };
}

/** For admins. */
export function createEverywhereView(moderation: Moderation) {
  return {
    sanctions: createSanctionsView(moderation.everywhere, 'everywhere'),
    policy: createPolicyView(moderation.defaultPolicy),
  };
}
