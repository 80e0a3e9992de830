import assert from 'node:assert/strict';
import type { ModerationEntry, Run, RunReport } from '../../src/client/index.ts';
import { ParleyError } from '../../src/client/index.ts';
import { createAttempt } from '../../src/web/moderation/attempt.ts';
import { createLogView } from '../../src/web/moderation/log-view.ts';
import { logWords } from '../../src/web/moderation/log-words.ts';
import { momentWords, untilWords } from '../../src/web/moderation/moment-words.ts';
import {
  changesOf,
  confirmWords,
  leftWords,
  lossesOf,
  progressWords,
  runWords,
  sampleWords,
  stateWords,
} from '../../src/web/moderation/run-words.ts';

const refusal = (code: 'forbidden' | 'invalid_field' | 'unavailable', path?: string) =>
  new ParleyError(code, 'what the service says', { retryable: false, path });

describe('page: the moderation log', () => {
  const entry = (more: Partial<ModerationEntry>): ModerationEntry => ({
    id: 1,
    action: 'release',
    by: 'mia',
    user: 'ann',
    at: '2026-01-02T03:04:05.678Z',
    ...more,
  });

  it('is told in plain words, whatever was done', () => {
    const said = (more: Partial<ModerationEntry>) => logWords(entry(more));
    assert.equal(
      said({ messageId: 7, was: 'shadowed' }),
      'mia released message 7 of ann; it was seen by its author alone.',
    );
    assert.equal(
      said({ action: 'remove', messageId: 7, was: 'visible' }),
      'mia removed message 7 of ann; it was seen by all.',
    );
    assert.equal(said({ action: 'mute' }), 'mia muted ann for good.');
    assert.match(said({ action: 'ban', until: '2030-05-06T07:08:09.000Z' }), /^mia banned ann until .*2030/);
    assert.equal(said({ action: 'unmute' }), 'mia let ann write again.');
    assert.equal(said({ action: 'unban' }), 'mia let ann in again.');
  });

  it('names the day of a time, unless it is today', () => {
    const now = new Date(2026, 10, 28, 12);
    const at = (day: number) => new Date(2026, 10, day, 9, 5).toISOString();
    assert.match(momentWords(at(28), now), /^0?9:05/);
    assert.match(momentWords(at(27), now), /^Yesterday, /);
    assert.match(untilWords(at(30), now), /^until Monday 30 November, /);
    assert.match(untilWords(at(27), now), /^until yesterday, /);
    assert.equal(untilWords(undefined), 'for good');
  });

  it('puts what is new before what is known, and begins anew where they do not meet', async () => {
    let ids = [3, 2, 1];
    const view = createLogView({
      log: async ({ before = Number.POSITIVE_INFINITY } = {}) => {
        const found = ids.filter(id => id < before);
        return { entries: found.slice(0, 2).map(id => entry({ id })), hasMore: found.length > 2 };
      },
    });
    const shown = () => [view.entries.value?.map(({ id }) => id), view.hasOlder.value];
    await view.load();
    assert.deepEqual(shown(), [[3, 2], true]);
    await view.loadOlder();
    assert.deepEqual(shown(), [[3, 2, 1], false]);
    ids = [4, ...ids];
    await view.load();
    assert.deepEqual(shown(), [[4, 3, 2, 1], false]);
    ids = [7, 6, 5, ...ids];
    await view.load();
    assert.deepEqual(shown(), [[7, 6], true]);
  });
});

describe('page: a try', () => {
  it('tells what went well, or what is wrong at which field, and is one at a time', async () => {
    const trying = createAttempt(['user', 'reason']);
    const { problem, fault, told } = trying;
    let end = (_words: string) => {};
    const first = trying.attempt(() => new Promise<string>(resolve => (end = resolve)));
    assert.equal(await trying.attempt(async () => 'too early'), false);
    end('done');
    assert.equal(await first, true);
    assert.equal(told.value, 'done');
    const fails = (error: unknown) => trying.attempt(async () => Promise.reject(error));
    assert.equal(await fails(refusal('forbidden', 'user')), false);
    assert.deepEqual(fault.value, { path: 'user', message: 'Nobody mutes or bans themselves.' });
    assert.deepEqual([problem.value, told.value], [undefined, undefined]);
    await fails(refusal('invalid_field', 'reason'));
    assert.deepEqual(fault.value, { path: 'reason', message: 'A reason may have 500 characters.' });
    await fails(refusal('forbidden'));
    assert.deepEqual([problem.value, fault.value], ['what the service says', undefined]);
    await fails(refusal('invalid_field', 'elsewhere'));
    assert.equal(problem.value, 'what the service says');
    await fails(refusal('unavailable'));
    assert.equal(problem.value, 'This does not work right now. Try again in a moment.');
    trying.refuse('user', 'Type whom.');
    assert.deepEqual([problem.value, fault.value?.message], [undefined, 'Type whom.']);
  });
});

