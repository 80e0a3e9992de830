import assert from 'node:assert/strict';
import { type Fetched, type Language, maskSpans } from '../../src/message.ts';
import { createJudgeBy } from '../../src/moderation/judge.ts';
import { compilePolicy } from '../../src/moderation/policy/compile.ts';
import { parsePolicy } from '../../src/moderation/policy/parse.ts';
import type { Rule, RuleKind } from '../../src/moderation/policy/types.ts';

const judgeBy = createJudgeBy();
const ENGLISH: Language = { code: 'en', confidence: 1 };

function policyOf(...rules: Rule[]) {
  const parsed = parsePolicy(JSON.parse(JSON.stringify({ schema: 1, rules })));
  assert.ok('policy' in parsed, JSON.stringify(parsed));
  return compilePolicy(parsed.policy, 'test');
}
const masking = (kind: RuleKind): Rule => ({ id: 'rule', action: 'mask', ...kind });
type More = { language?: Language; fetched?: Fetched };
const judged = (rule: RuleKind, content: string, { language = ENGLISH, ...more }: More = {}) =>
  judgeBy(policyOf(masking(rule)), { content, language, ...more });
const masked = (rule: RuleKind, content: string, more?: More) =>
  maskSpans(content, judged(rule, content, more).spans);
const hits = (rule: RuleKind, content: string, more?: More) => judged(rule, content, more).rules.length > 0;

