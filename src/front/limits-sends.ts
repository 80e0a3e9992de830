import { type Refusal, refuse } from '../errors.ts';
import type { Amend } from '../rooms/amend.ts';
import type { Limiter } from '../rooms/limiter.ts';
import type { Load } from './limits-load.ts';
import type { Sanctions } from './sanctions.ts';
import type { Submit } from './submit.ts';

type Bounds = { limiter: Limiter; load: Pick<Load, 'isOverloaded' | 'retryAfterMs'> };

/** Why this user may append nothing now. Takes a token where there is one. */
async function refusalFor({ limiter, load }: Bounds, user: string): Promise<Refusal | undefined> {
  if (load.isOverloaded()) return refuse('overloaded', { retryAfterMs: load.retryAfterMs });
  const waitMs = await limiter.take(user);
  return waitMs === 0 ? undefined : refuse('rate_limited', { retryAfterMs: Math.ceil(waitMs) });
}

/**
 * Holds sends to the user's rate and to what this process can bear, by socket and HTTP alike. A repeat of a
 * message that the log knows is answered whatever the limits say: only who would be refused is looked up, so an
 * ordinary send costs one round trip more, and a refused one two.
 */
export function createLimitedSubmit({ submit, ...bounds }: Bounds & { submit: Submit }): Submit {
  return async (identity, room, draft) => {
    const refusal = await refusalFor(bounds, identity.user);
    if (refusal === undefined || (await bounds.limiter.knows(room, identity.user, draft.clientId))) {
      return submit(identity, room, draft);
    }
    return refusal;
  };
}

/** Refuses the sends of who is muted or banned there; a repeat of a message that the log knows is answered still. */
export function createSanctionedSubmit({
  submit,
  sanctions,
  limiter,
}: {
  submit: Submit;
  sanctions: Pick<Sanctions, 'isMuted' | 'isBanned'>;
  limiter: Pick<Limiter, 'knows'>;
}): Submit {
  return async (identity, room, draft) => {
    const silent = sanctions.isMuted(identity, room) || sanctions.isBanned(identity, room);
    if (!silent || (await limiter.knows(room, identity.user, draft.clientId))) {
      return submit(identity, room, draft);
    }
    return refuse('forbidden');
  };
}

/** Holds edits and decisions to the same rate: each is an entry of the log and a run of the pipeline, as a send is. */
export function createLimitedAmend({ amend, ...bounds }: Bounds & { amend: Amend }): Amend {
  return {
    ...amend,
    async edit(change) {
      return (await refusalFor(bounds, change.user)) ?? amend.edit(change);
    },
    async decide(change) {
      return (await refusalFor(bounds, change.by)) ?? amend.decide(change);
    },
  };
}