describe('page: runs over history', () => {
  const none = { scanned: 0, matched: 0, same: 0, decided: 0, failed: 0, changed: 0, applied: 0 };
  const counts = { ...none, superseded: 0, removals: 0, pages: 0 };
  const run = (more: Partial<Run> = {}): Run => ({
    run: '20261128-0a1b2c3d',
    state: 'running',
    redo: 'moderation',
    dryRun: true,
    rate: 400,
    counts,
    author: 'root',
    createdAt: '2026-01-02T03:04:05.678Z',
    ...more,
  });
  const report = (kinds: RunReport['kinds'], more: Partial<Run> = {}): RunReport => ({
    run: run(more),
    kinds,
    rooms: [],
    rules: [],
    samples: [],
  });
  const kinds: RunReport['kinds'] = [
    { kind: 'removed', state: 'found', count: 1_200 },
    { kind: 'hidden', state: 'found', count: 3 },
    { kind: 'masked', state: 'found', count: 1 },
    { kind: 'verdict', state: 'found', count: 9 },
  ];

  it('say how many messages readers lose before anything is applied', () => {
    const lost = (1_203).toLocaleString();
    assert.equal(lossesOf(report(kinds)), 1_203);
    assert.equal(
      confirmWords(report(kinds), 'lobby'),
      `Readers of lobby lose ${lost} messages; 1 message is starred out. Apply it?`,
    );
    assert.equal(confirmWords(report([]), 'lobby'), 'Readers of lobby lose no message. Apply it?');
  });

  it('count what was applied, not what was left as it is', () => {
    const made: RunReport['kinds'] = [
      { kind: 'removed', state: 'applied', count: 2 },
      { kind: 'removed', state: 'superseded', count: 5 },
    ];
    assert.deepEqual(changesOf(report(made, { dryRun: false })), [made[0]]);
    assert.equal(lossesOf(report(made, { dryRun: false })), 2);
  });

  it('say how they stand and how far they are', () => {
    const ended = '2026-01-02T03:05:05.678Z';
    assert.equal(runWords(run()), 'Dry run');
    assert.equal(runWords(run({ drafted: true })), 'Dry run of a draft');
    assert.equal(stateWords(run()), 'under way');
    assert.equal(stateWords(run({ state: 'parked' })), 'stands still');
    assert.equal(stateWords(run({ state: 'cancelled' })), 'ends behind the messages under way');
    assert.equal(stateWords(run({ state: 'cancelled', endedAt: ended })), 'cancelled');
    const done = { state: 'done', endedAt: ended, counts: { ...counts, changed: 1, applied: 2 } } as const;
    assert.equal(stateWords(run(done)), '1 message would change');
    assert.equal(stateWords(run({ ...done, dryRun: false })), '2 messages changed');
    assert.equal(stateWords(run({ ...done, dryRun: false, undoneBy: 'x' })), 'taken back');
    const far = { ...counts, matched: 3, decided: 1, superseded: 2, failed: 1 };
    assert.equal(
      progressWords(run({ counts: far, total: 10, secondsLeft: 1 })),
      '3 of 10 messages, about 1 second left',
    );
    assert.equal(progressWords(run({ counts: far })), '3 messages');
    assert.equal(leftWords(run({ counts: far })).length, 3);
    assert.deepEqual(leftWords(run()), []);
  });

  it('show of a sample what was made of it before and now', () => {
    const judged = (action: string | null) => ({ action, rules: null });
    const sample = {
      room: 'r',
      id: 1,
      kind: 'removed',
      state: 'found',
      before: judged(null),
      after: judged('block'),
    } as const;
    assert.equal(sampleWords(sample), 'not judged → block');
    assert.equal(
      sampleWords({ ...sample, kind: 'enriched', before: judged('allow'), after: judged('allow') }),
      'allow, another language or mood',
    );
  });
});
