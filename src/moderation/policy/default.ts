import type { Policy } from './types.ts';

/** What judges where nobody set a policy. The thresholds were chosen on labelled rows (`npm run bench:nlp`). */
export const DEFAULT_POLICY: Policy = {
  schema: 1,
  rules: [
    { id: 'profanity/slur', type: 'builtin', list: 'slur', action: 'block' },
    { id: 'profanity/offensive', type: 'builtin', list: 'offensive', action: 'mask' },
    { id: 'profanity/strong', type: 'builtin', list: 'strong', action: 'mask' },
    // Clinical and mild words are only noted: people talk of health.
    { id: 'profanity/sexual', type: 'builtin', list: 'sexual', action: 'flag' },
    { id: 'profanity/mild', type: 'builtin', list: 'mild', action: 'flag' },
    { id: 'insult/personal', type: 'builtin', list: 'insult', action: 'flag' },
    { id: 'threat/direct', type: 'builtin', list: 'threat', action: 'block' },
    // As often a figure of speech.
    { id: 'threat/wish', type: 'builtin', list: 'wish', action: 'flag' },
    {
      id: 'spam/links',
      type: 'spam',
      links: true,
      above: 0.5,
      action: 'flag',
      escalate: { above: 0.9859, action: 'block' },
    },
    {
      id: 'spam/offer',
      type: 'spam',
      links: false,
      above: 0.5,
      action: 'flag',
      escalate: { above: 0.9859, action: 'block' },
    },
    { id: 'spam/shouting', type: 'capitals', share: 0.95, minLetters: 60, minMarks: 3, action: 'flag' },
    { id: 'spam/repetition', type: 'repetition', words: 15, share: 0.6, run: 100, lines: 5, action: 'flag' },
  ],
};
/** Changes whenever the default policy, a list or a weight does. */
export const BUILTIN_VERSION = 'builtin-1';