describe('rules of a policy', () => {
  it('words: of any script, as whole words and phrases, with their disguise undone', () => {
    const rule: RuleKind = {
      type: 'words',
      words: ['flurb', 'Red Flag', 'señor', '傻逼', 'грубо', '1488', 'ab'],
    };
    const cases: [content: string, expected: string][] = [
      ['a Flurb!', 'a *****!'],
      ['f l u r b', '* * * * *'],
      ['fl\u200burb ｆｌｕｒｂ fluuurb f*urb', '****** ***** ******* *****'],
      ['a red -  flag', 'a *** *  ****'],
      ['SEÑOR 😀 señor', '***** 😀 *****'],
      ['你是傻逼吗', '你是**吗'],
      ['Очень ГРУБО, да', 'Очень *****, да'],
      ['code 1488.', 'code ****.'],
      ['ab abc', '** abc'],
    ];
    for (const [content, expected] of cases) assert.equal(masked(rule, content), expected, content);
    for (const content of ['flurbish', 'redflag', 'flag red', 'senora', 'негрубо', '21488', 'a b c']) {
      assert.equal(hits(rule, content), false, content);
    }
  });

  it('words: of some languages alone, or of none known', () => {
    const rule: RuleKind = { type: 'words', words: ['dick'], languages: ['en'] };
    assert.equal(hits(rule, 'dick'), true);
    assert.equal(hits(rule, 'dick', { language: { code: 'und', confidence: 0 } }), true);
    assert.equal(hits(rule, 'dick', { language: { code: 'de', confidence: 0.6 } }), false);
  });

  it('builtin and except: a built-in list, but for what is inside an excepted phrase', () => {
    const strong: Rule = { id: 'strong', type: 'builtin', list: 'strong', action: 'mask' };
    const except: Rule = { id: 'ok', type: 'except', words: ['moby dick'], action: 'allow' };
    const judge = (content: string) => judgeBy(policyOf(strong, except), { content, language: ENGLISH });
    assert.deepEqual([judge('I read Moby Dick').action, judge('I read Moby Dick').toxicity], ['allow', 0]);
    assert.deepEqual(judge('Moby Dick is a dick').spans, [[15, 19]]);
    assert.equal(hits({ type: 'builtin', list: 'slur' }, 'what the fuck'), false);
  });

  it('pattern: where it matches, in UTF-16 units of the text as written', () => {
    const rule: RuleKind = { type: 'pattern', pattern: '\\bnitro\\s+\\p{L}+', ignoreCase: true };
    assert.equal(masked(rule, '😀 NITRO  für and nitro x'), '😀 *****  *** and ***** *');
    assert.equal(hits(rule, 'nitrogen for'), false);
    assert.equal(hits({ type: 'pattern', pattern: 'nitro' }, 'NITRO'), false);
  });

  it('links: any, those of a domain and below it, all but some, more than so many', () => {
    const content = 'see http://a.evil.com/x?y, www.fine.org and example.io now';
    assert.equal(masked({ type: 'links' }, content), `see ${'*'.repeat(22)} ************ and ********** now`);
    assert.equal(masked({ type: 'links', deny: ['evil.com'] }, content).includes('www.fine.org'), true);
    assert.deepEqual(judged({ type: 'links', deny: ['evil.com'] }, content).spans, [[4, 26]]);
    assert.equal(hits({ type: 'links', deny: ['vil.com'] }, content), false);
    assert.equal(hits({ type: 'links', allow: ['evil.com', 'fine.org', 'io'] }, content), false);
    assert.deepEqual(judged({ type: 'links', allow: ['evil.com', 'fine.org'] }, content).spans, [[44, 54]]);
    assert.equal(hits({ type: 'links', above: 3 }, content), false);
    assert.equal(hits({ type: 'links', above: 2 }, content), true);
    for (const plain of ['wait...what', 'v1.2.3', 'ann@example.com', 'end.Next']) {
      assert.equal(hits({ type: 'links' }, plain), false, plain);
    }
    assert.equal(hits({ type: 'links', deny: ['evil.com'] }, 'https://good.org@evil.com/'), true);
  });

  it('mentions: more than so many', () => {
    assert.equal(hits({ type: 'mentions', above: 2 }, '@ann @bob hello a@b.c'), false);
    assert.equal(masked({ type: 'mentions', above: 1 }, '@ann @bob hi'), '**** **** hi');
  });

  it('capitals, length, repetition: the whole text', () => {
    const capitals: RuleKind = { type: 'capitals', share: 0.7, minLetters: 8 };
    assert.equal(masked(capitals, 'STOP THIS now'), '**** **** ***');
    assert.equal(hits(capitals, 'STOP this now'), false);
    assert.equal(hits(capitals, 'STOP'), false);
    assert.equal(hits({ type: 'length', above: 3 }, '😀😀😀'), false);
    assert.equal(hits({ type: 'length', above: 3 }, 'four'), true);
    const repetition: RuleKind = { type: 'repetition', words: 4, share: 0.5, run: 10, lines: 3 };
    for (const content of ['a a a a', 'x'.repeat(10), 'one line more\none line more\none line more']) {
      assert.equal(hits(repetition, content), true, content);
    }
    assert.equal(hits(repetition, 'a b c d a b'), false);
  });

  it('repeats, flood, rooms: by the count that their window gave, and never without one', () => {
    for (const type of ['repeats', 'flood', 'rooms'] as const) {
      const rule: RuleKind = { type, above: 3, windowSeconds: 10 };
      const counted = (count: number) => ({ fetched: { counts: { [`${type}/10`]: count } } });
      assert.equal(hits(rule, 'hi', counted(3)), false);
      const verdict = judged(rule, 'hi', counted(4));
      assert.deepEqual(verdict.hits, [{ rule: 'rule', action: 'mask', spans: [[0, 2]], score: 4 }]);
      assert.ok(verdict.spam! > 0.5);
      assert.equal(hits(rule, 'hi', { fetched: { counts: { [`${type}/11`]: 9 } } }), false);
    }
  });

  it('repeats: near ones by a count of their own', () => {
    const rule: RuleKind = { type: 'repeats', above: 1, windowSeconds: 60, near: true };
    assert.equal(hits(rule, 'hi', { fetched: { counts: { 'repeats/60': 9, 'repeats/60/near': 1 } } }), false);
    assert.equal(hits(rule, 'hi', { fetched: { counts: { 'repeats/60': 1, 'repeats/60/near': 2 } } }), true);
  });

  it('provider: by the score of its category, and never without one', () => {
    const rule: RuleKind = {
      type: 'provider',
      category: 'hate/threat',
      above: 0.5,
      escalate: { above: 0.9, action: 'block' },
    };
    const scored = (score: number) => judged(rule, 'hi', { fetched: { scores: { 'hate/threat': score } } });
    assert.deepEqual(
      [scored(0.5).action, scored(0.6).action, scored(0.95).action],
      ['allow', 'mask', 'block'],
    );
    assert.deepEqual(scored(0.6).hits, [{ rule: 'rule', action: 'mask', spans: [[0, 2]], score: 0.6 }]);
    for (const category of ['hate', 'constructor', 'toString']) {
      assert.equal(hits({ ...rule, category }, 'hi', { fetched: { scores: { 'hate/threat': 1 } } }), false);
    }
    assert.equal(hits(rule, 'hi'), false);
  });

  it('language: those denied, or all but those allowed, where it is known', () => {
    const german = { language: { code: 'de', confidence: 0.95 } };
    assert.equal(hits({ type: 'language', deny: ['de'] }, 'ja', german), true);
    assert.equal(hits({ type: 'language', allow: ['en'] }, 'ja', german), true);
    assert.equal(hits({ type: 'language', allow: ['de'] }, 'ja', german), false);
    assert.equal(hits({ type: 'language', allow: ['en'], confidence: 0.97 }, 'ja', german), false);
    assert.equal(
      hits({ type: 'language', allow: ['en'] }, '!', { language: { code: 'und', confidence: 0 } }),
      false,
    );
  });

  it('toxicity and spam: above a score, stricter above a higher one', () => {
    const rule = (above: number): RuleKind => ({
      type: 'toxicity',
      above,
      escalate: { above: 0.97, action: 'block' },
    });
    assert.deepEqual(judged(rule(0.5), 'damn').hits?.[0], {
      rule: 'rule',
      action: 'mask',
      spans: [[0, 4]],
      score: 0.55,
    });
    assert.equal(hits(rule(0.6), 'damn'), false);
    assert.equal(judged(rule(0.6), 'you faggot').action, 'block');
    const offer = 'FREE ringtone offer this week, text TONE to 85999';
    assert.equal(hits({ type: 'spam', above: 0.5 }, offer), true);
    assert.equal(hits({ type: 'spam', above: 0.5, links: true }, offer), false);
    assert.equal(hits({ type: 'spam', above: 0.5 }, 'see you at eight'), false);
  });

  it('the strictest action of all that hit stands, and only masks and stricter star text out', () => {
    const rules: Rule[] = [
      { id: 'b', type: 'words', words: ['two'], action: 'flag' },
      { id: 'a', type: 'words', words: ['one'], action: 'hold' },
      { id: 'c', type: 'words', words: ['three'], action: 'mask' },
    ];
    const {
      action,
      rules: ids,
      spans,
    } = judgeBy(policyOf(...rules), { content: 'one two three', language: ENGLISH });
    assert.deepEqual([action, ids], ['hold', ['a', 'b', 'c']]);
    assert.deepEqual(spans, [
      [0, 3],
      [8, 13],
    ]);
  });
});

