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
];

describe('the judge of a room', () => {
  const strict = compilePolicy({ schema: 1, rules: RULES }, 'room@1');
  const plain = compilePolicy({ schema: 1, rules: [RULES[2]!] }, 'default@1');
  const judge = createRoomJudge({ of: room => (room === 'strict' ? strict : plain) });

  it('asks for the windows of the rules in the room, with the print that each compares', () => {
    const content = 'Hello, you';
    const { near } = createFingerprints()(content);
    assert.deepEqual(judge.windows({ room: 'strict', content }), [
      { rule: 'near', counts: 'repeats', windowMs: 60_000, fingerprint: near },
      { rule: 'flood', counts: 'messages', windowMs: 10_000 },
    ]);
    assert.deepEqual(judge.windows({ room: 'other', content }), []);
  });

  it('judges by the counts, and by the policy of the room alone', () => {
    const counts = { near: 3, flood: 5 };
    assert.equal(judge.judge({ content: 'hello', language, room: 'strict', counts }).action, 'hold');
    assert.equal(judge.judge({ content: 'hello', language, room: 'other', counts }).action, 'allow');
  });

  it('says where it had to do without counts, and judges by the rest', () => {
    const { action, degraded } = judge.judge({ content: 'a flurb', language, room: 'strict' });
    assert.deepEqual([action, degraded], ['mask', 'windows']);
    assert.equal(judge.judge({ content: 'hello', language, room: 'other' }).degraded, undefined);
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
