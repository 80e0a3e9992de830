import { type Refusal, refuse } from '../errors.ts';
import type { Limiter } from '../rooms/limiter.ts';
import type { Load } from './limits-load.ts';
import type { Submit } from './submit.ts';

type Deps = { submit: Submit; limiter: Limiter; load: Pick<Load, 'isOverloaded' | 'retryAfterMs'> };

/**
 * Holds sends to the user's rate and to what this process can bear, by socket and HTTP alike. A repeat of a
 * message that the log knows is answered whatever the limits say: only who would be refused is looked up, so an
 * ordinary send costs one round trip more, and a refused one two.
 */
export function createLimitedSubmit({ submit, limiter, load }: Deps): Submit {
  async function refusalFor(user: string): Promise<Refusal | undefined> {
    if (load.isOverloaded()) return refuse('overloaded', { retryAfterMs: load.retryAfterMs });
    const waitMs = await limiter.take(user);
    return waitMs === 0 ? undefined : refuse('rate_limited', { retryAfterMs: Math.ceil(waitMs) });
  }

  return async (identity, room, draft) => {
    const refusal = await refusalFor(identity.user);
    if (refusal === undefined || (await limiter.knows(room, identity.user, draft.clientId))) {
      return submit(identity, room, draft);
    }
    return refusal;
  };
}