describe('hostile texts and patterns', () => {
  /** Each takes exponential or quadratic time, minutes and more, in an engine that tries one way after another. */
  const pairs: [pattern: string, content: string][] = [
    ['(a+)+$', `${'a'.repeat(7_999)}!`],
    ['(a|aa)+b', 'a'.repeat(8_000)],
    ['(?:a?){25}a{25}b', 'a'.repeat(8_000)],
    ['(.*)(.*)(.*)(.*)x', 'ab'.repeat(4_000)],
    ['(.{0,25}){0,2}c$', 'the quick brown fox '.repeat(400)],
    ['(\\w+\\s?)*!', 'word '.repeat(1_600)],
  ];

  it('end, whatever the pattern', () => {
    for (const [pattern, content] of pairs) judged({ type: 'pattern', pattern }, content);
  });

  it('have what follows covered when a pattern matches too often to go on', () => {
    const content = 'ab '.repeat(2_600);
    const { spans } = judged({ type: 'pattern', pattern: '(?:a|b|[^x]{40}y)' }, content);
    assert.equal(spans.at(-1)?.[1], content.length);
    assert.equal(maskSpans(content, spans).includes('a'), false);
  });

  it('meet lists of five thousand words and phrases', () => {
    const words = Array.from({ length: 5_000 }, (_, i) => (i % 2 ? `a b ${i}` : `word${i} x`));
    for (const content of ['a '.repeat(4_000), 'a b '.repeat(2_000), '字'.repeat(4_000)]) {
      assert.equal(hits({ type: 'words', words }, content), false);
    }
  });

  it('hide no link in many, in time that is linear', () => {
    for (const content of [
      'a.'.repeat(4_000),
      'www.'.repeat(2_000),
      'http://'.repeat(1_100),
      '@'.repeat(8_000),
    ]) {
      judged({ type: 'links' }, content);
      judged({ type: 'mentions', above: 1 }, content);
    }
  });
});
