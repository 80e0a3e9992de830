declare module 'vader-sentiment' {
  /** The four figures that VADER gives a text; `compound` lies in -1..1. */
  export type PolarityScores = { neg: number; neu: number; pos: number; compound: number };
  /** A text as VADER reads it; `is_cap_diff` when some of its words, but not all, are in capitals. */
  export type SentiText = { words_and_emoticons: string[]; is_cap_diff: boolean };
  export const SentimentIntensityAnalyzer: {
    polarity_scores(text: string): PolarityScores;
    /** Adds the valence of the word at `index` to `sentiments`, and returns them. */
    sentiment_valence(
      valence: number,
      text: SentiText,
      word: string,
      index: number,
      sentiments: number[],
    ): number[];
    but_check(words: string[], sentiments: number[]): number[];
    score_valence(sentiments: number[], text: string): PolarityScores;
  };
}
