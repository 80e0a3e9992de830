/** Who sees a text at first, as its room wants it: sends and edits alike, by socket and HTTP. */
import { type Refusal, refuse } from '../errors.ts';
import { maskSpans, type Verdict } from '../message.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Policy } from '../moderation/policy/types.ts';
import type { Amend } from '../rooms/amend.ts';
import type { Release } from '../rooms/log-types.ts';

type Deps = {
  policies: { release(room: string): NonNullable<Policy['release']> };
  /** Undefined: no verdict within this time. Does not throw. */
  judge(room: string, content: string, timeoutMs: number): Promise<Verdict | undefined>;
  metrics: GatewayMetrics;
};
/** Never rejects. */
export type Releasing = (room: string, content: string) => Promise<Release>;

const INLINE_MS = 1_000;
/** Longest wait for a verdict: the connection's next frame waits with it. */
const MAX_INLINE_MS = 5_000;
const GATED_MS = 10_000;
const RETRY_AFTER_MS = 1_000;
const REPHRASE = 'The room does not take this message as it is; it may be rephrased.';

const TO_ALL: Release = { to: 'all' };

/**
 * `live`: everyone sees the text. `inline`: what the text rules make of it; where no verdict comes in time the room's
 * choice decides, `closed` (none was made) refuses it for now. `gated`: its author alone, until the pipeline or the
 * deadline decides.
 */
export function createReleasing({ policies, judge, metrics }: Deps): Releasing {
  return async (room, content) => {
    const { mode, deadlineMs, afterDeadline = 'closed' } = policies.release(room);
    if (mode === 'live') return TO_ALL;
    if (mode === 'gated') {
      return {
        to: 'author',
        status: 'held',
        gate: { deadlineMs: deadlineMs ?? GATED_MS, choice: afterDeadline },
      };
    }
    const stop = metrics.inline.startTimer();
    const verdict = await judge(room, content, Math.min(deadlineMs ?? INLINE_MS, MAX_INLINE_MS));
    stop({ action: verdict?.action ?? 'none' });
    if (verdict !== undefined) return releaseBy(verdict, content);
    return afterDeadline === 'open' ? TO_ALL : nobody(refuse('overloaded', { retryAfterMs: RETRY_AFTER_MS }));
  };
}

function releaseBy({ action, spans }: Verdict, content: string): Release {
  switch (action) {
    case 'allow':
    case 'flag':
      return TO_ALL;
    case 'mask':
      return { to: 'all', content: maskSpans(content, spans) };
    case 'hold':
      return { to: 'author', status: 'held' };
    case 'shadow':
      // Its author is not to notice.
      return { to: 'author', status: 'pending' };
    case 'bounce':
      return nobody(refuse('blocked', { message: REPHRASE }));
    case 'block':
      return nobody(refuse('blocked'));
  }
}

const nobody = (refusal: Refusal): Release => ({ to: 'nobody', refusal });

/** Edits obey the room's release as sends do. */
export function createReleasedAmend({ amend, releasing }: { amend: Amend; releasing: Releasing }): Amend {
  return {
    ...amend,
    edit: async change =>
      await amend.edit({ ...change, release: await releasing(change.room, change.content) }),
  };
}
