import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ACTIONS, type Language, maskSpans, type Verdict } from '../../src/message.ts';
import { createJudge } from '../../src/moderation/judge.ts';

const { judge, version } = createJudge();
const ENGLISH: Language = { code: 'en', confidence: 1 };
const verdict = (content: string, language = ENGLISH) => judge({ content, language });
const masked = (content: string, language = ENGLISH) => maskSpans(content, verdict(content, language).spans);

describe('the judge on plain text', () => {
  it('allows ordinary chat, with nothing in the verdict but its policy', () => {
    for (const content of [
      'see you at eight',
      'so good!!! 🎉',
      'https://example.org/a?b=1',
      '',
      '   ',
      '🙂',
    ]) {
      const { spam, ...rest } = verdict(content);
      assert.deepEqual(
        rest,
        { action: 'allow', rules: [], spans: [], policy: version, toxicity: 0, hits: [] },
        content,
      );
      assert.ok(spam !== undefined && spam < 0.5);
    }
  });

  it('lets innocent words pass that hold a rude one', () => {
    const innocent =
      `Scunthorpe class assassin cocktail Cummings Dickinson Fukushima Penistone cockpit shiitake analgesic
      Essex assume peacock Hancock shuttlecock document cucumber constitution therapist grape raccoon Dickens Uranus
      cuckoo Matsushita basement titan Mississippi pussycat retardant`.split(/\s+/);
    for (const word of innocent) {
      for (const content of [word, word.toUpperCase(), `I read about ${word} today`]) {
        assert.equal(verdict(content).action, 'allow', content);
      }
    }
  });

  it('lets two ordinary words pass that would be rude in one', () => {
    for (const content of ['the pen is mine', 'those who re-read', 'let us hit it', 'it was an us problem']) {
      assert.equal(verdict(content).action, 'allow', content);
    }
  });

  it('masks strong words and leaves their neighbours whole', () => {
    assert.equal(verdict('what the fuck is this').action, 'mask');
    assert.equal(masked('what the fuck is this'), 'what the **** is this');
    assert.deepEqual(verdict('what the fuck is this').rules, ['profanity/strong']);
  });

  it('flags mild words and insults, with nothing starred out', () => {
    const { action, rules, spans, toxicity, hits } = verdict('damn, I missed it');
    assert.deepEqual([action, rules, spans, toxicity], ['flag', ['profanity/mild'], [], 0.55]);
    assert.deepEqual(hits, [{ rule: 'profanity/mild', action: 'flag', spans: [[0, 4]] }]);
    assert.deepEqual(verdict('you idiot').rules, ['insult/personal']);
    assert.equal(verdict('you idiot').action, 'flag');
  });

  it('blocks slurs and direct threats, with their spans', () => {
    assert.equal(verdict('you faggot').action, 'block');
    assert.deepEqual(verdict('you faggot').spans, [[4, 10]]);
    for (const content of [
      "I'll kill you tomorrow",
      'go kill yourself',
      'i am going to fucking stab you',
      'kys',
    ]) {
      const { action, rules, spans } = verdict(content);
      assert.deepEqual([action, rules.includes('threat/direct')], ['block', true], content);
      assert.ok(spans.length > 0);
    }
    assert.equal(verdict('this queue will kill your patience').action, 'allow');
  });

  it('takes the strictest action, names every rule once in order, and merges spans', () => {
    const { action, rules, spans } = verdict('shit, you damn faggot, shit');
    assert.equal(action, 'block');
    assert.deepEqual(rules, ['profanity/mild', 'profanity/slur', 'profanity/strong']);
    assert.deepEqual(spans, [
      [0, 4],
      [15, 21],
      [23, 27],
    ]);
  });
});

describe('the judge on disguised words', () => {
  it('masks the whole disguise and nothing beside it', () => {
    const cases: [content: string, expected: string][] = [
      ['oh ｆｕｃｋ no', 'oh **** no'],
      ['oh fuuuuuck no', 'oh ******** no'],
      ['oh fuckkkk no', 'oh ******* no'],
      ['oh f u c k no', 'oh * * * * no'],
      ['oh f.u.c.k. no', 'oh *******. no'],
      ['oh sh!t! no', 'oh ****! no'],
      ['oh 5h17 no', 'oh **** no'],
      ['oh f**k no', 'oh **** no'],
      ['oh b*tch no', 'oh ***** no'],
      ['oh sh it no', 'oh ** ** no'],
      ['oh s1ut no', 'oh **** no'],
      ['oh шһоге no', 'oh ***** no'],
      ['oh 𝐟𝐮𝐜𝐤 no', 'oh **** no'],
      ['é😀 c\u0301u\u0301n\u0301t\u0301 é', 'é😀 ******** é'],
      ['oh c\u200bu\u200bn\u200bt no', 'oh ******* no'],
      ['oh bi🔥tch no', 'oh ****** no'],
      ['oh wwhhoorree no', 'oh ********** no'],
    ];
    for (const [content, expected] of cases) assert.equal(masked(content), expected, content);
  });

  it('lets clean words in the same disguises pass', () => {
    const clean = [
      'c l a s s',
      'g.r.a.p.e',
      'cl@55',
      'сlаѕѕ',
      'claaaass',
      'ｃｌａｓｓ',
      'cocktaaail',
      'n1ght',
      'beach 4 u',
    ];
    for (const content of clean) assert.equal(verdict(content).action, 'allow', content);
  });
});

