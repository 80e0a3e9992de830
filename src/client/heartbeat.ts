/**
 * The client's own sign of life: a page cannot see WebSocket pings, so a silent connection is asked.
 * Two phases: *listening* for `heartbeatMs`; then `ping` is sent and *asking* lasts `answerMs`, after which the
 * connection counts as lost. Anything received leads back to listening.
 */
import type { Clock } from './clock.ts';

export type Heartbeat = { heard(): void; stop(): void };

type Deps = {
  clock: Clock;
  heartbeatMs: number;
  answerMs?: number;
  ping: () => void;
  lost: () => void;
};

export function createHeartbeat({ clock, heartbeatMs, answerMs = 8_000, ping, lost }: Deps): Heartbeat {
  let heardAt = clock.now();
  let asking = false;
  let cancel = clock.setTimer(listen, heartbeatMs);

  // One timer is re-armed when it fires, not at each frame: busy rooms would make thousands a second.
  function listen() {
    const quietMs = clock.now() - heardAt;
    if (quietMs < heartbeatMs) {
      cancel = clock.setTimer(listen, heartbeatMs - quietMs);
      return;
    }
    asking = true;
    cancel = clock.setTimer(() => (asking ? lost() : listen()), answerMs);
    ping();
  }

  return {
    heard() {
      heardAt = clock.now();
      asking = false;
    },
    stop: () => cancel(),
  };
}
