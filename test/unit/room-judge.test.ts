import assert from 'node:assert/strict';
import { createFingerprints } from '../../src/moderation/fingerprint.ts';
import { compilePolicy } from '../../src/moderation/policy/compile.ts';
import type { Rule } from '../../src/moderation/policy/types.ts';
import { createRoomJudge } from '../../src/moderation/room-judge.ts';

const language = { code: 'en', confidence: 1 };
const RULES: Rule[] = [
  { id: 'near', type: 'repeats', above: 2, windowSeconds: 60, near: true, action: 'hold' },
  { id: 'flood', type: 'flood', above: 5, windowSeconds: 10, action: 'bounce' },
  { id: 'own', type: 'words', words: ['flurb'], action: 'mask' },
  { id: 'hate', type: 'provider', category: 'hate', above: 0.5, action: 'block' },
];

describe('the judge of a room', () => {
  const strict = compilePolicy({ schema: 1, rules: RULES }, 'room@1');
  const plain = compilePolicy({ schema: 1, rules: [RULES[2]!] }, 'default@1');
  const judge = createRoomJudge({ of: room => (room === 'strict' ? strict : plain) });

  it('asks for the windows of the rules in the room, with the print that each compares, and for scores', () => {
    const content = 'Hello, you';
    const { near } = createFingerprints()(content);
    assert.deepEqual(judge.asks({ room: 'strict', content }), {
      by: strict,
      windows: [
        { shape: 'repeats/60/near', counts: 'repeats', windowMs: 60_000, fingerprint: near },
        { shape: 'flood/10', counts: 'messages', windowMs: 10_000 },
      ],
      scores: true,
    });
    assert.deepEqual(judge.asks({ room: 'other', content }), { by: plain, windows: [], scores: false });
  });

  it('judges by what was fetched, and by the policy of the room alone', () => {
    const fetched = { counts: { 'repeats/60/near': 3, 'flood/10': 5 }, scores: { hate: 0.1 } };
    assert.equal(judge.judge({ content: 'hello', language, room: 'strict', fetched }).action, 'hold');
    assert.equal(judge.judge({ content: 'hello', language, room: 'other', fetched }).action, 'allow');
  });

  it('judges by the policy that asked, whatever counts in the room meanwhile', () => {
    const { by } = judge.asks({ room: 'other', content: 'a flurb' });
    const verdict = judge.judge({ content: 'a flurb', language, room: 'strict', by, fetched: {} });
    assert.deepEqual([verdict.action, verdict.policy, verdict.degraded], ['mask', 'default@1', undefined]);
  });
});

describe('what texts are compared by', () => {
  const prints = createFingerprints();
  const alike = (a: string, b: string, by: 'exact' | 'near') => prints(a)[by] === prints(b)[by];

  it('exact: but for white space', () => {
    assert.ok(alike('buy  my\nstuff ', 'buy my stuff', 'exact'));
    assert.ok(!alike('buy my stuff', 'Buy my stuff', 'exact'));
  });

  it('near: whatever the case, order, numbers, marks, repeats and disguise', () => {
    for (const other of ['BUY my stuff!!! 123', 'my stuff, buy', 'bυy my stuuuff', 'b\u200buy my my stuff']) {
      assert.ok(alike('buy my stuff', other, 'near'), other);
    }
    assert.ok(alike('Купи это 1', 'это, купи', 'near'));
    for (const other of ['buy your stuff', '🔥🔥', ''])
      assert.ok(!alike('buy my stuff', other, 'near'), other);
    assert.ok(!alike('🔥', '🎉', 'near'));
  });
});
