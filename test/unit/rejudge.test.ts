import assert from 'node:assert/strict';
import type { Verdict } from '../../src/message.ts';
import type { Policy, Rule } from '../../src/moderation/policy/types.ts';
import { createRejudge } from '../../src/reprocess/rejudge.ts';
import type { ReprocessRun } from '../../src/store/reprocess-runs.ts';

const language = { code: 'en', confidence: 1 };
const FLOOD: Rule = { id: 'flood', type: 'flood', above: 3, windowSeconds: 60, action: 'bounce' };
const HATE: Rule = { id: 'hate', type: 'provider', category: 'hate', above: 0.5, action: 'block' };

describe('a run over history', () => {
  /** What a run says of a text whose verdict stands, by a policy that it is to try. */
  async function verdict(policy: Omit<Policy, 'schema'>, was?: Partial<Verdict>) {
    const rejudge = createRejudge({
      policies: { asOf: async () => [], version: async () => undefined },
      language: { version: 'l', detect: () => language },
      sentiment: { version: 's', analyse: () => ({ score: 0, label: 'neutral' }) },
      logger: { warn: () => undefined },
    });
    const spec = { policiesThrough: 0, draft: { schema: 1, ...policy } };
    const by = await rejudge({ run: 'r', spec } as unknown as ReprocessRun);
    const stands = was && { action: 'allow' as const, rules: [], spans: [], policy: 'p', ...was };
    return by.verdict({ room: 'lobby', content: 'hello', language, was: stands });
  }

  it('judges by what was fetched at the time, also for rules that are new', async () => {
    const was = { fetched: { counts: { 'flood/60': 4 }, scores: { hate: 0.9 } } };
    assert.deepEqual((await verdict({ rules: [{ ...FLOOD, id: 'new' }, HATE] }, was)).rules, ['hate', 'new']);
    const { rules, degraded, fetched } = await verdict({ rules: [{ ...FLOOD, windowSeconds: 30 }] }, was);
    assert.deepEqual([rules, degraded, fetched], [[], 'windows', was.fetched]);
  });

  it('finds the counts of older verdicts in their hits', async () => {
    const hits = [{ rule: 'flood', action: 'bounce' as const, spans: [], score: 5 }];
    assert.deepEqual(
      (await verdict({ rules: [FLOOD] }, { action: 'bounce', rules: ['flood'], hits })).rules,
      ['flood'],
    );
    assert.deepEqual((await verdict({ rules: [FLOOD] }, { hits: [] })).rules, []);
  });

  it('holds for want of scores what was held for it, as long as the policy is closed, and nothing else', async () => {
    const held = { action: 'hold' as const, rules: ['provider/unavailable'], degraded: 'provider' as const };
    const closed = { rules: [HATE], provider: { whenDown: 'closed' as const } };
    assert.equal((await verdict(closed, held)).action, 'hold');
    assert.equal((await verdict({ rules: [HATE] }, held)).action, 'allow');
    for (const was of [undefined, {}, { degraded: 'provider' as const }]) {
      const { action, degraded } = await verdict(closed, was);
      assert.deepEqual([action, degraded], ['allow', 'provider']);
    }
  });
});
