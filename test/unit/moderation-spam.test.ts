import assert from 'node:assert/strict';
import { createJudge } from '../../src/moderation/judge.ts';

const { judge } = createJudge();
const ENGLISH = { code: 'en', confidence: 1 };
const FRENCH = { code: 'fr', confidence: 1 };
const rules = (content: string, english = true) =>
  judge({ content, language: english ? ENGLISH : FRENCH }).hits?.map(hit => `${hit.rule} ${hit.action}`);

describe('spam', () => {
  it('flags an advertisement, by its link where it has one', () => {
    assert.deepEqual(rules('Win cash today! Claim your free prize at www.example.com, offer expires'), [
      'spam/links flag',
    ]);
    assert.deepEqual(rules('FREE ringtone offer this week, text TONE to 85999'), ['spam/offer flag']);
  });

  it('blocks only where many signs come together', () => {
    const certain =
      'URGENT! You have won a guaranteed £2000 cash prize. Claim now: call 09051234567 or text CLAIM to 84999. ' +
      'T&Cs apply, cost 150p per msg, www.example.co.uk';
    assert.deepEqual(rules(certain), ['spam/links block']);
  });

  it('lets links, prices, numbers and excitement pass', () => {
    for (const content of [
      'the notes are at https://example.org/notes/4',
      'look: https://www.example.com/watch?v=xT57dkEq0a',
      'lunch was £12, you owe me 6',
      'my number is 07700 900123, text me when you are home',
      'WE DID IT',
      'I won the game lol, free pizza for all of us',
      'order 66 is on its way',
    ]) {
      assert.deepEqual(rules(content), [], content);
    }
  });

  it('flags shouting by length, capitals and exclamation marks together', () => {
    const shout = 'EVERYBODY LOOK AT ME RIGHT THIS MOMENT BECAUSE THIS IS THE BIG ONE AT LAST';
    assert.deepEqual(rules(`${shout}!!!`), ['spam/shouting flag']);
    assert.deepEqual(rules(shout), []);
    assert.deepEqual(rules(`${shout.toLowerCase()}!!!`), []);
  });

  it('flags mass repetition of a word, a character or a line, in any language', () => {
    assert.deepEqual(rules('hey '.repeat(30), false), ['spam/repetition flag']);
    assert.deepEqual(rules('x'.repeat(200), false), ['spam/repetition flag']);
    assert.deepEqual(rules('come and look\n'.repeat(6), false), ['spam/repetition flag']);
    for (const content of [
      'no no no no',
      'aaaaaaah',
      `a${' '.repeat(300)}b`,
      'yes\nyes\nyes\nyes\nyes\nyes',
    ]) {
      assert.deepEqual(rules(content), [], content);
    }
  });
});
