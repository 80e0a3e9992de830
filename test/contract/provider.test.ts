import assert from 'node:assert/strict';
import { createFetch } from '../../activities/fetch.ts';
import { readConfig } from '../../src/config.ts';
import type { Submission } from '../../src/message.ts';
import { createWorkerMetrics } from '../../src/metrics.ts';
import { createModerationProvider } from '../../src/provider/provider.ts';
import {
  ANSWER,
  type Behaviour,
  FAIL,
  type FakeProvider,
  HANG,
  saying,
  startProvider,
} from '../support/provider.ts';
import { until } from '../support/until.ts';

const CLEAN = { toxicity: 0.02, spam: 0.1 };
const NASTY = { toxicity: 0.93, spam: 0.1 };
const texts = (...contents: string[]) => contents.map(content => ({ content, language: 'en' }));
const numbered = (count: number) => texts(...Array.from({ length: count }, (_, i) => `text ${i}`));

/** The provider's port over a real HTTP server. */
describe('the moderation provider', () => {
  let server: FakeProvider;
  let logged: string[];
  const closers: (() => void)[] = [];
  beforeEach(async () => {
    server = await startProvider();
    logged = [];
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) close();
    await server.close();
  });

  /** As the configuration gives it. */
  function provider(env: Record<string, string> = {}) {
    const metrics = createWorkerMetrics();
    // The longest there is: a stall of the test is no hanging provider.
    const given = { MODERATION_PROVIDER_URL: server.url, MODERATION_PROVIDER_TIMEOUT_MS: '5000', ...env };
    const options = readConfig({ AUTH_SECRET: 's'.repeat(32), ...given }).provider!;
    const log = (details: object, message: string) => logged.push(`${JSON.stringify(details)} ${message}`);
    const made = createModerationProvider({ options, metrics, logger: { warn: log, info: log } });
    closers.push(made.close);
    return {
      ...made,
      /** Calls by result, texts by result, and what the breaker's gauge says. */
      async measured() {
        const calls = (await metrics.providerCalls.get()).values.filter(({ metricName }) =>
          metricName?.endsWith('_count'),
        );
        const texts = (await metrics.providerTexts.get()).values;
        const [breaker] = (await metrics.providerBreaker.get()).values;
        return {
          ...Object.fromEntries([...calls, ...texts].map(({ labels, value }) => [labels.result, value])),
          breaker: breaker?.value,
        };
      },
    };
  }

  it('is told text and language alone, with the token, and gives each text its scores', async () => {
    const { score, measured } = provider({ MODERATION_PROVIDER_TOKEN: 'let-me-in' });
    assert.deepEqual(await score([{ content: 'ünïcode 🙂 nasty', language: 'und' }, ...texts('fine')]), [
      NASTY,
      CLEAN,
    ]);
    const [call] = server.asked;
    assert.deepEqual(call?.texts, [
      { content: 'ünïcode 🙂 nasty', language: 'und' },
      { content: 'fine', language: 'en' },
    ]);
    assert.equal(call?.headers.authorization, 'Bearer let-me-in');
    assert.equal(call?.headers['content-type'], 'application/json');
    assert.deepEqual(await measured(), { answered: 1, scored: 2, unscored: 0, breaker: 0 });
  });

  it('is asked for many texts in calls of so many, few at a time, and for the same text once', async () => {
    const { score } = provider({ MODERATION_PROVIDER_BATCH: '10', MODERATION_PROVIDER_CALLS: '2' });
    const open: (() => void)[] = [];
    server.behave((response, asked) => open.push(() => ANSWER(response, asked)));
    const scoring = Promise.all([score([...numbered(45), ...numbered(45)]), score(texts('nasty'))]);
    for (let answered = 0; answered < 6; answered += 1) {
      await until('a call is open', () => open.length > 0);
      open.shift()?.();
    }
    const [many, one] = await scoring;
    assert.deepEqual([many.length, many.every(scores => scores?.spam === 0.1)], [90, true]);
    assert.deepEqual(one, [NASTY]);
    assert.equal(server.most(), 2);
    assert.deepEqual(
      server.asked.map(call => call.texts.length).sort((a, b) => a - b),
      [1, 5, 10, 10, 10, 10],
    );
  });

  it('leaves the text without scores that it cannot score, and no other', async () => {
    const { score } = provider();
    assert.deepEqual(await score(texts('a', 'a riddle', 'nasty')), [CLEAN, undefined, NASTY]);
  });

  it('that hangs, before its answer or within it, is waited for no longer than the deadline of all', async () => {
    const within: Behaviour = response => {
      response.write('{"scores": [');
    };
    for (const hanging of [HANG, within]) {
      server.behave(hanging);
      const { score, measured } = provider({
        MODERATION_PROVIDER_TIMEOUT_MS: '300',
        MODERATION_PROVIDER_BATCH: '1',
      });
      const before = performance.now();
      const scores = await score(numbered(40));
      const took = performance.now() - before;
      assert.ok(took >= 295 && took < 10_000, `${took} ms`);
      assert.ok(scores.every(one => one === undefined));
      await until('its calls are ended', () => server.underway() === 0);
      const { timeout, unscored } = (await measured()) as Record<string, number>;
      assert.deepEqual([timeout, unscored], [4, 40], 'calls that have no time left are not made');
    }
  });

  it('that fails, talks nonsense or too much, or sends elsewhere, gives no scores', async () => {
    const elsewhere: Behaviour = response => response.writeHead(307, { location: server.url }).end();
    const cases: [behaviour: Behaviour, result: string][] = [
      [FAIL, 'status'],
      [elsewhere, 'status'],
      [response => response.writeHead(204).end(), 'status'],
      [response => response.destroy(), 'unreachable'],
      [saying(''), 'invalid'],
      [saying('<html>'), 'invalid'],
      [saying('[{"toxicity": 1}, {"toxicity": 1}]'), 'invalid'],
      [saying('{"scores": [{"toxicity": 1}]}'), 'invalid'],
      [saying('{"scores": [{"toxicity": 1}, {"toxicity": 1.1}]}'), 'invalid'],
      [saying('{"scores": [{"toxicity": 1}, {"toxicity": "1"}]}'), 'invalid'],
      [saying('{"scores": [{"toxicity": 1}, [1]]}'), 'invalid'],
      [saying('{"scores": [{"toxicity": 1}, {"__proto__": 1}]}'), 'invalid'],
      [saying(`{"scores": [null, {"${'x'.repeat(33)}": 1}]}`), 'invalid'],
      [
        saying(
          JSON.stringify({
            scores: [null, Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`c${i}`, 1]))],
          }),
        ),
        'invalid',
      ],
      [saying(`{"scores": [null, null], "more": "${'x'.repeat(1_000_000)}"}`), 'invalid'],
    ];
    for (const [behaviour, result] of cases) {
      server.behave(behaviour);
      const { score, measured } = provider();
      assert.deepEqual(await score(texts('a', 'b')), [undefined, undefined], result);
      assert.deepEqual(await measured(), { [result]: 1, scored: 0, unscored: 2, breaker: 0 });
    }
  });

  it('is asked once more where the line broke', async () => {
    server.behave(response => {
      server.behave(ANSWER);
      response.destroy();
    });
    assert.deepEqual(await provider().score(texts('nasty')), [NASTY]);
    assert.equal(server.asked.length, 2);
  });

  it('is let alone while it fails, tried after a pause, and asked as ever once it answers', async function () {
    this.timeout(120_000);
    const { score, measured } = provider();
    server.behave(FAIL);
    for (let i = 0; i < 5; i += 1) await score(texts('a'));
    // All at once: two seconds later one is let through.
    const rest = await Promise.all(Array.from({ length: 20 }, () => score(texts('a'))));
    assert.deepEqual(rest, Array(20).fill([undefined]));
    assert.equal(server.asked.length, 5);
    assert.equal((await measured()).breaker, 2);
    server.behave(ANSWER);
    await until('it is asked again', async () => (await score(texts('a')))[0] !== undefined);
    assert.equal(server.asked.length, 6);
    assert.deepEqual(await score(numbered(200)), Array(200).fill(CLEAN));
    assert.equal((await measured()).breaker, 0);
    assert.deepEqual(logged, [
      '{"pauseMs":2000} the moderation provider fails: it is not asked for now',
      '{} the moderation provider answers again',
    ]);
  });

  it('that closes leaves nothing waiting', async () => {
    server.behave(HANG);
    const { score, close } = provider();
    const scoring = score(texts('a'));
    await until('it is asked', () => server.underway() === 1);
    const before = performance.now();
    close();
    assert.deepEqual(await scoring, [undefined]);
    assert.ok(performance.now() - before < 4_000, 'well before its time is over');
    await until('the call is ended', () => server.underway() === 0);
  });

  it('is asked for the messages whose room wants scores alone, all of a batch together', async () => {
    const fetchFor = createFetch({ provider: provider() });
    const wanted = ['first', 'second nasty', 'third'].map((content, i) => ({
      submission: { room: `room-${i}`, content, user: 'ann' } as Submission,
      language: { code: 'en', confidence: 1 },
      asks: { windows: [], scores: i > 0 },
    }));
    assert.deepEqual(await fetchFor(wanted), [{}, { scores: NASTY }, { scores: CLEAN }]);
    assert.deepEqual(
      server.asked.map(call => call.texts),
      [texts('second nasty', 'third')],
    );
    assert.deepEqual(await fetchFor(wanted.slice(0, 1)), [{}]);
    assert.equal(server.asked.length, 1);
  });
});
