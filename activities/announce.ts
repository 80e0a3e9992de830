import type { Submission, Versions } from '../src/message.ts';
import type { WorkerMetrics } from '../src/metrics.ts';
import type { Outcomes, Announced as RoomAnnounced } from '../src/rooms/outcomes.ts';
import { type Announced, isFailed, type Steps } from '../workflows/steps.ts';
import { outcomeOf, standingOutcome } from './outcome.ts';

type Deps = { outcomes: Outcomes; versions: Versions; metrics: WorkerMetrics };

/** Puts the outcomes into the room logs, a script a room. What was announced before is found and stands. */
export function createAnnounceStep({ outcomes, versions, metrics }: Deps): Steps['announce'] {
  return async ({ batch, analyses }) => {
    const announced: Announced[] = analyses.map(analysis =>
      isFailed(analysis) ? analysis : { batch: batch.id, announcedAt: '' },
    );
    for (const [room, places] of placesByRoom(batch.submissions)) {
      const able = places.filter(i => !isFailed(analyses[i]!));
      if (able.length === 0) continue;
      const proposed = able.map(i => {
        const analysis = analyses[i]!;
        if (isFailed(analysis)) throw new Error('a failed analysis is not announced');
        return {
          submission: batch.submissions[i]!,
          outcome: outcomeOf(batch.submissions[i]!, analysis, versions),
        };
      });
      const result = await outcomes.announce(room, batch.id, proposed);
      const fresh = new Set(result.fresh);
      result.standings.forEach((standing, k) => {
        const place = able[k]!;
        if (standing.stands === 'stale')
          announced[place] = { batch: batch.id, announcedAt: batch.dispatchedAt };
        else {
          const { message, last } = standing;
          announced[place] = {
            ...(fresh.has(k) ? {} : { outcome: standingOutcome(message, proposed[k]!.outcome) }),
            batch: message.batch ?? batch.id,
            announcedAt: message.announcedAt ?? batch.dispatchedAt,
            last,
          };
        }
      });
      observe(result, proposed, metrics);
    }
    return announced;
  };
}

/** Indices by room, rooms in order of their names, so that two batches never wait for each other crosswise. */
export function placesByRoom(submissions: { room: string }[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [i, { room }] of submissions.entries()) {
    const own = places.get(room);
    if (own === undefined) places.set(room, [i]);
    else own.push(i);
  }
  return new Map([...places].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function observe(
  { fresh, present }: RoomAnnounced,
  proposed: { submission: Submission; outcome: { status: string } }[],
  metrics: WorkerMetrics,
) {
  for (const k of fresh) {
    const { submission, outcome } = proposed[k]!;
    metrics.outcomes.inc({ status: outcome.status });
    if (outcome.status === 'visible') continue;
    metrics.exposure.observe(
      { status: outcome.status },
      (Date.now() - Date.parse(submission.timestamp)) / 1_000,
    );
    metrics.exposedMembers.observe({ status: outcome.status }, present);
  }
}
