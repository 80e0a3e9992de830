import type { Fetched, Language, Submission } from '../src/message.ts';
import type { Asks } from '../src/moderation/room-judge.ts';
import type { ModerationProvider } from '../src/provider/provider.ts';
import type { MessageWindows } from '../src/rooms/message-windows.ts';

export type Sources = {
  /** Where rules count. */
  windows?: MessageWindows | undefined;
  /** Who scores texts for the rules of policies that ask for it. */
  provider?: ModerationProvider | undefined;
};
type Wanted = { submission: Submission; language: Language; asks: Pick<Asks, 'windows' | 'scores'> };

/**
 * Fetches what the rules of each message's room ask for: those of a batch at once, windows and provider beside each
 * other. What a source does not give in time, or is not there to give, is absent: chat must not wait. Never throws.
 */
export function createFetch({ windows, provider }: Sources) {
  async function scoresOf(wanted: readonly Wanted[]) {
    const asked = wanted.filter(({ asks }) => asks.scores);
    if (asked.length === 0 || provider === undefined) return new Map<Wanted, Fetched['scores']>();
    const texts = asked.map(({ submission: { content }, language: { code } }) => ({
      content,
      language: code,
    }));
    const scores = await provider.score(texts);
    return new Map<Wanted, Fetched['scores']>(asked.map((one, i) => [one, scores[i]]));
  }

  return async (wanted: readonly Wanted[]): Promise<Fetched[]> => {
    const asked = wanted.map(({ submission, asks }) => ({ submission, windows: asks.windows }));
    const [counts, scores] = await Promise.all([windows?.count(asked), scoresOf(wanted)]);
    return wanted.map((one, i) => ({
      ...given('counts', counts?.[i]),
      ...given('scores', scores.get(one)),
    }));
  };
}

function given<K extends keyof Fetched>(name: K, value: Fetched[K] | undefined): Fetched {
  return value === undefined ? {} : { [name]: value };
}