describe('the judge in other languages', () => {
  const lines: [code: string, content: string][] = [
    ['ro', 'nu știu cum se face'],
    ['fr', "c'est assez, tu es en retard"],
    ['tr', 'çok güzel, cok iyi'],
    ['sv', 'det är slut nu'],
    ['da', 'mit fag er historie'],
    ['nl', 'hoe gaat het'],
    ['de', 'das Buch ist dick'],
  ];

  it('does not take their words for English ones', () => {
    for (const [code, content] of lines) {
      assert.equal(verdict(content, { code, confidence: 0.99 }).action, 'allow', content);
    }
  });

  it('still finds what is rude in every language, and disguise by foreign letters', () => {
    assert.equal(masked('das ist fucking gut', { code: 'de', confidence: 1 }), 'das ist ******* gut');
    assert.equal(verdict('bіtсh', { code: 'uk', confidence: 1 }).action, 'mask');
  });

  it('reads short lines as English where the language is unknown or unsure', () => {
    assert.equal(verdict('you slut', { code: 'und', confidence: 0 }).action, 'mask');
    assert.equal(verdict('you slut', { code: 'sv', confidence: 0.6 }).action, 'mask');
  });
});

describe('the judge on any text', () => {
  const languages = fc.constantFrom(ENGLISH, { code: 'und', confidence: 0 }, { code: 'fr', confidence: 1 });
  const pieces = fc.constantFrom(
    'fuck',
    'f u c k',
    's**t',
    'sh',
    ' it',
    '\ud800',
    '\udc00',
    'é',
    '🔥',
    'class',
    '\u200b',
    '(',
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.array(fc.nat(0xffff), { maxLength: 200 }).map(units => String.fromCharCode(...units)),
    fc.array(pieces, { maxLength: 60 }).map(parts => parts.join('')),
  );

  it('never throws, and gives sorted spans apart from each other inside the content', () => {
    fc.assert(
      fc.property(texts, languages, (content, language) =>
        assertSound(content, judge({ content, language })),
      ),
      { numRuns: 500 },
    );
  });

  it('settles the longest hostile messages', () => {
    const hostile: [content: string, action: Verdict['action']][] = [
      ['\u0301'.repeat(4_000), 'flag'],
      [`a${'\u0315\u0316'.repeat(1_999)}`, 'allow'],
      ['f\u200bu\u200bc\u200bk\u200b'.repeat(500), 'mask'],
      ['a '.repeat(2_000), 'flag'],
      ['('.repeat(4_000), 'flag'],
      [`${'A'.repeat(3_999)}a`, 'flag'],
      ['fuck '.repeat(800), 'mask'],
      [`f${'u'.repeat(3_997)}ck`, 'mask'],
      ['f u c k '.repeat(500), 'mask'],
      ['f**k '.repeat(800), 'mask'],
      ['scunthorpe '.repeat(363), 'flag'],
      ['🔥'.repeat(4_000), 'allow'],
      [`s${'*'.repeat(3_999)}`, 'flag'],
    ];
    for (const [content, action] of hostile) {
      const found = verdict(content);
      assertSound(content, found);
      assert.equal(found.action, action, content.slice(0, 12));
    }
  });
});

function assertSound(content: string, { action, rules, spans, policy, ...more }: Verdict): void {
  for (const score of [more.toxicity, more.spam]) assert.ok(score !== undefined && score >= 0 && score <= 1);
  assert.deepEqual(more.hits?.map(({ rule }) => rule).sort(), rules);
  assert.ok(ACTIONS.includes(action));
  assert.equal(policy, version);
  assert.equal(action === 'allow', rules.length === 0);
  let end = -1;
  for (const [from, to] of spans) {
    assert.ok(from > end && from < to && to <= content.length);
    end = to;
  }
}
