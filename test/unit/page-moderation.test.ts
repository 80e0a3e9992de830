import assert from 'node:assert/strict';
import type { QueuedMessage } from '../../src/client/index.ts';
import { DEFAULT_POLICY } from '../../src/moderation/policy/default.ts';
import { parsePolicy } from '../../src/moderation/policy/parse.ts';
import type { Policy } from '../../src/moderation/policy/types.ts';
import { belongsTo, draftOf, newRule, policyOf } from '../../src/web/moderation/draft.ts';
import { TYPES } from '../../src/web/moderation/fields.ts';
import { piecesOf, ruleWords } from '../../src/web/moderation/waiting.ts';

/** A rule of every type with every field it may have. */
const WHOLE: Policy = {
  schema: 1,
  rules: [
    { id: 'a', type: 'words', words: ['one', 'red flag'], languages: ['en', 'de'], action: 'mask' },
    { id: 'b', type: 'except', words: ['Moby Dick'], action: 'allow' },
    { id: 'c', type: 'pattern', pattern: '\\bfree\\b', ignoreCase: false, action: 'block' },
    { id: 'd', type: 'links', allow: ['example.org'], deny: ['example.com'], above: 2, action: 'hold' },
    { id: 'e', type: 'mentions', above: 5, action: 'flag' },
    { id: 'f', type: 'capitals', share: 0.9, minLetters: 20, minMarks: 1, action: 'flag' },
    { id: 'g', type: 'length', above: 2_000, action: 'bounce' },
    { id: 'h', type: 'repetition', words: 15, share: 0.6, run: 100, lines: 5, action: 'flag' },
    { id: 'i', type: 'repeats', above: 2, windowSeconds: 60, near: true, action: 'shadow' },
    { id: 'j', type: 'flood', above: 10, windowSeconds: 30, action: 'bounce' },
    { id: 'k', type: 'rooms', above: 3, windowSeconds: 60, action: 'block' },
    { id: 'l', type: 'language', allow: ['en'], deny: ['de'], confidence: 0.8, action: 'hold' },
    { id: 'm', type: 'toxicity', above: 0.5, escalate: { above: 0.9, action: 'block' }, action: 'flag' },
    {
      id: 'n',
      type: 'spam',
      above: 0.5,
      links: true,
      escalate: { above: 0.9, action: 'hold' },
      action: 'flag',
    },
    { id: 'o', type: 'builtin', list: 'mild', action: 'mask' },
    {
      id: 'p',
      type: 'provider',
      category: 'self-harm/intent',
      above: 0.5,
      escalate: { above: 0.9, action: 'block' },
      action: 'hold',
    },
  ],
  off: ['profanity/mild'],
  release: { mode: 'gated', deadlineMs: 2_500, afterDeadline: 'closed' },
  provider: { whenDown: 'closed' },
};

describe('page: the policy in the form', () => {
  it('comes out as it went in, for every type of rule and every field', () => {
    assert.ok('policy' in parsePolicy(WHOLE));
    assert.deepEqual(
      TYPES.filter(type => !WHOLE.rules.some(rule => rule.type === type)),
      [],
    );
    for (const policy of [WHOLE, DEFAULT_POLICY]) assert.deepEqual(policyOf(draftOf(policy, [])), policy);
  });

  it('marks the rules that stand in place of inherited ones', () => {
    const { rules } = draftOf(WHOLE, [WHOLE.rules[1]!]);
    assert.deepEqual(
      rules.filter(({ replaces }) => replaces).map(({ id }) => id),
      ['b'],
    );
  });

  it('leaves what is no number to the service, which names its place in the form', () => {
    for (const type of TYPES) {
      const sent: unknown = JSON.parse(
        JSON.stringify(policyOf({ ...draftOf(WHOLE, []), rules: [newRule(type, [`own/${type}`])] })),
      );
      const parsed = parsePolicy(sent);
      if (!('errors' in parsed)) continue;
      for (const { path } of parsed.errors) assert.ok(belongsTo(path, 'rules[0]'), path);
    }
    assert.ok(belongsTo('rules[0].words[3]', 'rules[0].words'));
    assert.ok(!belongsTo('rules[10].words', 'rules[1]'));
    assert.equal(newRule('words', ['own/words', 'own/words-2']).id, 'own/words-3');
  });
});

describe('page: a message that waits', () => {
  const base = { id: 1, revision: 1, room: 'r', user: 'ann', timestamp: '', clientId: 'c' };
  const verdict = { action: 'mask', rules: ['a', 'b'], spans: [[2, 5]], policy: 'builtin-1' } as const;
  const waiting = (more: object) => ({ ...base, status: 'masked', content: '', ...more }) as QueuedMessage;

  it('is shown as it was written, each hit once, also where hits overlap', () => {
    const hits = [
      { rule: 'a', action: 'mask', spans: [[2, 5]] },
      {
        rule: 'b',
        action: 'flag',
        spans: [
          [4, 7],
          [99, 120],
        ],
        score: 0.98765,
      },
    ];
    const message = waiting({ content: '0 *** 7', original: '0123456789', verdict: { ...verdict, hits } });
    assert.deepEqual(piecesOf(message), [
      { text: '01', hit: false },
      { text: '234', hit: true },
      { text: '56', hit: true },
      { text: '789', hit: false },
    ]);
    assert.deepEqual(ruleWords(message), ['a', 'b (0.99)']);
  });

  it('has no pieces where there is no text', () => {
    assert.deepEqual(piecesOf(waiting({ verdict })), []);
  });
});
