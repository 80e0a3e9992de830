import type { Fetched, Language, Sentiment, Submission, Verdict } from '../src/message.ts';
import type { Asks } from '../src/moderation/room-judge.ts';
import type { Result, Steps } from '../workflows/steps.ts';
import { createFetch, type Sources } from './fetch.ts';

export type Analysers = {
  language: { version: string; detect(text: string): Language };
  judge: {
    version: string;
    judge(input: {
      content: string;
      language: Language;
      room: string;
      by?: Asks['by'];
      fetched?: Fetched;
    }): Verdict;
    /** What is to be fetched before the message is judged; absent where nothing ever is. */
    asks?(submission: Submission): Asks;
  };
  sentiment: { version: string; analyse(text: string, language: Language): Sentiment };
};

const NOTHING: Omit<Asks, 'by'> & { by?: undefined } = { windows: [], scores: false };

type Deps = Analysers & Sources;

/**
 * Language, verdict and sentiment: pure work on each message; one that throws fails alone. What verdicts rest on
 * beside the text is fetched first, and then judged by the policy that asked for it.
 */
export function createAnalysisSteps({
  language,
  judge,
  sentiment,
  ...sources
}: Deps): Pick<Steps, 'language' | 'moderate' | 'sentiment'> {
  const fetchFor = createFetch(sources);
  return {
    language: async ({ submissions }) => each(submissions, ({ content }) => language.detect(content)),
    moderate: async ({ submissions, languages }) => {
      const asked = submissions.map((submission, i) => {
        const { by, ...asks } = judge.asks?.(submission) ?? NOTHING;
        return { submission, language: languages[i]!, asks, by };
      });
      const fetched = await fetchFor(asked);
      return each(submissions, ({ content, room }, i) => {
        const { language, by } = asked[i]!;
        const known = by === undefined ? {} : { by, fetched: fetched[i]! };
        return judge.judge({ content, room, language, ...known });
      });
    },
    sentiment: async ({ submissions, languages }) =>
      each(submissions, ({ content }, i) => sentiment.analyse(content, languages[i]!)),
  };
}

/** The cause is the error's name alone: its message may quote the text. */
function each<T>(submissions: Submission[], analyse: (submission: Submission, i: number) => T): Result<T>[] {
  return submissions.map((submission, i) => {
    try {
      return analyse(submission, i);
    } catch (error) {
      return { failed: error instanceof Error ? error.name : 'unknown' };
    }
  });
}
