import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SentimentIntensityAnalyzer } from 'vader-sentiment';
import { createSentimentAnalyser } from '../../src/enrichment/sentiment.ts';
import { compoundOf } from '../../src/enrichment/vader.ts';
import type { Language } from '../../src/message.ts';

const { analyse } = createSentimentAnalyser();
const ENGLISH: Language = { code: 'en', confidence: 1 };

describe('sentiment', () => {
  it('labels praise, complaint and plain statements', () => {
    const lines = {
      positive: ['I love this, thank you so much!', 'what a great idea :)', 'best day ever 😀 happy'],
      negative: ['this is terrible, I hate it', 'not good at all', 'so sad and disappointed'],
      neutral: ['the meeting is at three', 'see page four', ''],
    } as const;
    for (const [label, texts] of Object.entries(lines)) {
      for (const text of texts) assert.equal(analyse(text, ENGLISH).label, label, text);
    }
  });

  it('does not read a language that is surely another as English', () => {
    const finnish: Language = { code: 'fi', confidence: 0.99 };
    assert.deepEqual(analyse('love hate terrible', finnish), { score: 0, label: 'neutral' });
  });

  it('reads text of unknown or unsure language as English', () => {
    assert.equal(analyse('love it', { code: 'und', confidence: 0 }).label, 'positive');
    assert.equal(analyse('happy birthday!', { code: 'tl', confidence: 0.7 }).label, 'positive');
  });

  it('gives the same score as the package for any sequence of words and signs', () => {
    const words =
      `good bad not never so this very kind of but BUT GREAT great LOVE hate least at uh-uh don't isn't sort
      the bomb shit yeah right :) :( ;-) !!! ?? meh-ish lol a I x é naïve hasOwnProperty __proto__ constructor`.split(
        /\s+/,
      );
    const signs = ['', '', '', '.', '!', '!!', '?!?', ',', '"', "'", '-', '...', '(', ')'];
    const token = fc
      .tuple(fc.constantFrom(...signs), fc.constantFrom(...words), fc.constantFrom(...signs))
      .map(parts => parts.join(''));
    const text = fc.array(token, { maxLength: 25 }).map(tokens => tokens.join(' '));
    fc.assert(
      fc.property(text, written => {
        assert.equal(compoundOf(written), SentimentIntensityAnalyzer.polarity_scores(written).compound);
      }),
      { numRuns: 500 },
    );
  });

  it('gives a finite score of -1..1 that fits its label for any text', () => {
    const units = fc.array(fc.nat(0xffff), { maxLength: 200 }).map(list => String.fromCharCode(...list));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), units), text => {
        const { score, label } = analyse(text, ENGLISH);
        assert.ok(score >= -1 && score <= 1);
        if (label === 'positive') assert.ok(score > 0);
        if (label === 'negative') assert.ok(score < 0);
      }),
    );
  });

  it('settles the longest hostile messages', () => {
    assert.equal(analyse('good '.repeat(800), ENGLISH).label, 'positive');
    assert.equal(analyse(`${'A'.repeat(3_999)}a`, ENGLISH).label, 'neutral');
    assert.equal(analyse('!'.repeat(4_000), ENGLISH).label, 'neutral');
    assert.equal(analyse('\ud800'.repeat(4_000), ENGLISH).label, 'neutral');
  });
});
