/** The three steps of the naive designs, one message each: the analysis is Parley's own. */
import { Pool } from 'pg';
import { createLanguageDetector } from '../../../src/enrichment/language.ts';
import { createSentimentAnalyser } from '../../../src/enrichment/sentiment.ts';
import type { Language, Sentiment, Verdict } from '../../../src/message.ts';
import { createJudge } from '../../../src/moderation/judge.ts';

export type Sent = { run: string; n: number; content: string; sentAt: string };
export type Enriched = { language: Language; sentiment: Sentiment };
export type NaiveSteps = Awaited<ReturnType<typeof createNaiveSteps>>;
export type Services = { databaseUrl: string; redisUrl: string; temporalAddress: string };

const INSERT = `INSERT INTO naive (run, n, content, sent_at, language, verdict, sentiment)
  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`;

export async function createNaiveSteps(databaseUrl: string) {
  const pool = new Pool({ connectionString: databaseUrl, max: 10 });
  const detector = await createLanguageDetector();
  const judge = createJudge();
  const sentiments = createSentimentAnalyser();
  return {
    async enrich(content: string): Promise<Enriched> {
      const language = detector.detect(content);
      return { language, sentiment: sentiments.analyse(content, language) };
    },
    moderate: async (content: string, language: Language): Promise<Verdict> =>
      judge.judge({ content, language }),
    async store({ run, n, content, sentAt }: Sent, { language, sentiment }: Enriched, verdict: Verdict) {
      const json = [language, verdict, sentiment].map(value => JSON.stringify(value));
      await pool.query(INSERT, [run, n, content, sentAt, ...json]);
    },
    close: () => pool.end(),
  };
}
