import type { Language, Sentiment, Submission, Verdict } from '../src/message.ts';
import type { Result, Steps } from '../workflows/steps.ts';

export type Analysers = {
  language: { version: string; detect(text: string): Language };
  judge: { version: string; judge(input: { content: string; language: Language }): Verdict };
  sentiment: { version: string; analyse(text: string, language: Language): Sentiment };
};

/** Language, verdict and sentiment: pure work on each message; one that throws fails alone. */
export function createAnalysisSteps({
  language,
  judge,
  sentiment,
}: Analysers): Pick<Steps, 'language' | 'moderate' | 'sentiment'> {
  return {
    language: async ({ submissions }) => each(submissions, ({ content }) => language.detect(content)),
    moderate: async ({ submissions, languages }) =>
      each(submissions, ({ content }, i) => judge.judge({ content, language: languages[i]! })),
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
