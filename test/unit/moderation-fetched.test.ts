import assert from 'node:assert/strict';
import type { Fetched } from '../../src/message.ts';
import { createJudgeBy } from '../../src/moderation/judge.ts';
import { compilePolicy } from '../../src/moderation/policy/compile.ts';
import type { Policy, Rule } from '../../src/moderation/policy/types.ts';

const judgeBy = createJudgeBy();
const FLOOD: Rule = { id: 'flood', type: 'flood', above: 3, windowSeconds: 60, action: 'bounce' };
const HATE: Rule = { id: 'hate', type: 'provider', category: 'hate', above: 0.5, action: 'block' };
const WORD: Rule = { id: 'word', type: 'words', words: ['flurb'], action: 'mask' };

const policyOf = (rules: Rule[], provider?: Policy['provider']) =>
  compilePolicy({ schema: 1, rules, ...(provider === undefined ? {} : { provider }) }, 'test@1');
const judged = (policy: ReturnType<typeof policyOf>, fetched?: Fetched, content = 'a flurb') =>
  judgeBy(policy, {
    content,
    language: { code: 'en', confidence: 1 },
    ...(fetched === undefined ? {} : { fetched }),
  });

describe('a verdict and what was fetched for it', () => {
  const open = policyOf([FLOOD, HATE, WORD]);
  const closed = policyOf([FLOOD, HATE, WORD], { whenDown: 'closed' });
  const counts = { 'flood/60': 2 };
  const scores = { hate: 0.1, spam: 0.7 };

  it('keeps it, and leaves out what is empty', () => {
    assert.deepEqual(judged(open, { counts, scores }).fetched, { counts, scores });
    assert.deepEqual(judged(open, { counts: {}, scores }).fetched, { scores });
    for (const fetched of [{}, { counts: {}, scores: {} }, undefined]) {
      assert.ok(!('fetched' in judged(open, fetched)));
    }
  });

  it('says what it had to do without', () => {
    const degraded = (fetched: Fetched) => judged(open, fetched).degraded;
    assert.equal(degraded({ counts, scores }), undefined);
    assert.equal(degraded({ scores }), 'windows');
    assert.equal(degraded({ counts }), 'provider');
    assert.equal(degraded({}), 'windows+provider');
    assert.equal(degraded({ counts, scores: { spam: 1 } }), 'provider', 'its category has no score');
    assert.equal(degraded({ counts: { 'flood/30': 9 }, scores }), 'windows', 'another window was counted');
    assert.equal(judged(policyOf([WORD]), {}).degraded, undefined);
  });

  it('without scores: is judged by the other rules where the policy is open, held where it is closed', () => {
    assert.deepEqual([judged(open, { counts }).action, judged(open, { counts }).rules], ['mask', ['word']]);
    const held = judged(closed, { counts });
    assert.deepEqual([held.action, held.rules], ['hold', ['provider/unavailable', 'word']]);
    assert.deepEqual(held.hits?.at(-1), { rule: 'provider/unavailable', action: 'hold', spans: [] });
    assert.equal(judged(closed, { counts: { 'flood/60': 9 } }).action, 'bounce', 'what is stricter stands');
    assert.equal(judged(closed, { counts, scores }).action, 'mask');
    assert.equal(judged(policyOf([WORD], { whenDown: 'closed' }), {}).action, 'mask', 'no rule asks');
  });

  it('where nobody was asked the text rules judge alone, and nothing is amiss', () => {
    const { action, degraded } = judged(closed);
    assert.deepEqual([action, degraded], ['mask', undefined]);
  });

  it('judged again by what was kept is the same, by another policy what that makes of it', () => {
    for (const policy of [open, closed]) {
      for (const fetched of [{ counts, scores }, { counts }, { scores }, {}]) {
        const first = judged(policy, fetched);
        const kept = JSON.parse(JSON.stringify(first.fetched ?? {})) as Fetched;
        assert.deepEqual(judged(policy, kept), first);
      }
    }
    const stricter = policyOf([
      { ...FLOOD, id: 'other', above: 1 },
      { ...HATE, category: 'spam', action: 'flag' },
    ]);
    assert.deepEqual(judged(stricter, judged(open, { counts, scores }).fetched).rules, ['hate', 'other']);
  });
});
