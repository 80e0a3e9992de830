import type { Language, Sentiment, Submission, Verdict } from '../src/message.ts';
import type { MessageWindows, WindowAsked } from '../src/rooms/message-windows.ts';
import type { Result, Steps } from '../workflows/steps.ts';

export type Analysers = {
  language: { version: string; detect(text: string): Language };
  judge: {
    version: string;
    judge(input: {
      content: string;
      language: Language;
      room: string;
      counts?: Record<string, number> | undefined;
    }): Verdict;
    /** What the rules of the message's room want counted before it is judged. */
    windows?(submission: Submission): WindowAsked[];
  };
  sentiment: { version: string; analyse(text: string, language: Language): Sentiment };
};

type Deps = Analysers & { windows?: MessageWindows | undefined };

/**
 * Language, verdict and sentiment: pure work on each message; one that throws fails alone. Counts are fetched first,
 * those of a batch at once; where they cannot be had a message is judged without them, for chat must not wait.
 */
export function createAnalysisSteps({
  language,
  judge,
  sentiment,
  windows,
}: Deps): Pick<Steps, 'language' | 'moderate' | 'sentiment'> {
  return {
    language: async ({ submissions }) => each(submissions, ({ content }) => language.detect(content)),
    moderate: async ({ submissions, languages }) => {
      const asked = submissions.map(submission => ({
        submission,
        windows: judge.windows?.(submission) ?? [],
      }));
      const counts = (await windows?.count(asked)) ?? [];
      return each(submissions, ({ content, room }, i) =>
        judge.judge({ content, room, language: languages[i]!, counts: counts[i] }),
      );
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
