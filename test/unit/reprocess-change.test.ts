import assert from 'node:assert/strict';
import { EFFECT } from '../../activities/outcome.ts';
import type { Action, Verdict } from '../../src/message.ts';
import { changeOf, reversed, type StandingOutcome } from '../../src/reprocess/outcome-change.ts';

const VERSIONS = { language: 'l1', moderation: 'm1', sentiment: 's1' };
const verdict = (action: Action, more: Partial<Verdict> = {}): Verdict => ({
  action,
  rules: action === 'allow' ? [] : [`own/${action}`],
  spans: [],
  policy: 'p1',
  ...more,
});
/** A stored message that `action` left as it is. */
function stored(action: Action, more: object = {}) {
  const { audience, ...effect } = EFFECT[action];
  return {
    room: 'lobby',
    id: 7,
    revision: 1,
    user: 'ann',
    timestamp: '2026-01-01T00:00:00.000Z',
    clientId: 'c7',
    content: 'a text',
    ...effect,
    ...(audience === 'author' ? { audience } : {}),
    language: { code: 'en', confidence: 1 },
    sentiment: { score: 0.2, label: 'positive' as const },
    verdict: verdict(action),
    versions: VERSIONS,
    batch: 'batch-1',
    announcedAt: '2026-01-01T00:00:01.000Z',
    storedAt: '2026-01-01T00:00:02.000Z',
    epoch: 'e1',
    ...more,
  };
}
const change = (message: ReturnType<typeof stored>, redone: object) =>
  changeOf(
    message as never,
    { versions: { ...VERSIONS, moderation: 'm2' }, ...redone },
    action => EFFECT[action],
  );

describe('what a run over history would change', () => {
  it('is nothing where the verdict is the same, whatever policy gave it and with whatever scores', () => {
    for (const action of ['allow', 'flag', 'mask', 'hold', 'shadow', 'bounce', 'block'] as const) {
      const again = verdict(action, { policy: 'p2', toxicity: 0.4, hits: [] });
      assert.equal(change(stored(action), { verdict: again }), undefined, action);
    }
  });

  it('has a kind that says what readers notice', () => {
    const kinds: [from: Action, to: Action, kind: string][] = [
      ['allow', 'mask', 'masked'],
      ['allow', 'block', 'removed'],
      ['mask', 'bounce', 'removed'],
      ['allow', 'hold', 'hidden'],
      ['mask', 'shadow', 'hidden'],
      ['block', 'hold', 'hidden'],
      ['block', 'allow', 'restored'],
      ['block', 'mask', 'restored'],
      ['hold', 'flag', 'restored'],
      ['mask', 'allow', 'restored'],
      ['allow', 'flag', 'verdict'],
      ['bounce', 'block', 'verdict'],
      ['hold', 'shadow', 'verdict'],
    ];
    for (const [from, to, kind] of kinds)
      assert.equal(change(stored(from), { verdict: verdict(to) })?.kind, kind, `${from} → ${to}`);
    const stars = change(stored('mask', { verdict: verdict('mask', { spans: [[0, 1]] }) }), {
      verdict: verdict('mask', { spans: [[2, 6]] }),
    });
    assert.equal(stars?.kind, 'remasked');
  });

  it('leaves the outcome of a message alone where only its language or mood is another one', () => {
    const made = change(stored('hold'), {
      language: { code: 'de', confidence: 0.9 },
      sentiment: { score: -0.5, label: 'negative' },
    });
    assert.equal(made?.kind, 'enriched');
    assert.deepEqual(
      [made?.after.status, made?.after.reason, made?.after.audience],
      ['held', 'held', 'author'],
    );
    assert.deepEqual(made?.after.versions, VERSIONS);
    assert.equal(
      change(stored('allow'), {
        language: { code: 'en', confidence: 0.5 },
        sentiment: { label: 'positive', score: 0.2 },
      }),
      undefined,
    );
  });

  it('names the version of what was done again alone', () => {
    const made = change(stored('allow'), { verdict: verdict('block') });
    assert.deepEqual(made?.after.versions, { ...VERSIONS, moderation: 'm2' });
  });

  it('drops what belongs to the former outcome, and comes back whole when it is reversed', () => {
    const made = change(stored('hold'), { verdict: verdict('allow') })!;
    assert.deepEqual([made.after.reason, made.after.audience], [undefined, undefined]);
    const back = reversed({ room: 'lobby', id: 7, revision: 1, ...made });
    assert.equal(back.kind, 'hidden');
    assert.deepEqual(back.after, made.before);
    assert.deepEqual(back.before, made.after satisfies StandingOutcome);
  });
});
